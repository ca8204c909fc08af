"""The sliced Wasserstein distance: by hand, against scipy, and what it sees."""

import math
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from scipy.stats import wasserstein_distance
from torch import Tensor

from bridgebench import BridgebenchError, generator
from bridgebench_cmnist.digits.dataset import ColoredMnist
from bridgebench_metrics.formulas.sliced_wasserstein import (
    directions,
    pooled,
    sliced,
    sliced_distance,
)
from bridgebench_metrics.swd import Swd

SCALE = math.sqrt(math.pi / 2)
N = 128


def drawn(n: int, width: int, seed: int) -> Tensor:
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed))


def test_one_dimension_by_hand() -> None:
    """Sorted 0, 1, 2 against 0, 4, 5: distances of 0, 3 and 3, a third each."""
    outputs = torch.tensor([[2.0], [0.0], [1.0]])
    reference = sliced(torch.tensor([[4.0], [0.0], [5.0]]))
    value, influence = sliced_distance(outputs, reference)
    assert value == pytest.approx(SCALE * 2.0, rel=1e-12)
    # F = G up to 1 and F > G from there to 2, so that weight at 2 takes off 1 more than elsewhere.
    expected = [-2 / 3 * SCALE, 1 / 3 * SCALE, 1 / 3 * SCALE]
    assert influence.tolist() == pytest.approx(expected, abs=1e-12)


def test_one_dimension_of_unequal_numbers_by_hand() -> None:
    """0 and 2 against 0, 1, 2: the middle sixths on both sides of 1/2 lie 1 off."""
    value, _ = sliced_distance(
        torch.tensor([[0.0], [2.0]]), sliced(torch.tensor([[0.0], [1.0], [2.0]]))
    )
    assert value == pytest.approx(SCALE / 3, rel=1e-12)


@pytest.mark.parametrize(("n", "count"), [(37, 101), (64, 64), (101, 37), (1, 5), (5, 1), (40, 20)])
def test_it_is_the_mean_of_scipys_distances(n: int, count: int) -> None:
    outputs, reference = drawn(n, 6, 0), drawn(count, 6, 1) * 1.5 + 0.2
    basis = directions(6)
    each = [
        wasserstein_distance(outputs.double() @ column, reference.double() @ column)
        for column in basis.T
    ]
    value, _ = sliced_distance(outputs, sliced(reference))
    assert value == pytest.approx(sum(each) / 6, rel=1e-12)


def test_values_that_are_equal_are_no_trouble() -> None:
    outputs, reference = drawn(40, 3, 0).round(), drawn(60, 3, 1).round()
    basis = directions(3)
    each = [
        wasserstein_distance(outputs.double() @ column, reference.double() @ column)
        for column in basis.T
    ]
    assert sliced_distance(outputs, sliced(reference))[0] == pytest.approx(sum(each) / 3)
    assert sliced_distance(reference, sliced(reference))[0] == pytest.approx(0.0, abs=1e-12)


def test_influence_is_the_derivative_by_the_weight_of_an_image() -> None:
    """By scipy, with a little more weight on one image."""
    outputs, reference = drawn(12, 1, 3), drawn(47, 1, 4) + 0.3
    _, influence = sliced_distance(outputs, sliced(reference))
    x, y = (SCALE * values.flatten().double().numpy() for values in (outputs, reference))
    step = 1e-6
    plain = wasserstein_distance(x, y)
    for image in range(12):
        weights = torch.full((12,), (1 - step) / 12, dtype=torch.float64)
        weights[image] += step
        moved = wasserstein_distance(x, y, u_weights=weights.numpy())
        assert influence[image].item() == pytest.approx((moved - plain) / step, abs=1e-5)


def test_directions_are_one_orthonormal_basis_for_all_runs() -> None:
    basis = directions(48)
    torch.testing.assert_close(basis.T @ basis, math.pi / 2 * torch.eye(48, dtype=torch.float64))
    assert torch.equal(basis, directions(48))
    # Gram and Schmidt leave the first drawn vector as it is but for its length.
    first = generator(0, "sliced wasserstein", "2").standard_normal((2, 2))[:, 0]
    expected = SCALE * first / math.hypot(*first)
    assert directions(2)[:, 0].tolist() == pytest.approx(expected.tolist(), abs=1e-12)


def test_pooled_is_the_mean_of_cells() -> None:
    images = torch.arange(16.0).view(1, 1, 4, 4)
    assert pooled(images, 2).tolist() == [[2.5, 4.5, 10.5, 12.5]]
    assert torch.equal(pooled(images, 8), images.flatten(1))


@pytest.fixture(scope="module")
def real() -> Tensor:
    return ColoredMnist().items("digit:7", "train", 2000, 0).images


@pytest.fixture(scope="module")
def unseen() -> Tensor:
    return ColoredMnist().items("digit:7", "test", N, 0).images


@pytest.fixture
def score(bench: Any, real: Tensor, unseen: Tensor) -> Any:
    """The scores of some images against real sevens."""

    def scores(images: Tensor, **options: Any) -> Any:
        context = bench(real, unseen)
        meter = Swd(**options).meter(context)
        meter.update(context.observe(images))
        return meter.compute()

    return scores


def red(images: Tensor) -> Tensor:
    value = images.amax(dim=1)
    return torch.stack([value, -torch.ones_like(value), -torch.ones_like(value)], dim=1)


def test_it_sees_wrong_hues_far_above_its_floor(score: Any, unseen: Tensor) -> None:
    floor = score(unseen)
    assert floor["swd"].value == floor["swd_floor"].value
    gray = unseen.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1).contiguous()
    for images in (red(unseen), gray):
        found = score(images)
        assert found["swd_floor"].value == floor["swd"].value
        assert found["swd"].low > 3 * floor["swd"].value


def test_it_answers_a_background_in_proportion(score: Any, unseen: Tensor) -> None:
    found = {
        level: score(unseen.clamp(min=level - 1))["swd"].value for level in (0.1, 0.2, 0.4, 0.8)
    }
    assert all(value == pytest.approx(level, rel=0.15) for level, value in found.items())


def test_a_floor_is_of_as_many_images_as_there_are_outputs(score: Any, unseen: Tensor) -> None:
    few, all_of_them = score(unseen[:16]), score(unseen)
    assert few["swd"].value == few["swd_floor"].value
    assert few["swd_floor"].value > 1.5 * all_of_them["swd_floor"].value


def test_a_set_that_is_looked_at_once_serves_all_rows(bench: Any, unseen: Tensor) -> None:
    context = bench(unseen, unseen)
    for size in (4, 4, 2):
        meter = Swd(size=size).meter(context)
        meter.update(context.observe(unseen[:8]))
        meter.compute()
    of_each = [f"{name}/swd/{size}" for name in ("held out", "reference") for size in (2, 4)]
    of_all = [f"swd/{size}/{what}" for size in (2, 4) for what in ("floor/8", "reference")]
    assert sorted(context.kept) == [*of_each, *of_all]


def test_real_images_with_nan_are_an_error(bench: Any, unseen: Tensor) -> None:
    bad = unseen.clone()
    bad[3, 0, 0, 0] = math.nan
    for real_images, held_out, whose in (
        (bad, unseen, "reference images"),
        (unseen, bad, "held-out real images"),
    ):
        context = bench(real_images, held_out)
        meter = Swd().meter(context)
        meter.update(context.observe(unseen))
        with pytest.raises(BridgebenchError, match=f"1 of {N} {whose} hold NaN"):
            meter.compute()


def test_the_number_of_cells_has_a_range() -> None:
    for size in (0, 17):
        with pytest.raises(ValidationError):
            Swd(size=size)
