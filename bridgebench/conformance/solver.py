"""Checks of solvers: order, budget, both directions, the state they are given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from statistics import linear_regression
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
from bridgebench.conformance.trial import SEED, torch_seeded
from bridgebench.errors import BudgetError
from bridgebench.interfaces.cell import Parts
from bridgebench.interfaces.solver import Solver
from bridgebench.toolkit.noise_levels import sigma_grid
from bridgebench.toolkit.randomness import Draw, normal

if TYPE_CHECKING:
    from bridgebench.conformance.harness import Harness
    from bridgebench.interfaces.score_model import Denoiser

LOW, HIGH = 0.1, 10.0
BUDGETS = range(1, 25)
COUNTS = (40, 80, 160, 320)
ROUNDING = 1e-10
DTYPES = (torch.float32, torch.float64)

IDS = ("item 0", "item 1")
SAMPLES, FINE = 256, 200
"""Items of 48 values, and intervals, of the check of a distribution."""
MISS = 0.05
"""How far mean and deviation may be off, in deviations: of 12,288 values, 5 standard errors."""
ENOUGH = 1000
"""The most steps of an adaptive solver where its budget is not what is checked."""


def run(solver: Solver, harness: Harness) -> None:
    """It runs in a cell of the task, and changes no input and nothing global."""
    harness.run(harness.cell_with(Parts(solver=solver)))


def intervals(solver: Solver, harness: Harness) -> None:
    """A budget pays for a whole number of intervals, or is a BudgetError."""
    for nfe in (0, -1):
        require(_paid(solver, nfe) is None, f"a BudgetError for nfe={nfe}", "an answer")
    met = _budgets(solver)
    require(bool(met), "a budget of 1 to 24 evaluations that can be met", "none of them")
    for nfe, count in met.items():
        fits = isinstance(count, int) and count >= 1
        require(fits, f"nfe={nfe} to pay for 1 or more intervals", repr(count))


def budget(solver: Solver, harness: Harness) -> None:
    """The network evaluations counted are those asked for; of an adaptive solver, at most those."""
    for nfe, count in _budgets(solver).items():
        for grid in _grids(solver, count, enough=count):
            denoiser = RecordingDenoiser(GaussianDenoiser())
            # An adaptive solver may need more for its tolerance.
            with suppress(BudgetError) if solver.adaptive else nullcontext():
                _solve(solver, denoiser, _state(harness), grid)
            counted = len(denoiser.asked)
            if solver.adaptive:
                require(counted <= nfe, f"at most {nfe} evaluations {_way(grid)}", f"{counted}")
            else:
                require(counted == nfe, f"{nfe} evaluations {_way(grid)}", f"{counted}")


def noise_levels(solver: Solver, harness: Harness) -> None:
    """The denoiser is asked within the grid alone, with one sigma for each image."""
    for grid in _grids(solver, 10):
        denoiser = RecordingDenoiser(GaussianDenoiser())
        x = _state(harness)
        _solve(solver, denoiser, x, grid)
        for sigma in denoiser.asked:
            shape = tuple(sigma.shape)
            require(shape == (len(x),), f"sigmas of shape ({len(x)},)", shape)
            low, high = sigma.min().item(), sigma.max().item()
            inside = low >= LOW * (1 - 1e-9) and high <= HIGH * (1 + 1e-9)
            require(inside, f"noise levels from {LOW:g} to {HIGH:g}", f"{low:g} to {high:g}")


def state(solver: Solver, harness: Harness) -> None:
    """The result has the shape, dtype and device of the state it came from, which is left alone."""
    for dtype in DTYPES:
        for grid in _grids(solver, 4):
            x = _state(harness, dtype)
            with unchanged(x=x):
                out = _solve(solver, GaussianDenoiser(), x, grid)
            require_like(out, x, f"the result {_way(grid)}")


def noise(solver: Solver, harness: Harness) -> None:
    """A stochastic solver uses its random draws and no others; any other solver uses none."""
    x, grid = _state(harness), _grids(solver, 10)[-1]
    ends = []
    for torch_seed, sample in ((0, 0), (1, 0), (0, 1)):
        with torch_seeded(torch_seed):
            ends.append(_solve(solver, GaussianDenoiser(), x, grid, sample))
    require_close(ends[1], ends[0], 0.0, "the same result at a second call with the same draws")
    uses = not torch.equal(ends[2], ends[0])
    require(
        uses is solver.stochastic,
        f"stochastic = {uses}, as its result does {'' if uses else 'not '}depend on its draws",
        solver.stochastic,
    )


def order(solver: Solver, harness: Harness) -> None:
    """The error on a Gaussian falls with the order of the solver, in both directions.

    Of an adaptive or a stochastic solver, whose error has no such order, nothing is asked.
    """
    if solver.adaptive or solver.stochastic:
        return
    denoiser = GaussianDenoiser(sigma_min=LOW, sigma_max=HIGH)
    x = _state(harness)
    for grids in zip(*(_grids(solver, count) for count in COUNTS), strict=True):
        points = []
        for count, grid in zip(COUNTS, grids, strict=True):
            exact = denoiser.flow(x, grid[0], grid[-1])
            error = (_solve(solver, denoiser, x, grid) - exact).abs().max().item()
            if error > ROUNDING:
                points.append((math.log(count), math.log(error)))
        if len(points) < 2:
            continue
        logs, errors = zip(*points, strict=True)
        measured = -linear_regression(logs, errors).slope
        require(
            measured >= solver.order - 0.3,
            f"an error of order {solver.order} {_way(grids[0])}",
            f"order {measured:.2f}, by regression over {COUNTS[0]} to {COUNTS[-1]} intervals",
        )


def distribution(solver: Solver, harness: Harness) -> None:
    """Noise that goes down to a Gaussian has its mean and deviation at the lowest noise level."""
    denoiser = GaussianDenoiser(sigma_min=LOW, sigma_max=HIGH)
    grid = _grids(solver, FINE)[-1]
    unit = _state(harness, ids=tuple(f"item {i}" for i in range(SAMPLES)))
    end = _solve(solver, denoiser, denoiser.mean + math.hypot(denoiser.std, HIGH) * unit, grid)
    std = math.hypot(denoiser.std, LOW)
    for what, wanted, got in (
        ("a mean", denoiser.mean, end.mean().item()),
        ("a standard deviation", std, end.std().item()),
    ):
        near = abs(got - wanted) <= MISS * std
        require(near, f"{what} of {wanted:.3f} at sigma={LOW:g}", f"{got:.3f}")


def reversibility(solver: Solver, harness: Harness) -> None:
    """Going up and down again returns, the closer the finer the grid; a stochastic one need not."""
    if solver.adaptive or solver.stochastic:
        return
    denoiser = GaussianDenoiser(sigma_min=LOW, sigma_max=HIGH)
    x = _state(harness)
    coarse, fine = (_return_error(solver, denoiser, x, count) for count in (40, 320))
    shrunk = max(coarse / 8**solver.order * 2.0, ROUNDING)
    require(
        fine <= shrunk,
        f"an error there and back of at most {shrunk:.2g} with 320 intervals "
        f"({coarse:.2g} with 40)",
        f"{fine:.2g}",
    )


def carrying(solver: Solver, harness: Harness) -> None:
    """With what it carries it goes back to where it set out; without, it does as `solve` does."""
    x = _state(harness)
    draws = Draw(SEED, IDS).noise("solve", x)
    for grid in _grids(solver, max(_budgets(solver).values())):
        denoiser = RecordingDenoiser(GaussianDenoiser())
        end, carry = solver.solve_carried(denoiser, x, grid, draws, None)
        there = len(denoiser.asked)
        plain = solver.solve(GaussianDenoiser(), x, grid, draws)
        require_close(end, plain, 0.0, f"the state that solve gives {_way(grid)}")
        if carry is None:
            continue
        require_like(carry, x, "what it carries")
        back, _ = solver.solve_carried(denoiser, end, grid[::-1], draws, carry)
        require_close(back, x, ROUNDING, "the state that it set out from, with what it carried")
        counted = len(denoiser.asked) - there
        require(counted == there, f"{there} evaluations back, as there", f"{counted}")


def batch_independence(solver: Solver, harness: Harness) -> None:
    """An item gets the same result alone as in a batch."""
    x = _state(harness)
    for grid in _grids(solver, 6):
        together = _solve(solver, GaussianDenoiser(), x, grid)
        for item, one, whole in zip(IDS, torch.split(x, 1), torch.split(together, 1), strict=True):
            alone = _solve(solver, GaussianDenoiser(), one, grid, ids=(item,))
            require_close(whole, alone, 1e-9, f"the same result alone {_way(grid)}")


def finite(solver: Solver, harness: Harness) -> None:
    """Real images go over the whole range of noise without NaN."""
    x = harness.source(len(IDS)).images.to(harness.device)
    denoiser = SampleDenoiser(x)
    noised = x + denoiser.sigma_max * harness.noise(len(x))
    for grid in _grids(solver, 10, denoiser.sigma_min, denoiser.sigma_max):
        begin = x if grid[0] < grid[-1] else noised
        require_finite(_solve(solver, denoiser, begin, grid), f"real images {_way(grid)}")


CHECKS = (
    run,
    intervals,
    budget,
    noise_levels,
    state,
    noise,
    order,
    distribution,
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


def _grids(
    solver: Solver,
    count: int,
    low: float | None = None,
    high: float | None = None,
    enough: int = ENOUGH,
) -> tuple[tuple[float, ...], ...]:
    """Grids in the directions that the solver goes: up and down, or down alone."""
    low, high = low or LOW, high or HIGH
    rising = sigma_grid(solver.spacing, low, high, enough if solver.adaptive else count)
    return (rising[::-1],) if solver.stochastic else (rising, rising[::-1])


def _way(grid: Sequence[float]) -> str:
    return "going up" if grid[0] < grid[-1] else "going down"


def _state(
    harness: Harness, dtype: torch.dtype = torch.float64, ids: tuple[str, ...] = IDS
) -> Tensor:
    return normal(SEED, "state", ids, (3, 4, 4)).to(harness.device, dtype)


def _solve(
    solver: Solver,
    denoiser: Denoiser,
    x: Tensor,
    grid: Sequence[float],
    sample: int = 0,
    ids: tuple[str, ...] = (),
) -> Tensor:
    named = ids or tuple(f"item {i}" for i in range(len(x)))
    return solver.solve(denoiser, x, grid, Draw(SEED, named, sample).noise("solve", x))


def _return_error(solver: Solver, denoiser: GaussianDenoiser, x: Tensor, count: int) -> float:
    up, down = _grids(solver, count)
    back = _solve(solver, denoiser, _solve(solver, denoiser, x, up), down)
    return (back - x).abs().max().item()
