from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor

from bridgebench import BridgebenchError
from bridgebench.toolkit.color import hsv_to_rgb
from bridgebench_metrics.cycle import Cycle
from bridgebench_metrics.formulas.color import image_saturation
from bridgebench_metrics.formulas.structure import shape_correlation
from bridgebench_metrics.formulas.thumbnails import nearest_distance
from bridgebench_metrics.memorization import Memorization
from bridgebench_metrics.saturation import Saturation
from bridgebench_metrics.structure import Structure
from bridgebench_metrics.transport import Transport


def images(n: int, seed: int, size: int = 12) -> Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.uniform(-1, 1, (n, 3, size, size)).astype(np.float32))


def score(metric: Any, bench: Any, output: Tensor, source: Tensor, **rest: Any) -> Any:
    context = bench(images(40, 1), images(30, 2))
    meter = metric.meter(context)
    meter.update(context.observe(output, source, **rest))
    return meter.compute()[metric.columns()[0].name]


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 1), st.floats(0, 360), st.floats(0.1, 1))
def test_saturation_of_one_color_is_its_s(saturation: float, hue: float, value: float) -> None:
    pixels = torch.zeros(1, 6, 6)
    pixels[0, 2:, 1:4] = value
    rgb = hsv_to_rgb(torch.tensor(hue), torch.tensor(saturation), pixels)
    measured = image_saturation(rgb.permute(0, 3, 1, 2) * 2 - 1)
    assert measured.item() == pytest.approx(saturation, abs=1e-4)


def test_saturation_change_is_output_minus_source(bench: Any) -> None:
    full = hsv_to_rgb(torch.zeros(20, 6, 6), torch.ones(()), torch.ones(()))
    pale = hsv_to_rgb(torch.zeros(20, 6, 6), torch.tensor(0.25), torch.tensor(0.5))
    source, output = (part.permute(0, 3, 1, 2) * 2 - 1 for part in (full, pale))
    change = score(Saturation(), bench, output, source)
    assert change.value == pytest.approx(-0.75, abs=1e-5)
    assert score(Saturation(), bench, torch.zeros_like(output), source).value == -1.0
    assert score(Saturation(), bench, torch.full_like(output, -1.0), source).value is None


def test_saturation_weighs_pixels_by_their_value() -> None:
    pixels = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.0, 0.0, 0.0]])
    measured = image_saturation(pixels.T.reshape(1, 3, 1, 3) * 2 - 1)
    assert measured.item() == pytest.approx(1.0 / 1.5)


def test_transport_is_the_mean_squared_distance(bench: Any) -> None:
    source, output = images(50, 3), images(50, 4)
    transport = score(Transport(), bench, output, source)
    expected = np.mean((source.numpy() - output.numpy()).astype(np.float64) ** 2)
    assert transport.value == pytest.approx(expected, rel=1e-6)
    assert transport.low < expected < transport.high
    assert score(Transport(), bench, source, source).value == 0.0


def test_structure_is_the_correlation_of_values(bench: Any) -> None:
    source, output = images(30, 5), images(30, 6) * 0.5 + images(30, 5) * 0.5
    expected = [
        np.corrcoef(a.max(axis=0).ravel(), b.max(axis=0).ravel())[0, 1]
        for a, b in zip(source.numpy(), output.numpy(), strict=True)
    ]
    assert shape_correlation(source, output).tolist() == pytest.approx(expected, abs=1e-6)
    structure = score(Structure(), bench, output, source)
    assert structure.value == pytest.approx(np.mean(expected), rel=1e-6)
    assert structure.low < structure.value < structure.high


@settings(max_examples=30, deadline=None)
@given(st.floats(0.05, 1.0), st.floats(0, 360))
def test_structure_is_blind_to_color_and_contrast(contrast: float, hue: float) -> None:
    grey = (images(3, 7)[:, 0] + 1) / 2
    red = hsv_to_rgb(torch.tensor(0.0), torch.ones(()), grey).permute(0, 3, 1, 2) * 2 - 1
    other = hsv_to_rgb(torch.tensor(hue), torch.ones(()), grey * contrast)
    correlation = shape_correlation(red, other.permute(0, 3, 1, 2) * 2 - 1)
    assert correlation.tolist() == pytest.approx([1.0] * 3, abs=1e-4)
    assert shape_correlation(red, -red.amax(dim=1, keepdim=True)).tolist() == pytest.approx(
        [-1.0] * 3, abs=1e-4
    )


def test_flat_images_have_no_shape(bench: Any) -> None:
    source = images(10, 8)
    for level in (-1.0, 0.3):
        flat = torch.full_like(source, level)
        assert score(Structure(), bench, flat, source).value == 0.0
        assert score(Structure(), bench, source, flat).value is None


def test_nearest_distance_by_brute_force() -> None:
    known, queries = (images(n, seed).flatten(1) for n, seed in ((37, 9), (11, 10)))
    expected = [min(np.linalg.norm(q - k) for k in known.double().numpy()) for q in queries.numpy()]
    assert nearest_distance(queries, known).tolist() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("numbers", [1, 500])
def test_nearest_images_are_found_in_tiles(numbers: int) -> None:
    queries, known = (images(n, seed).flatten(1) for n, seed in ((37, 3), (61, 4)))
    found = nearest_distance(queries, known, numbers)
    assert torch.equal(found, nearest_distance(queries, known, 10**9))


def test_memorization_is_0_for_copies_and_1_for_real_images(bench: Any) -> None:
    copies = images(40, 1)[[3, 3, 8]]
    assert score(Memorization(), bench, copies, copies).value == 0.0
    real = score(Memorization(), bench, images(30, 2), images(30, 2))
    assert real.value == pytest.approx(1.0, rel=1e-9)
    assert real.low < 1.0 < real.high
    recolored = images(40, 1)[[3, 8]].roll(1, dims=1)
    assert score(Memorization(), bench, recolored, copies[:2]).value < 1e-6


def test_a_few_copies_show_in_their_share_and_not_in_the_mean(bench: Any) -> None:
    context = bench(images(40, 1), images(30, 2))
    meter = Memorization().meter(context)
    meter.update(context.observe(torch.cat([images(40, 1)[:3], images(27, 5)])))
    scores = meter.compute()
    assert scores["memorization"].value > 0.8
    assert scores["copied"].value == pytest.approx(0.1)
    assert scores["copied"].items.tolist() == [1.0] * 3 + [0.0] * 27


def test_memorization_needs_other_real_images(bench: Any) -> None:
    for unseen in (images(40, 1)[:5], images(1, 1)[:0]):
        context = bench(images(40, 1), unseen)
        meter = Memorization().meter(context)
        with pytest.raises(BridgebenchError, match="choose two different splits"):
            meter.update(context.observe(images(3, 3)))


def test_cycle_is_the_root_of_the_mean_square(bench: Any) -> None:
    source, back = images(25, 11), images(25, 12)
    cycle = score(Cycle(), bench, source, source, cycled=back)
    squared = (source.numpy() - back.numpy()).astype(np.float64) ** 2
    assert cycle.value == pytest.approx(np.sqrt(squared.mean()), rel=1e-6)
    assert cycle.low < cycle.value < cycle.high
    assert cycle.items.tolist() == pytest.approx(squared.mean(axis=(1, 2, 3)), rel=1e-6)


def test_cycle_of_a_method_that_cannot_carry_back_is_not_defined(bench: Any) -> None:
    assert score(Cycle(), bench, images(5, 1), images(5, 2)) == (None, None, None, None)
