"""Checks of solvers: order, budget, both directions, the state they are given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from bridgebench.conformance.analytic import GaussianDenoiser, RecordingDenoiser, SampleDenoiser
from bridgebench.conformance.check import ConformanceError, require
from bridgebench.conformance.claims import (
    require_close,
    require_finite,
    require_like,
    unchanged,
)
from bridgebench.errors import BudgetError
from bridgebench.interfaces.solver import Solver
from bridgebench.toolkit.noise_levels import sigma_grid
from bridgebench.toolkit.randomness import normal

if TYPE_CHECKING:
    from bridgebench.conformance.bench import Bench

LOW, HIGH = 0.1, 10.0
BUDGETS = range(1, 25)
COUNTS = (40, 80, 160, 320)
ROUNDING = 1e-10
DTYPES = (torch.float32, torch.float64)


def intervals(solver: Solver, bench: Bench) -> None:
    """A budget pays for a whole number of intervals, or is a BudgetError."""
    for nfe in (0, -1):
        require(_paid(solver, nfe) is None, f"a BudgetError for nfe={nfe}", "an answer")
    met = _budgets(solver)
    require(bool(met), "a budget of 1 to 24 evaluations that can be met", "none of them")
    for nfe, count in met.items():
        fits = isinstance(count, int) and count >= 1
        require(fits, f"nfe={nfe} to pay for 1 or more intervals", repr(count))


def budget(solver: Solver, bench: Bench) -> None:
    """The network evaluations counted are those asked for, in both directions."""
    for nfe, count in _budgets(solver).items():
        for grid in _both_ways(solver, count):
            denoiser = RecordingDenoiser(GaussianDenoiser())
            solver.solve(denoiser, _state(bench, torch.float64), grid)
            counted = len(denoiser.asked)
            require(counted == nfe, f"{nfe} evaluations {_way(grid)}", f"{counted}")


def noise_levels(solver: Solver, bench: Bench) -> None:
    """The denoiser is asked within the grid alone, with one sigma for each image."""
    for grid in _both_ways(solver, 10):
        denoiser = RecordingDenoiser(GaussianDenoiser())
        x = _state(bench, torch.float64)
        solver.solve(denoiser, x, grid)
        for sigma in denoiser.asked:
            shape = tuple(sigma.shape)
            require(shape == (len(x),), f"sigmas of shape ({len(x)},)", shape)
            low, high = sigma.min().item(), sigma.max().item()
            inside = low >= LOW * (1 - 1e-9) and high <= HIGH * (1 + 1e-9)
            require(inside, f"noise levels from {LOW:g} to {HIGH:g}", f"{low:g} to {high:g}")


def state(solver: Solver, bench: Bench) -> None:
    """The result has the shape, dtype and device of the state it came from."""
    for dtype in DTYPES:
        for grid in _both_ways(solver, 4):
            x = _state(bench, dtype)
            out = solver.solve(GaussianDenoiser(), x, grid)
            require_like(out, x, f"the result {_way(grid)}")


def inputs(solver: Solver, bench: Bench) -> None:
    """The state that comes in is left as it is."""
    for grid in _both_ways(solver, 4):
        x = _state(bench, torch.float64)
        with unchanged(x=x):
            solver.solve(GaussianDenoiser(), x, grid)


def order(solver: Solver, bench: Bench) -> None:
    """The error on a Gaussian falls with the order of the solver, in both directions."""
    denoiser = GaussianDenoiser(sigma_min=LOW, sigma_max=HIGH)
    x = _state(bench, torch.float64)
    for up in (True, False):
        points = []
        for count in COUNTS:
            rising = sigma_grid(solver.spacing, LOW, HIGH, count)
            grid = rising if up else rising[::-1]
            exact = denoiser.flow(x, grid[0], grid[-1])
            error = (solver.solve(denoiser, x, grid) - exact).abs().max().item()
            if error > ROUNDING:
                points.append((math.log(count), math.log(error)))
        if len(points) < 2:
            continue
        measured = -_slope(points)
        require(
            measured >= solver.order - 0.3,
            f"an error of order {solver.order} {_way(grid)}",
            f"order {measured:.2f}, by regression over {COUNTS[0]} to {COUNTS[-1]} intervals",
        )


def reversibility(solver: Solver, bench: Bench) -> None:
    """Going up and down again returns, the closer the finer the grid."""
    denoiser = GaussianDenoiser(sigma_min=LOW, sigma_max=HIGH)
    x = _state(bench, torch.float64)
    coarse, fine = (_return_error(solver, denoiser, x, count) for count in (40, 320))
    shrunk = max(coarse / 8**solver.order * 2.0, ROUNDING)
    require(
        fine <= shrunk,
        f"an error there and back of at most {shrunk:.2g} with 320 intervals "
        f"({coarse:.2g} with 40)",
        f"{fine:.2g}",
    )


def carrying(solver: Solver, bench: Bench) -> None:
    """With what it carries it goes back to where it set out; without, it does as `solve` does."""
    count = max(_budgets(solver).values())
    for grid in _both_ways(solver, count):
        denoiser = RecordingDenoiser(GaussianDenoiser())
        x = _state(bench, torch.float64)
        end, carry = solver.solve_carried(denoiser, x, grid, None)
        there = len(denoiser.asked)
        plain = solver.solve(GaussianDenoiser(), x, grid)
        require_close(end, plain, 0.0, f"the state that solve gives {_way(grid)}")
        if carry is None:
            continue
        require_like(carry, x, "what it carries")
        back, _ = solver.solve_carried(denoiser, end, grid[::-1], carry)
        require_close(back, x, ROUNDING, "the state that it set out from, with what it carried")
        counted = len(denoiser.asked) - there
        require(counted == there, f"{there} evaluations back, as there", f"{counted}")


def batch_independence(solver: Solver, bench: Bench) -> None:
    """An item gets the same result alone as in a batch."""
    x = _state(bench, torch.float64)
    for grid in _both_ways(solver, 6):
        together = solver.solve(GaussianDenoiser(), x, grid)
        alone = torch.cat(
            [solver.solve(GaussianDenoiser(), one, grid) for one in torch.split(x, 1)]
        )
        require_close(together, alone, 1e-9, f"the same result alone {_way(grid)}")


def finite(solver: Solver, bench: Bench) -> None:
    """Real images go up and down over the whole range of noise without NaN."""
    x = bench.source().images.to(bench.device)
    denoiser = SampleDenoiser(x)
    rising = sigma_grid(solver.spacing, denoiser.sigma_min, denoiser.sigma_max, 10)
    top = solver.solve(denoiser, x, rising)
    require_finite(top, "states of real images at sigma_max")
    require_finite(solver.solve(denoiser, top, rising[::-1]), "images at sigma_min")


CHECKS = (
    intervals,
    budget,
    noise_levels,
    state,
    inputs,
    order,
    reversibility,
    carrying,
    batch_independence,
    finite,
)


def _paid(solver: Solver, nfe: int) -> int | None:
    try:
        return solver.intervals(nfe)
    except BudgetError:
        return None
    except Exception as error:
        raise ConformanceError(
            f"a BudgetError where nfe={nfe} cannot be met", f"{type(error).__name__}: {error}"
        ) from error


def _budgets(solver: Solver) -> dict[int, int]:
    """The budgets of BUDGETS that can be met, with their intervals."""
    paid = {nfe: _paid(solver, nfe) for nfe in BUDGETS}
    return {nfe: count for nfe, count in paid.items() if count is not None}


def _both_ways(solver: Solver, count: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    rising = sigma_grid(solver.spacing, LOW, HIGH, count)
    return rising, rising[::-1]


def _way(grid: Sequence[float]) -> str:
    return "going up" if grid[0] < grid[-1] else "going down"


def _state(bench: Bench, dtype: torch.dtype) -> Tensor:
    return normal(0, "state", ("a", "b"), (3, 4, 4)).to(bench.device, dtype)


def _return_error(solver: Solver, denoiser: GaussianDenoiser, x: Tensor, count: int) -> float:
    rising = sigma_grid(solver.spacing, LOW, HIGH, count)
    top = solver.solve(denoiser, x, rising)
    return (solver.solve(denoiser, top, rising[::-1]) - x).abs().max().item()


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """The slope of the least-squares line."""
    mean_x = math.fsum(x for x, _ in points) / len(points)
    mean_y = math.fsum(y for _, y in points) / len(points)
    covariance = math.fsum((x - mean_x) * (y - mean_y) for x, y in points)
    return covariance / math.fsum((x - mean_x) ** 2 for x, _ in points)
