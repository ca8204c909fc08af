import numpy as np
import pytest
from scipy import stats

from bridgebench import Estimate, InvalidOption
from bridgebench.toolkit.statistics.seeds import across_seeds


def drawn(rng: np.random.Generator, between: float, seeds: int) -> list[Estimate]:
    """Numbers around 0 whose error is 1 by the images and `between` by the seed."""
    values = rng.normal(0, 1, seeds) + rng.normal(0, between, seeds)
    return [Estimate(value, value - 1.96, value + 1.96) for value in values]


@pytest.mark.parametrize("between", [0.0, 1.0, 5.0])
@pytest.mark.parametrize("seeds", [2, 3, 10])
def test_the_interval_covers_whichever_source_is_larger(between: float, seeds: int) -> None:
    rng = np.random.default_rng(seeds)
    found = [across_seeds(drawn(rng, between, seeds)) for _ in range(4000)]
    three_errors = 3 * np.sqrt(0.95 * 0.05 / 4000)
    assert np.mean([low <= 0 <= high for _, low, high in found]) >= 0.95 - three_errors


def test_one_source_alone() -> None:
    alike = across_seeds([Estimate(1.0, 0.7, 1.3)] * 3)
    assert alike[1:] == pytest.approx((1 - 0.3 / np.sqrt(3), 1 + 0.3 / np.sqrt(3)))
    apart = across_seeds([Estimate(value, value, value) for value in (0.0, 1.0, 2.0)])
    half = stats.t.ppf(0.975, 2) / np.sqrt(3)
    assert apart == pytest.approx((1.0, 1 - half, 1 + half))


def test_what_a_seed_lacks_the_mean_lacks() -> None:
    assert across_seeds([Estimate(1.0, 0.5, 1.5)]) == Estimate(1.0, 0.5, 1.5)
    assert across_seeds([Estimate(1.0, 0.5, 1.5), Estimate(3.0)]) == Estimate(2.0)
    with pytest.raises(InvalidOption, match="leave out"):
        across_seeds([Estimate(1.0), Estimate(None)])
    with pytest.raises(InvalidOption):
        across_seeds([])
