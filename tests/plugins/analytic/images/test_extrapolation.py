"""The extrapolated midpoint rule, on equations with known solutions."""

import math

import pytest
import torch

from bridgebench import BridgebenchError
from bridgebench_analytic.images.extrapolation import integrate


def test_it_solves_to_its_tolerance_in_both_directions():
    y = torch.tensor([1.0, -2.0], dtype=torch.float64)

    def slope(t, state):
        return state * math.cos(t)

    there = integrate(slope, y, 0.0, 7.0, 1e-12)
    torch.testing.assert_close(there, y * math.exp(math.sin(7.0)), rtol=1e-12, atol=0)
    back = integrate(slope, there, 7.0, 0.0, 1e-12)
    torch.testing.assert_close(back, y, rtol=1e-11, atol=0)


def test_it_halves_where_the_slope_is_steep():
    calls = []

    def slope(t, y):
        calls.append(t)
        return torch.full_like(y, 2e3 / (1 + (1e3 * (t - 0.7)) ** 2))

    got = integrate(slope, torch.zeros(1, dtype=torch.float64), 0.0, 1.0, 1e-10)
    assert got.item() == pytest.approx(2 * (math.atan(300) + math.atan(700)), abs=1e-8)
    near = [t for t in calls if abs(t - 0.7) < 0.05]
    assert len(near) > len(calls) / 2


def test_what_cannot_be_solved_is_an_error():
    y = torch.ones(1, dtype=torch.float64)

    def slope(t, state):
        return torch.full_like(state, 1.0 if t > 1 / 3 else -1.0)

    with pytest.raises(BridgebenchError, match="cannot be solved to 1e-12"):
        integrate(slope, y, 0.0, 1.0, 1e-12)
