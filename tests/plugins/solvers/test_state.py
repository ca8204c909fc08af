"""What a solver does to its state, its grid and its budget."""

from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor

from bridgebench import BudgetError, InvalidOption, Solver, Spacing, sigma_grid
from bridgebench.toolkit.probability_flow import no_noise
from bridgebench_solvers.dpm import Dpm, DpmVariant
from bridgebench_solvers.euler import Euler
from bridgebench_solvers.heun import Heun

SOLVERS: tuple[Solver, ...] = (
    Euler(),
    Heun(),
    Dpm(),
    Dpm(variant=DpmVariant.SINGLESTEP),
)
every_solver = pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.spec)


@dataclass
class Recording:
    """The denoiser of N(0, 1/4), which writes down the sigmas it was asked for."""

    sigma_min: float = 0.02
    sigma_max: float = 80.0
    sigmas: list[Tensor] = field(default_factory=list)

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        assert sigma.shape == (len(x),)
        self.sigmas.append(sigma)
        return 0.25 * x / (0.25 + sigma.view(-1, 1, 1, 1) ** 2)


@every_solver
@pytest.mark.parametrize("up", [True, False], ids=["encode", "decode"])
@pytest.mark.parametrize("nfe", [2, 10, 20])
def test_evaluations_counted_are_those_asked(solver: Solver, up: bool, nfe: int) -> None:
    sigmas = sigma_grid(solver.spacing, 0.02, 80.0, solver.intervals(nfe))
    denoiser = Recording()
    solver.solve(denoiser, torch.ones(2, 1, 2, 2), sigmas if up else sigmas[::-1], no_noise)
    assert len(denoiser.sigmas) == nfe
    asked = torch.stack(denoiser.sigmas)
    assert asked.min() >= 0.02 * (1 - 1e-6)
    assert asked.max() <= 80.0 * (1 + 1e-6)


@every_solver
def test_first_evaluation_is_at_the_start_of_the_grid(solver: Solver) -> None:
    for grid in ([0.02, 1.0, 80.0], [80.0, 1.0, 0.02]):
        denoiser = Recording()
        solver.solve(denoiser, torch.ones(1, 1, 2, 2, dtype=torch.float64), grid, no_noise)
        assert denoiser.sigmas[0].item() == grid[0]


@every_solver
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_state_keeps_its_dtype_and_the_input_its_values(solver: Solver, dtype: torch.dtype) -> None:
    x = torch.linspace(-1, 1, 24, dtype=dtype).view(2, 3, 2, 2)
    before = x.clone()
    denoiser = Recording()
    for grid in ([0.02, 1.0, 80.0], [80.0, 1.0, 0.02]):
        out = solver.solve(denoiser, x, grid, no_noise)
        assert out.dtype == dtype
        assert out.shape == x.shape
        assert not torch.equal(out, before)
    assert torch.equal(x, before)
    assert {sigma.dtype for sigma in denoiser.sigmas} == {dtype}


@every_solver
def test_float32_is_close_to_float64(solver: Solver) -> None:
    grid = sigma_grid(Spacing.KARRAS, 0.02, 80.0, 20)
    x = torch.linspace(-1, 1, 24, dtype=torch.float64).view(2, 3, 2, 2)
    exact = solver.solve(Recording(), x, grid, no_noise)
    single = solver.solve(Recording(), x.float(), grid, no_noise)
    torch.testing.assert_close(single.double(), exact, rtol=1e-4, atol=1e-4)


@every_solver
@pytest.mark.parametrize(
    "grid", [[0.0, 1.0], [1.0, 0.0], [1.0, -1.0], [1.0], [], [1.0, 2.0, 1.5], [1.0, 1.0]]
)
def test_a_grid_that_cannot_be_solved_on_is_refused(solver: Solver, grid: list[float]) -> None:
    with pytest.raises(InvalidOption, match="noise levels"):
        solver.solve(Recording(), torch.ones(1, 1, 2, 2), grid, no_noise)


def test_budget_that_heun_cannot_meet_names_the_nearest() -> None:
    with pytest.raises(BudgetError) as caught:
        Heun().intervals(21)
    assert str(caught.value) == (
        "heun uses 2 network evaluations an interval, so nfe=21 cannot be met; "
        "the nearest are 20 and 22"
    )


def test_budget_of_singlestep_names_the_variant() -> None:
    with pytest.raises(BudgetError, match=r"dpm:variant=2s .* nfe=7 .* 6 and 8"):
        Dpm(variant=DpmVariant.SINGLESTEP).intervals(7)


@every_solver
@pytest.mark.parametrize("nfe", [0, -2])
def test_budget_below_one_interval_names_the_least(solver: Solver, nfe: int) -> None:
    with pytest.raises(BudgetError, match=f"nfe={nfe} cannot be met; the least is "):
        solver.intervals(nfe)


def test_intervals_of_a_budget() -> None:
    assert [solver.intervals(20) for solver in SOLVERS] == [20, 10, 20, 10]
