"""Grids of noise levels against their defining formulas."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from bridgebench import InvalidOption, Spacing, sigma_grid
from bridgebench.toolkit.noise_levels import vp_sigma, vp_time

every_spacing = pytest.mark.parametrize("spacing", Spacing)


@settings(deadline=None)
@given(
    spacing=st.sampled_from(Spacing),
    low=st.floats(1e-3, 1.0),
    ratio=st.floats(2.0, 1e5),
    intervals=st.integers(1, 200),
)
def test_grid_rises_between_exact_ends(
    spacing: Spacing, low: float, ratio: float, intervals: int
) -> None:
    high = low * ratio
    sigmas = sigma_grid(spacing, low, high, intervals)
    assert len(sigmas) == intervals + 1
    assert (sigmas[0], sigmas[-1]) == (low, high)
    assert all(a < b for a, b in pairwise(sigmas))
    assert all(type(sigma) is float for sigma in sigmas)


def test_karras_is_uniform_in_the_seventh_root() -> None:
    roots = np.array(sigma_grid(Spacing.KARRAS, 0.02, 80.0, 20)) ** (1 / 7)
    np.testing.assert_allclose(np.diff(roots), (roots[-1] - roots[0]) / 20, rtol=1e-10)


def test_logsnr_is_uniform_in_lambda() -> None:
    lambdas = -np.log(sigma_grid(Spacing.LOGSNR, 0.02, 80.0, 20))
    np.testing.assert_allclose(np.diff(lambdas), -math.log(80 / 0.02) / 20, rtol=1e-10)


@pytest.mark.parametrize(
    ("spacing", "power"), [(Spacing.TIME_UNIFORM, 1.0), (Spacing.TIME_QUADRATIC, 0.5)]
)
def test_time_spacings_are_uniform_in_a_power_of_the_time(spacing: Spacing, power: float) -> None:
    sigmas = np.array(sigma_grid(spacing, 0.02, 80.0, 20))
    # sigma² = exp(9.95 t² + 0.1 t) - 1, solved for t
    times = (-0.1 + np.sqrt(0.01 + 4 * 9.95 * np.log1p(sigmas**2))) / (2 * 9.95)
    steps = np.diff(times**power)
    np.testing.assert_allclose(steps, steps.mean(), rtol=1e-9)


def test_vp_sigma_is_that_of_the_integrated_beta() -> None:
    for t in (0.001, 0.1, 0.5, 1.0):
        betas = 0.1 + (20 - 0.1) * (np.arange(100_000) + 0.5) / 100_000 * t
        alpha_bar = math.exp(-betas.mean() * t)
        assert vp_sigma(t) == pytest.approx(math.sqrt((1 - alpha_bar) / alpha_bar), rel=1e-9)


@given(t=st.floats(1e-6, 1.0))
def test_vp_time_inverts_vp_sigma(t: float) -> None:
    assert vp_time(vp_sigma(t)) == pytest.approx(t, rel=1e-9)


@every_spacing
def test_one_interval_has_the_two_ends(spacing: Spacing) -> None:
    assert sigma_grid(spacing, 0.02, 80.0, 1) == (0.02, 80.0)


@every_spacing
@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 80.0), (-1.0, 80.0), (2.0, 1.0), (1.0, 1.0), (1.0, math.inf)]
)
def test_range_that_is_none_is_refused(spacing: Spacing, low: float, high: float) -> None:
    with pytest.raises(InvalidOption, match="0 < sigma_min < sigma_max"):
        sigma_grid(spacing, low, high, 10)


def test_range_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(InvalidOption):
        sigma_grid(Spacing.KARRAS, math.nan, 80.0, 10)


@pytest.mark.parametrize("intervals", [0, -1])
def test_grid_without_intervals_is_refused(intervals: int) -> None:
    with pytest.raises(InvalidOption, match="at least one interval"):
        sigma_grid(Spacing.KARRAS, 0.02, 80.0, intervals)


def test_levels_too_close_for_float64_are_refused() -> None:
    with pytest.raises(InvalidOption, match="too close"):
        sigma_grid(Spacing.LOGSNR, 1.0, 1.0 + 1e-15, 100)
