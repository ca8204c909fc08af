"""The checks of bridgebench, and what SDEdit does on Gaussians, where the answer is known."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from bridgebench import Cell, Draw, Parts, ScoreModel, Setting, Solver
from bridgebench.conformance import Conformance
from bridgebench.conformance.analytic import GaussianDenoiser
from bridgebench.plugins.registry import Kind, load_registry

from bridgebench_sdedit.sdedit import NoiseSharing, Sdedit

IDS = ("test/1", "test/2", "test/3")
SOURCE = torch.linspace(-0.8, 0.2, 3).view(3, 1, 1, 1).expand(3, 1, 8, 8)
TARGET = GaussianDenoiser(mean=0.3, std=0.2, sigma_min=0.01, sigma_max=10.0)
SETTING = Setting("source", "source", ("source",), "target", (1, 8, 8), -1.0, 1.0)


class TestSdedit(Conformance):
    spec = "sdedit"


class TestOptions(Conformance):
    spec = "sdedit:level=0.3:noise=shared:rounds=2:clip=false"


class Gaussians(ScoreModel):
    """N(0.3, 0.2²) in every pixel."""

    name: ClassVar[str] = "gaussians"
    domains: ClassVar[tuple[str, ...]] = ("target",)

    @property
    def sigma_range(self) -> tuple[float, float]:
        return TARGET.sigma_min, TARGET.sigma_max

    def files(self) -> Mapping[str, str]:
        return {}

    def load(self, device: torch.device, precision: str) -> "Gaussians":
        return self

    def denoiser(self, domains: Sequence[str]) -> GaussianDenoiser:
        return TARGET


def edit(method: Sdedit, nfe: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    """The edited sources and the noised ones, by Heun's method."""
    heun = load_registry().load(Kind.SOLVER, "heun")()
    assert isinstance(heun, Solver)
    return method.edit(SOURCE, TARGET, heun, nfe, Draw(0, IDS))


def test_output_is_the_flow_of_the_noised_image() -> None:
    made, noised = edit(Sdedit(level=1.0))
    exact = TARGET.flow(noised, 1.0, TARGET.sigma_min)
    assert torch.allclose(made, exact, atol=5e-3)


def test_little_noise_keeps_the_source_and_much_noise_forgets_it() -> None:
    levels = (0.02, 0.5, 5.0)
    distances = [(edit(Sdedit(level=x))[0] - SOURCE).abs().mean().item() for x in levels]
    assert distances[0] < 0.05
    assert distances == sorted(distances)


def test_shared_noise_is_the_same_for_all_items() -> None:
    _, noised = edit(Sdedit(level=1.0, noise=NoiseSharing.SHARED))
    noise = noised - SOURCE
    assert torch.allclose(noise[0], noise[1], atol=1e-6)
    _, noised = edit(Sdedit(level=1.0))
    noise = noised - SOURCE
    assert not torch.allclose(noise[0], noise[1], atol=0.1)


def test_a_combination_with_a_level_beyond_the_model_is_skipped() -> None:
    inside, beyond = Sdedit(level=10.0), Sdedit(level=11.0)
    parts = Parts(target_score=Gaussians())
    assert inside.skip_reason(Cell(inside, parts), SETTING) == ""
    assert "level=11" in beyond.skip_reason(Cell(beyond, parts), SETTING)
