"""BDIA: its formula, its order, and the way back to round-off, on a Gaussian and on real models."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import bridgebench
from bridgebench import BudgetError, InvalidOption, Spacing, sigma_grid
from bridgebench.conformance.analytic import GaussianDenoiser
from bridgebench.toolkit.probability_flow import no_noise
from bridgebench_bdia.bdia import Bdia

LOW, HIGH = 0.02, 80.0


@pytest.fixture
def x() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 3, 4, 4, dtype=torch.float64, generator=generator) / 3


@pytest.mark.parametrize("gamma", [1.0, 0.7])
def test_a_step_down_is_the_formula_of_the_paper(gamma: float, x: Tensor) -> None:
    sigmas, denoiser = (4.0, 2.5, 1.0), GaussianDenoiser()
    alpha = [1 / math.hypot(1, sigma) for sigma in sigmas]

    def delta(z: Tensor, i: int, j: int) -> Tensor:
        """The DDIM step of the paper, less z: α_j·x0 + sqrt(1 - α_j²)·ε - z."""
        x0 = denoiser(z / alpha[i], torch.full((len(z),), sigmas[i], dtype=z.dtype))
        epsilon = (z - alpha[i] * x0) / math.sqrt(1 - alpha[i] ** 2)
        return alpha[j] * x0 + math.sqrt(1 - alpha[j] ** 2) * epsilon - z

    z2 = x * alpha[0]
    z1 = z2 + delta(z2, 0, 1)
    z0 = z1 + delta(z1, 1, 2) + gamma * (z2 - z1 - delta(z1, 1, 0))
    out = Bdia(gamma=gamma).solve(denoiser, x, sigmas, no_noise)
    torch.testing.assert_close(out * alpha[2], z0, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("up", [True, False], ids=["encode", "decode"])
@pytest.mark.parametrize("spacing", Spacing)
def test_its_error_is_of_order_2(spacing: Spacing, up: bool, x: Tensor) -> None:
    assert _order(Bdia(), spacing, up, x) == pytest.approx(Bdia.order, abs=0.3)


def test_a_gamma_below_1_costs_an_order(x: Tensor) -> None:
    assert _order(Bdia(gamma=0.5), Spacing.KARRAS, False, x) == pytest.approx(1, abs=0.2)


def _order(solver: Bdia, spacing: Spacing, up: bool, x: Tensor) -> float:
    denoiser, counts, errors = GaussianDenoiser(), (80, 160, 320, 640), []
    for intervals in counts:
        rising = sigma_grid(spacing, 0.1, 10.0, intervals)
        grid = rising if up else rising[::-1]
        exact = denoiser.flow(x, grid[0], grid[-1])
        errors.append((solver.solve(denoiser, x, grid, no_noise) - exact).abs().max().item())
    return -float(np.polyfit(np.log(counts), np.log(errors), 1)[0])


@pytest.mark.parametrize("nfe", [2, 3, 10, 51, 384])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_up_and_down_again_returns_to_round_off(nfe: int, dtype: torch.dtype, x: Tensor) -> None:
    solver, denoiser = Bdia(), GaussianDenoiser()
    rising = sigma_grid(solver.spacing, LOW, HIGH, solver.intervals(nfe))
    top, carry = solver.solve_carried(denoiser, x.to(dtype), rising, no_noise, None)
    back, carry_back = solver.solve_carried(denoiser, top, rising[::-1], no_noise, carry)
    again, _ = solver.solve_carried(denoiser, back, rising, no_noise, carry_back)
    few = 100 * torch.finfo(dtype).eps
    assert (back - x).abs().max() < few
    assert (again - top).abs().max() < few * HIGH


def test_a_small_gamma_is_undone_too_while_its_powers_are_small(x: Tensor) -> None:
    solver, denoiser = Bdia(gamma=0.8), GaussianDenoiser()
    rising = sigma_grid(solver.spacing, LOW, HIGH, solver.intervals(20))
    top, carry = solver.solve_carried(denoiser, x, rising, no_noise, None)
    back, _ = solver.solve_carried(denoiser, top, rising[::-1], no_noise, carry)
    torch.testing.assert_close(back, x, rtol=0, atol=1e-12)


def test_the_state_alone_is_not_enough_to_go_back(x: Tensor) -> None:
    solver, denoiser = Bdia(), GaussianDenoiser()
    rising = sigma_grid(solver.spacing, LOW, HIGH, 9)
    top, _ = solver.solve_carried(denoiser, x, rising, no_noise, None)
    assert (solver.solve(denoiser, top, rising[::-1], no_noise) - x).abs().max() > 1e-3


def test_a_budget_below_2_cannot_be_met() -> None:
    with pytest.raises(BudgetError, match="nfe=1 cannot be met; the least is 2"):
        Bdia().intervals(1)


@pytest.mark.parametrize("sigmas", [(1.0,), (0.0, 1.0), (1.0, 1.0, 2.0), (1.0, 2.0, 1.5)])
def test_a_grid_that_does_not_rise_or_fall_is_an_error(
    sigmas: tuple[float, ...], x: Tensor
) -> None:
    with pytest.raises(InvalidOption, match="strictly rise or strictly fall"):
        Bdia().solve(GaussianDenoiser(), x, sigmas, no_noise)


@pytest.mark.parametrize("nfe", [3, 10])
@pytest.mark.parametrize(
    ("task", "method"), [("gaussian", "ddib_single"), ("cmnist_to7", "ddib_single:clip=none")]
)
def test_one_model_undoes_its_own_encode(task: str, method: str, nfe: int, tmp_path: Path) -> None:
    table = bridgebench.run(
        task,
        method=[method],
        solver=["bdia", "euler"],
        transform=["identity"],
        metric=["cycle"],
        nfe=nfe,
        n=8,
        out=tmp_path,
    )
    assert set(table["status"]) == {"ok"}
    assert set(table["nfe_encode"]) == set(table["nfe_decode"]) == {nfe}
    error = dict(zip(table["solver"], table["cycle_rmse"], strict=True))
    assert error["bdia"] < 2e-5
    assert error["euler"] > 0.1


def test_a_latent_that_a_transform_has_changed_sets_out_alone(tmp_path: Path) -> None:
    table = bridgebench.run(
        "gaussian",
        method=["ddib_single"],
        solver=["bdia"],
        transform=["identity", "scale:c=1.001"],
        nfe=10,
        n=8,
        out=tmp_path,
    )
    moved = dict(zip(table["transform"], table["map_error"], strict=True))
    assert abs(moved["identity"] - moved["scale:c=1.001"]) > 1e-3
