import math

import numpy as np
import pytest
from scipy import stats

from bridgebench.toolkit.statistics.difference import paired_difference
from bridgebench.toolkit.statistics.paired import mcnemar_p


def test_means_have_the_paired_t_interval_of_scipy() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(0.4, 1.0, 40), rng.normal(size=40)
    found = paired_difference(one, other)
    expected = stats.ttest_rel(one, other)
    interval = expected.confidence_interval(0.95)
    assert found.difference == pytest.approx(
        ((one - other).mean(), interval.low, interval.high), rel=1e-9
    )
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.images == 40


def test_an_image_that_one_row_lacks_is_left_out() -> None:
    whole = paired_difference([1.0, 2.0, 4.0], [0.5, 1.0, 1.0])
    gaps = paired_difference([1.0, 2.0, math.nan, 4.0, 9.0], [0.5, 1.0, 3.0, 1.0, math.nan])
    assert gaps == whole
    assert gaps.images == 3


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_images_say_nothing(count: int) -> None:
    found = paired_difference([2.5] * count, [1.0] * count)
    assert found.difference == (1.5 if count else None, None, None)
    assert (found.p, found.images) == (1.0, count)


def test_shares_have_the_exact_p_value_and_an_interval_in_range() -> None:
    one, other = np.r_[np.ones(9), np.zeros(31)], np.r_[np.zeros(8), np.ones(3), np.zeros(29)]
    found = paired_difference(one, other)
    assert found.p == mcnemar_p(8, 2)
    assert found.difference.value == pytest.approx(6 / 40)
    extreme = paired_difference(np.ones(4), np.zeros(4)).difference
    assert extreme.high == 1.0
    equal = paired_difference(np.ones(4), np.ones(4)).difference
    assert equal.low == pytest.approx(-equal.high)
    assert 0 < equal.high < 1


@pytest.mark.parametrize("n", [32, 128])
@pytest.mark.parametrize(("gained", "lost"), [(0.0, 0.02), (0.02, 0.02), (0.05, 0.2), (0.4, 0.4)])
def test_the_interval_of_shares_covers(n: int, gained: float, lost: float) -> None:
    covered = 0.0
    for up in range(n + 1):
        for down in range(n - up + 1):
            same = n - up - down
            chance = stats.multinomial.pmf([up, down, same], n, [gained, lost, 1 - gained - lost])
            if chance < 1e-7:
                continue
            one = np.r_[np.ones(up), np.zeros(down), np.ones(same)]
            other = np.r_[np.zeros(up), np.ones(down), np.ones(same)]
            _, low, high = paired_difference(one, other).difference
            assert low is not None
            assert high is not None
            covered += chance * (low <= gained - lost <= high)
    assert covered >= 0.93
