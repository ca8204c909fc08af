"""Correlations across images, of which some have no value."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from bridgebench_metrics.formulas.correlation import Correlated, correlated, mean_of

NAN = math.nan


def pair(n: int, r: float, seed: int = 0) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    x, e = rng.standard_normal((2, n))
    return torch.from_numpy(3 + 2 * x), torch.from_numpy(r * x + math.sqrt(1 - r**2) * e - 5)


def found(source: Tensor, output: Tensor) -> Correlated:
    result = correlated(source, output)
    assert result is not None
    return result


@pytest.mark.parametrize("r", [-0.7, 0.0, 0.5, 0.95])
def test_the_mean_of_the_products_is_pearsons_r(r: float) -> None:
    source, output = pair(200, r)
    value = found(source, output).products.mean().item()
    assert value == pytest.approx(np.corrcoef(source, output)[0, 1], abs=1e-12)


def test_the_influence_is_what_the_weight_of_an_image_moves() -> None:
    source, output = pair(300, 0.6)
    output[:30] = NAN
    step = 1e-6

    def weighted(weights: Tensor) -> float:
        kept = ~output.isnan()
        w, x, y = weights[kept], source[kept], output[kept]
        total = w.sum()
        dx, dy = x - (w * x).sum() / total, y - (w * y).sum() / total
        r = (w * dx * dy).sum() / ((w * dx * dx).sum() * (w * dy * dy).sum()).sqrt()
        return (r * total / weights.sum()).item()

    even = torch.ones(300, dtype=torch.float64) / 300
    influence = found(source, output).influence
    assert influence.mean().item() == pytest.approx(0, abs=1e-12)
    for i in (0, 7, 100, 299):
        moved = (1 - step) * even
        moved[i] += step
        slope = (weighted(moved) - weighted(even)) / step
        assert influence[i].item() == pytest.approx(slope, abs=1e-4)


def test_with_normal_values_the_interval_is_about_fishers() -> None:
    source, output = pair(4000, 0.6)
    value, low, high = found(source, output).estimate()
    half = 1.96 / math.sqrt(4000 - 3)
    assert low == pytest.approx(math.tanh(math.atanh(value) - half), abs=2e-3)
    assert high == pytest.approx(math.tanh(math.atanh(value) + half), abs=2e-3)


def test_outputs_without_a_value_count_as_not_kept() -> None:
    source, output = pair(100, 0.9)
    whole = found(source[25:], output[25:]).estimate()
    output[:25] = NAN
    part = found(source, output)
    assert (part.products[:25] == 0).all()
    assert part.estimate().value == pytest.approx(0.75 * whole.value)


def test_leaving_out_what_is_hard_does_not_pay() -> None:
    source, output = pair(400, 0.5)
    honest = found(source, output).estimate().value
    worst = found(source, output).products.argsort()[:100]
    output[worst] = NAN
    assert found(source, output).estimate().value < honest + 0.1 < 0.75 * 0.95


def test_sources_without_a_value_are_left_out_up_to_a_twentieth() -> None:
    source, output = pair(100, 0.8)
    whole = found(source[5:], output[5:]).estimate()
    source[:5] = NAN
    part = found(source, output)
    assert part.products[:5].isnan().all()
    assert part.estimate() == pytest.approx(whole, abs=1e-12)
    source[5] = NAN
    assert correlated(source, output) is None


def test_too_few_or_equal_sources_give_nothing() -> None:
    source, output = pair(4, 0.5)
    assert correlated(source[:3], output[:3]) is None
    assert correlated(source, output) is not None
    assert correlated(torch.full((10,), 0.1), torch.arange(10.0)) is None


def test_outputs_that_are_alike_or_missing_keep_nothing() -> None:
    source, _ = pair(20, 0.5)
    rounding = 0.3 + 1e-7 * torch.rand(20, generator=torch.Generator().manual_seed(0))
    for output in (torch.full((20,), 0.3), rounding, torch.full((20,), NAN)):
        assert found(source, output).estimate() == (0.0, 0.0, 0.0)


def test_a_perfect_correlation_is_certain() -> None:
    source, _ = pair(50, 0.5)
    assert found(source, source).estimate() == pytest.approx((1, 1, 1))
    assert found(source, 1 - 2 * source).estimate() == pytest.approx((-1, -1, -1))


def test_the_mean_is_more_certain_the_less_its_parts_depend_on_each_other() -> None:
    (source, output), (other, third) = pair(500, 0.6, 1), pair(500, 0.6, 2)
    one, two = found(source, output), found(other, third)
    widths = []
    for parts in ([one, one], [one, two]):
        value, low, high = mean_of(parts).estimate()
        assert value == pytest.approx(sum(part.estimate().value for part in parts) / 2)
        widths.append(high - low)
    assert widths[1] == pytest.approx(widths[0] / math.sqrt(2), rel=0.15)
