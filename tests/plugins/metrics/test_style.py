"""The metric style, on strokes of known slant and thickness."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from bridgebench import Score, Setting
from bridgebench.toolkit.color import hsv_to_rgb
from bridgebench_metrics.formulas.handwriting import handwriting
from bridgebench_metrics.style import Style

N = 60


def strokes(slant: Tensor, width: Tensor, hue: Tensor | None = None) -> Tensor:
    """(n, 3, 28, 28) bars, in red or in the hues given; (n, 1, 28, 28) with hues of no number."""
    grid = torch.arange(28) - 13.5
    across = (grid[None, None] + slant[:, None, None] * grid[None, :, None]).abs()
    value = (width[:, None, None] / 2 - across + 0.5).clamp(0, 1)
    value = value * (grid.abs() < 10)[None, :, None]
    hue = torch.zeros(len(slant)) if hue is None else hue
    rgb = hsv_to_rgb(hue[:, None, None], torch.ones(()), value)
    return rgb.movedim(-1, 1) * 2 - 1


def drawn(seed: int, n: int = N) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    slant, width = rng.uniform(-0.5, 0.5, n), rng.uniform(2, 6, n)
    return torch.from_numpy(slant).float(), torch.from_numpy(width).float()


@pytest.fixture
def scores(bench: Any) -> Any:
    def of(source: Tensor, output: Tensor) -> dict[str, Score]:
        context = bench(source, source)
        meter = Style().meter(context)
        meter.update(context.observe(output, source))
        found: dict[str, Score] = meter.compute()
        return found

    return of


def test_each_trait_is_seen_alone(scores: Any) -> None:
    slant, width = drawn(0)
    _, other = drawn(1)
    found = scores(strokes(slant, width), strokes(slant, other))
    assert found["slant_r"].value > 0.99
    assert abs(found["thickness_r"].value) < 0.35
    mean = (found["slant_r"].value + found["thickness_r"].value) / 2
    assert found["style_r"].value == pytest.approx(mean, abs=1e-12)
    expected = (found["slant_r"].items + found["thickness_r"].items) / 2
    torch.testing.assert_close(found["style_r"].items, expected)


def test_the_correlation_is_numpys(scores: Any) -> None:
    source, output = strokes(*drawn(0)), strokes(*drawn(2))
    mixed = torch.cat([source[:30], output[30:]])
    traits = [handwriting((images.amax(dim=1) + 1) / 2) for images in (source, mixed)]
    found = scores(source, mixed)
    for name, place in (("slant_r", 0), ("thickness_r", 1)):
        r = np.corrcoef(traits[0][place], traits[1][place])[0, 1]
        assert found[name].value == pytest.approx(r, abs=1e-12)
        assert found[name].items.mean().item() == pytest.approx(r, abs=1e-12)
        assert found[name].low < r < found[name].high


def test_color_place_and_brightness_play_no_part(scores: Any) -> None:
    slant, width = drawn(0)
    source = strokes(slant, width)
    hue = torch.linspace(0, 350, N)
    for output in (strokes(slant, width, hue), source.roll((2, 1), (2, 3)), source * 0.5 - 0.5):
        assert scores(source, output)["style_r"].value > 0.99
    assert scores(source[:, :1], source[:, :1])["style_r"].value == pytest.approx(1.0)


def test_outputs_without_strokes_are_not_kept(scores: Any) -> None:
    source = strokes(*drawn(0))
    output = source.clone()
    output[:10] = -1.0
    output[10:20] = 0.3
    output[20:30, :, :12] = -1.0
    output[20:30, :, 13:] = -1.0
    for score in scores(source, output).values():
        assert (score.items[:30] == 0).all()
        assert score.value == pytest.approx(0.5)
        assert score.low < 0.5 < score.high


def test_a_speck_has_no_slant(scores: Any) -> None:
    """Of a stroke that is all but gone, what is left has any slant, and far from all others."""
    slant, width = drawn(0)
    source = strokes(slant, width)
    output = source.clone()
    output[0] = -1.0
    output[0, 0, 14, 4] = output[0, 0, 13, 22] = 1.0
    found = scores(source, output)
    assert handwriting((output[:1].amax(dim=1) + 1) / 2).slant.item() > 10
    assert found["slant_r"].items[0] == 0.0
    assert found["slant_r"].value == pytest.approx((N - 1) / N)


@pytest.mark.parametrize("level", [-1.0, 0.3])
def test_no_strokes_at_all_are_a_style_of_0(scores: Any, level: float) -> None:
    source = strokes(*drawn(0))
    for score in scores(source, torch.full_like(source, level)).values():
        assert score[:3] == (0.0, 0.0, 0.0)


def test_one_output_in_many_hues_keeps_nothing(scores: Any) -> None:
    source = strokes(*drawn(0))
    slant, width = drawn(3, 1)
    output = strokes(slant.expand(N), width.expand(N), torch.linspace(0, 350, N))
    assert {score.value for score in scores(source, output).values()} == {0.0}


def test_fewer_than_4_images_or_one_source_for_all_have_no_style(scores: Any) -> None:
    source = strokes(*drawn(0))
    nothing = Score(None)
    assert set(scores(source[:3], source[:3]).values()) == {nothing}
    assert scores(source[:4], source[:4])["style_r"].value == pytest.approx(1.0)
    assert set(scores(source[:1].expand_as(source), source).values()) == {nothing}


def test_sources_are_looked_at_once_for_all_rows(bench: Any, monkeypatch: Any) -> None:
    looks = []

    def counted(value: Tensor) -> Any:
        looks.append(len(value))
        return handwriting(value)

    monkeypatch.setattr("bridgebench_metrics.formulas.handwriting.handwriting", counted)
    source = strokes(*drawn(0))
    context = bench(source, source)
    for _ in range(3):
        Style().meter(context).update(context.observe(source, source))
    assert looks == [N] * (1 + 3)


def test_style_needs_images() -> None:
    def setting(*shape: int) -> Setting:
        return Setting("a", "a", ("a",), "b", shape, low=-1.0, high=1.0)

    for channels in (1, 3):
        assert Style().unsupported_reason(setting(channels, 8, 8)) == ""
    assert "style needs images" in Style().unsupported_reason(setting(16))


def test_every_column_has_its_value_by_chance() -> None:
    assert all(column.chance and column.interval for column in Style().columns())
