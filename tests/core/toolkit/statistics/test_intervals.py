import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from scipy import stats

from bridgebench import InvalidOption, generator
from bridgebench.toolkit.statistics.intervals import (
    RESAMPLES,
    Estimate,
    bootstrap_mean,
    exact_share,
    influence_interval,
    positive_interval,
)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_has_the_exact_interval_of_scipy(counts: tuple[int, int]) -> None:
    successes, n = counts
    value, low, high = exact_share(successes, n)
    expected = stats.binomtest(successes, n).proportion_ci(method="exact")
    assert value == successes / n
    assert low == pytest.approx(expected.low, abs=1e-12)
    assert high == pytest.approx(expected.high, abs=1e-12)


@pytest.mark.parametrize("n", [4, 16, 128, 512])
def test_the_interval_of_a_share_covers_every_share(n: int) -> None:
    counts = np.arange(n + 1)
    ends = np.array([exact_share(k, n)[1:] for k in counts], dtype=np.float64)
    # Coverage falls fastest right beside the ends of the intervals.
    beside = np.unique(ends)[:, None] + np.array([-1e-9, 1e-9])
    levels = np.unique(np.clip(np.r_[np.linspace(0, 1, 4001), beside.ravel()], 0, 1))
    inside = (ends[:, 0, None] <= levels) & (levels <= ends[:, 1, None])
    covered = (stats.binom.pmf(counts[:, None], n, levels) * inside).sum(axis=0)
    assert covered.min() >= 0.94


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_a_share_refuses_impossible_counts(successes: int, n: int) -> None:
    with pytest.raises(InvalidOption, match=f"got {successes} of {n}"):
        exact_share(successes, n)


def test_bootstrap_agrees_with_scipy_within_its_own_noise() -> None:
    values = np.random.default_rng(1).exponential(size=200)
    value, low, high = bootstrap_mean(values, seed=0)
    expected = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=20_000, rng=np.random.default_rng(2)
    ).confidence_interval
    assert low is not None
    assert high is not None
    noise = 0.06 * (expected.high - expected.low)
    assert value == pytest.approx(values.mean(), rel=1e-12)
    assert low == pytest.approx(expected.low, abs=noise)
    assert high == pytest.approx(expected.high, abs=noise)


def test_bootstrap_covers_the_mean_about_95_times_in_100() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for values in rng.exponential(size=(600, 128)):
        _, low, high = bootstrap_mean(values, seed=0)
        assert low is not None
        assert high is not None
        covered += low <= 1.0 <= high
    assert 0.92 <= covered / 600 <= 0.975


def test_bootstrap_equals_resampling_by_hand() -> None:
    values = np.random.default_rng(0).normal(size=20)
    picks = generator(7, "bootstrap", "20").integers(20, size=(RESAMPLES, 20))
    tail = stats.norm.cdf(-np.sqrt(20 / 19) * stats.t.ppf(0.975, 19))
    low, high = np.quantile(values[picks].mean(axis=1), [tail, 1 - tail])
    assert bootstrap_mean(values, seed=7)[1:] == pytest.approx((low, high), rel=1e-12)
    assert bootstrap_mean(values, seed=8)[1:] != pytest.approx((low, high), rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=60),
    st.integers(0, 3),
    st.integers(0, 2**31),
)
def test_missing_values_are_left_out(present: list[float], missing: int, seed: int) -> None:
    with_gaps = torch.tensor([math.nan] * missing + present, dtype=torch.float64)
    estimate = bootstrap_mean(with_gaps, seed)
    assert estimate == bootstrap_mean(present, seed)
    assert estimate.low is not None
    assert estimate.high is not None
    assert min(present) - 1e-9 <= estimate.low <= estimate.high <= max(present) + 1e-9


def test_bootstrap_of_nothing_is_nothing() -> None:
    assert bootstrap_mean([], seed=0) == Estimate(None, None, None)
    assert bootstrap_mean([math.nan, math.nan], seed=0) == Estimate(None, None, None)


@pytest.mark.parametrize("values", [[1.0, math.inf], [[1.0, 2.0]]])
def test_bootstrap_refuses_what_is_not_a_list_of_numbers(values: object) -> None:
    with pytest.raises(InvalidOption):
        bootstrap_mean(np.array(values), seed=0)


def test_influence_interval_of_a_mean_is_the_normal_one() -> None:
    values = np.random.default_rng(0).normal(size=50)
    value, low, high = influence_interval(float(values.mean()), values - values.mean())
    half = stats.norm.ppf(0.975) * stats.sem(values)
    assert (value, low, high) == pytest.approx(
        (values.mean(), values.mean() - half, values.mean() + half), rel=1e-12
    )


def test_influence_interval_is_cut_where_the_statistic_ends() -> None:
    assert influence_interval(0.1, [-5.0, 5.0], low=0.0).low == 0.0
    assert influence_interval(0.1, [3.0]) == Estimate(0.1, None, None)


def test_positive_interval_is_symmetric_on_the_logarithm() -> None:
    values = np.random.default_rng(0).uniform(-1, 1, size=400)  # kurtosis 1.8: the most freedom
    _, low, high = positive_interval(2.0, values)
    half = stats.t.ppf(0.975, 399) * stats.sem(values)
    assert (low, high) == pytest.approx((2 * np.exp(-half / 2), 2 * np.exp(half / 2)), rel=1e-9)


def test_heavy_tails_leave_fewer_degrees_of_freedom() -> None:
    values = np.r_[np.zeros(99), 1.0] - 0.01
    kurtosis = stats.kurtosis(values, fisher=False)
    half = stats.t.ppf(0.975, int(200 / (kurtosis - 1))) * stats.sem(values)
    assert positive_interval(9.0, values).high == pytest.approx(9 * np.exp(half / 9), rel=1e-9)


def test_at_most_half_of_the_variance_is_excess() -> None:
    values = np.random.default_rng(0).uniform(-1, 1, size=400)
    plain = np.log(positive_interval(5.0, values).high / 5.0)
    variance = values.var(ddof=1) / 400
    assert np.log(positive_interval(5.0, values, variance / 4).high / 5.0) == pytest.approx(
        plain * np.sqrt(3 / 4)
    )
    assert np.log(positive_interval(5.0, values, 9.0).high / 5.0) == pytest.approx(
        plain * np.sqrt(1 / 2)
    )
    assert positive_interval(5.0, values, -1.0) == positive_interval(5.0, values)


@settings(max_examples=80, deadline=None)
@given(st.floats(-1e-12, 1e6), st.integers(2, 50), st.floats(0, 1e6), st.integers(0, 99))
def test_positive_interval_is_finite_and_contains_its_value(
    value: float, n: int, scale: float, seed: int
) -> None:
    values = np.random.default_rng(seed).exponential(scale, size=n)
    _, low, high = positive_interval(value, values - values.mean())
    assert low is not None
    assert high is not None
    assert min(0.0, value) <= low <= value <= high < math.inf
    assert positive_interval(value, [3.0]) == Estimate(value, None, None)
