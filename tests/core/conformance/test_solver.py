"""A broken solver for each check of solvers."""

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from bridgebench import BudgetError, Denoiser, Solver
from bridgebench.plugins.registry import Kind


class Euler(Solver):
    """Euler's method."""

    name: ClassVar[str] = "sound"
    order: ClassVar[int] = 1

    def intervals(self, nfe: int) -> int:
        if nfe < 1:
            raise BudgetError("at least 1")
        return nfe

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float]) -> Tensor:
        for sigma, sigma_next in pairwise(sigmas):
            x = self.step(denoiser, x, sigma, sigma_next)
        return x

    def step(self, denoiser: Denoiser, x: Tensor, sigma: float, sigma_next: float) -> Tensor:
        slope = (x - denoiser(x, x.new_full((len(x),), sigma))) / sigma
        return x + (sigma_next - sigma) * slope


class FreeBudget(Euler):
    """Takes a budget of nothing."""

    def intervals(self, nfe: int) -> int:
        return max(nfe, 1)


class NoBudget(Euler):
    """Raises something else than a BudgetError."""

    def intervals(self, nfe: int) -> int:
        raise ValueError("no")


class Overspends(Euler):
    """One evaluation too many."""

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float]) -> Tensor:
        denoiser(x, x.new_full((len(x),), sigmas[0]))
        return super().solve(denoiser, x, sigmas)


class OneSigma(Euler):
    """One sigma for the whole batch."""

    def step(self, denoiser: Denoiser, x: Tensor, sigma: float, sigma_next: float) -> Tensor:
        slope = (x - denoiser(x, x.new_full((1,), sigma))) / sigma
        return x + (sigma_next - sigma) * slope


class Beyond(Euler):
    """Asks beyond the ends of the grid."""

    def step(self, denoiser: Denoiser, x: Tensor, sigma: float, sigma_next: float) -> Tensor:
        return super().step(denoiser, x, sigma * 0.9, sigma_next)


class SinglePrecision(Euler):
    """Computes in float32, whatever comes in."""

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float]) -> Tensor:
        return super().solve(denoiser, x.float(), sigmas)


class InPlace(Euler):
    """Changes its input."""

    def step(self, denoiser: Denoiser, x: Tensor, sigma: float, sigma_next: float) -> Tensor:
        slope = (x - denoiser(x, x.new_full((len(x),), sigma))) / sigma
        return x.add_(slope, alpha=sigma_next - sigma)


class Boasts(Euler):
    """Says order 2 and has order 1."""

    order: ClassVar[int] = 2


class OneWay(Euler):
    """Goes down as Euler does, and stays put on the way up."""

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float]) -> Tensor:
        return x.clone() if sigmas[0] < sigmas[-1] else super().solve(denoiser, x, sigmas)


class Forgets(Euler):
    """Carries its state along as if that brought it back."""

    def solve_carried(
        self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], carry: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        end = self.solve(denoiser, x, sigmas)
        return end, end


class Averages(Euler):
    """Mixes the items of a batch."""

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float]) -> Tensor:
        out = super().solve(denoiser, x, sigmas)
        return out + 0.01 * out.mean(dim=0, keepdim=True)


class DividesByZero(Euler):
    """NaN where a pixel is black."""

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float]) -> Tensor:
        return super().solve(denoiser, x, sigmas) * torch.where(x.abs() > 0.95, torch.nan, 1.0)


BROKEN = [
    (FreeBudget, "intervals", "a BudgetError for nfe=0"),
    (NoBudget, "intervals", "got ValueError: no"),
    (Overspends, "budget", "expected 1 evaluations going up; got 2"),
    (OneSigma, "noise-levels", "sigmas of shape (2,); got (1,)"),
    (Beyond, "noise-levels", "noise levels from 0.1 to 10"),
    (SinglePrecision, "state", "torch.float64 on cpu; got"),
    (InPlace, "inputs", "the input `x` to be left as it is"),
    (Boasts, "order", "an error of order 2 going up; got order 0.9"),
    (OneWay, "reversibility", "with 320 intervals"),
    (Forgets, "carrying", "the state that it set out from, with what it carried"),
    (Averages, "batch-independence", "the same result alone going up"),
    (DividesByZero, "finite", "without NaN or infinity"),
]


@pytest.mark.parametrize(("broken", "check", "said"), BROKEN)
def test_a_broken_solver_is_caught(broken, check, said, caught):
    assert said in caught(Kind.SOLVER, check, broken())


def test_a_sound_one_passes(passes):
    passes(Kind.SOLVER, Euler())


def test_every_check_has_a_broken_solver():
    from bridgebench.conformance import solver

    named = {function.__name__.replace("_", "-") for function in solver.CHECKS}
    assert named == {check for _, check, _ in BROKEN}
