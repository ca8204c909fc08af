"""The order of convergence, measured on a Gaussian whose map is known in closed form."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from bridgebench import Solver, Spacing, sigma_grid
from bridgebench.toolkit.probability_flow import no_noise
from bridgebench_solvers.dpm import Dpm, DpmVariant
from bridgebench_solvers.euler import Euler
from bridgebench_solvers.heun import Heun

SIGMA_MIN, SIGMA_MAX = 0.1, 10.0
SOLVERS: tuple[Solver, ...] = (
    Euler(),
    Heun(),
    Dpm(),
    Dpm(variant=DpmVariant.SINGLESTEP),
)


@dataclass(frozen=True)
class Gaussian:
    """The exact denoiser of N(mean, std²), the same for every pixel."""

    mean: float = 0.3
    std: float = 0.5
    sigma_min: float = SIGMA_MIN
    sigma_max: float = SIGMA_MAX

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        s2, sigma2 = self.std**2, sigma.view(-1, 1, 1, 1) ** 2
        return (s2 * x + sigma2 * self.mean) / (s2 + sigma2)

    def flow(self, x: Tensor, sigma: float, sigma_next: float) -> Tensor:
        """The exact solution: distances to the mean grow as the marginal's deviation does."""
        ratio = math.hypot(self.std, sigma_next) / math.hypot(self.std, sigma)
        return self.mean + (x - self.mean) * ratio


@pytest.fixture
def x() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 3, 4, 4, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize("up", [True, False], ids=["encode", "decode"])
@pytest.mark.parametrize("spacing", Spacing)
@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.spec)
def test_error_falls_with_the_order_of_the_solver(
    solver: Solver, spacing: Spacing, up: bool, x: Tensor
) -> None:
    denoiser = Gaussian()
    counts, errors = (80, 160, 320, 640), []
    for intervals in counts:
        sigmas = sigma_grid(spacing, SIGMA_MIN, SIGMA_MAX, intervals)
        grid = sigmas if up else sigmas[::-1]
        exact = denoiser.flow(x, grid[0], grid[-1])
        errors.append((solver.solve(denoiser, x, grid, no_noise) - exact).abs().max().item())
    slope = np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert -slope == pytest.approx(solver.order, abs=0.15)


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.spec)
def test_encode_then_decode_returns(solver: Solver, x: Tensor) -> None:
    denoiser = Gaussian()
    errors = []
    for intervals in (50, 500):
        sigmas = sigma_grid(Spacing.KARRAS, SIGMA_MIN, SIGMA_MAX, intervals)
        top = solver.solve(denoiser, x, sigmas, no_noise)
        errors.append((solver.solve(denoiser, top, sigmas[::-1], no_noise) - x).abs().max().item())
    assert errors[1] < 0.02
    assert errors[1] < errors[0] / 10**solver.order * 1.5
