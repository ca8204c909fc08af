"""A broken solver for each check of solvers."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from bridgebench import BudgetError, Denoiser, Noise, Solver
from bridgebench.conformance.catalog import checks_of
from bridgebench.conformance.harness import make_harness
from bridgebench.plugins.registry import Kind, load_registry

WORLD = Path(__file__).parents[2] / "world" / "bridgebench_world" / "world.yaml"


class Euler(Solver):
    """Euler's method."""

    name: ClassVar[str] = "sound"
    order: ClassVar[int] = 1

    def intervals(self, nfe: int) -> int:
        if nfe < 1:
            raise BudgetError("at least 1")
        return nfe

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
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

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        denoiser(x, x.new_full((len(x),), sigmas[0]))
        return super().solve(denoiser, x, sigmas, noise)


class Global(Euler):
    """Changes what others compute."""

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        torch.set_default_dtype(torch.float64)
        return super().solve(denoiser, x, sigmas, noise)


class HidesItsDraws(Euler):
    """Uses random draws and does not say so."""

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        return super().solve(denoiser, x, sigmas, noise) + 0.01 * noise(0)


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

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        return super().solve(denoiser, x.float(), sigmas, noise)


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

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        return x.clone() if sigmas[0] < sigmas[-1] else super().solve(denoiser, x, sigmas, noise)


class Forgets(Euler):
    """Carries its state along as if that brought it back."""

    def solve_carried(
        self,
        denoiser: Denoiser,
        x: Tensor,
        sigmas: Sequence[float],
        noise: Noise,
        carry: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        end = self.solve(denoiser, x, sigmas, noise)
        return end, end


class Averages(Euler):
    """Mixes the items of a batch."""

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        out = super().solve(denoiser, x, sigmas, noise)
        return out + 0.01 * out.mean(dim=0, keepdim=True)


class DividesByZero(Euler):
    """NaN where a pixel is black."""

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        return super().solve(denoiser, x, sigmas, noise) * torch.where(
            x.abs() > 0.95, torch.nan, 1.0
        )


class Ancestral(Euler):
    """Euler's method to a lower noise level, and noise up to the next one."""

    stochastic: ClassVar[bool] = True
    added: ClassVar[float] = 1.0

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
            added = self.added * sigma_next * (1 - sigma_next**2 / sigma**2) ** 0.5
            x = self.step(denoiser, x, sigma, sigma_next**2 / sigma)
            x = x + added * self.drawn(noise, index, x)
        return x

    def drawn(self, noise: Noise, index: int, x: Tensor) -> Tensor:
        return noise(index)


class ForgetsItsDraws(Ancestral):
    """Stochastic by global random numbers."""

    def drawn(self, noise: Noise, index: int, x: Tensor) -> Tensor:
        return torch.randn_like(x)


class DrawsTooLittle(Ancestral):
    """Adds half of the noise."""

    added: ClassVar[float] = 0.5


class NeverDraws(Euler):
    """Says that it is stochastic, and is not."""

    stochastic: ClassVar[bool] = True


class Adaptive(Euler):
    """Takes every third step alone, and the last one."""

    adaptive: ClassVar[bool] = True

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        return super().solve(denoiser, x, thirds(sigmas), noise)


def thirds(sigmas: Sequence[float]) -> Sequence[float]:
    return sorted({*sigmas[::3], sigmas[-1]}, reverse=sigmas[0] > sigmas[-1])


class AdaptiveOverspends(Overspends):
    """Adaptive, with more evaluations than its budget."""

    adaptive: ClassVar[bool] = True


BROKEN = [
    (Global, "run", "solver 'sound' changed torch's default dtype"),
    (FreeBudget, "intervals", "a BudgetError for nfe=0"),
    (NoBudget, "intervals", "got ValueError: no"),
    (Overspends, "budget", "expected 1 evaluations going up; got 2"),
    (AdaptiveOverspends, "budget", "expected at most 1 evaluations going up; got 2"),
    (OneSigma, "noise-levels", "sigmas of shape (2,); got (1,)"),
    (Beyond, "noise-levels", "noise levels from 0.1 to 10"),
    (SinglePrecision, "state", "torch.float64 on cpu; got"),
    (InPlace, "state", "the input `x` to be left as it is"),
    (HidesItsDraws, "noise", "stochastic = True, as its result does depend on its draws"),
    (NeverDraws, "noise", "stochastic = False, as its result does not depend on its draws"),
    (ForgetsItsDraws, "noise", "the same result at a second call with the same draws"),
    (DrawsTooLittle, "distribution", "a standard deviation of 0.510 at sigma=0.1"),
    (Boasts, "order", "an error of order 2 going up; got order 0.9"),
    (OneWay, "reversibility", "with 320 intervals"),
    (Forgets, "carrying", "the state that it set out from, with what it carried"),
    (Averages, "batch-independence", "the same result alone going up"),
    (DividesByZero, "finite", "without NaN or infinity"),
]


@pytest.mark.parametrize(("broken", "check", "said"), BROKEN)
def test_a_broken_solver_is_caught(broken, check, said, caught):
    assert said in caught(Kind.SOLVER, check, broken())


@pytest.mark.parametrize("sound", [Euler, Adaptive])
def test_a_sound_one_passes(sound, passes):
    passes(Kind.SOLVER, sound())


def test_a_sound_stochastic_one_passes_where_a_method_takes_it(tmp_path):
    text = WORLD.read_text(encoding="utf-8")
    task = tmp_path / "task.yaml"
    task.write_text(text.replace("random_target]", "random_target, random_latent]"))
    harness = make_harness(load_registry(), str(task), "cpu")
    for check in checks_of(Kind.SOLVER):
        check(Ancestral(), harness)


def test_where_no_method_takes_it_another_task_is_asked_for(caught):
    assert "is stochastic, and a latent is encoded by an ODE solver'; give another task" in caught(
        Kind.SOLVER, "run", Ancestral()
    )


def test_every_check_has_a_broken_solver():
    from bridgebench.conformance import solver

    named = {function.__name__.replace("_", "-") for function in solver.CHECKS}
    assert named == {check for _, check, _ in BROKEN}
