"""The checks of bridgebench, and what SDEdit does on Gaussians, where the answer is known."""

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from bridgebench import Batch, Cell, Draw, Items, ScoreModel, Setting, Solver, Translation, Variant
from bridgebench.conformance import Conformance
from bridgebench.conformance.analytic import GaussianDenoiser
from bridgebench.conformance.bench import Bench
from bridgebench.plugins.registry import Kind, load_registry

from bridgebench_sdedit.sdedit import Noise, Sdedit

IDS = ("test/1", "test/2", "test/3")
TARGET = GaussianDenoiser(mean=0.3, std=0.2, sigma_min=0.01, sigma_max=10.0)


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


def edit(method: Sdedit, nfe: int = 40) -> tuple[torch.Tensor, Translation]:
    """Sources and their translations, by Heun's method."""
    heun = load_registry().load(Kind.SOLVER, "heun")()
    assert isinstance(heun, Solver)
    cell = Cell(method, None, Gaussians(), heun, nfe, None, seed=0)
    source = torch.linspace(-0.8, 0.2, 3).view(3, 1, 1, 1).expand(3, 1, 8, 8)
    batch = Batch(source, IDS, ("source",) * 3, Draw(0, IDS))
    (made,) = method.translate(batch, [Variant(cell, None)], RunContext())
    return source, made


class RunContext:
    """A context without a run."""

    setting = Setting("source", "source", ("source",), "target", (1, 8, 8), -1.0, 1.0)
    device = torch.device("cpu")

    def denoiser(self, score: ScoreModel, domains: Sequence[str]) -> GaussianDenoiser:
        return TARGET

    def permuted(self, batch: Batch) -> Batch:
        raise AssertionError("SDEdit asks for no other source")

    def real_targets(self) -> Items:
        raise AssertionError("SDEdit looks at no real target image")


def test_output_is_the_flow_of_the_noised_image() -> None:
    _, made = edit(Sdedit(level=1.0))
    assert made.latent is not None
    noised = made.latent * math.sqrt(2.0)
    exact = TARGET.flow(noised, 1.0, TARGET.sigma_min).clamp(-1, 1)
    assert torch.allclose(made.images, exact, atol=5e-3)


def test_little_noise_keeps_the_source_and_much_noise_forgets_it() -> None:
    distances = []
    for level in (0.02, 0.5, 5.0):
        source, made = edit(Sdedit(level=level))
        distances.append((made.images - source).abs().mean().item())
    assert distances[0] < 0.05
    assert distances == sorted(distances)


def test_shared_noise_is_the_same_for_all_items() -> None:
    source, made = edit(Sdedit(level=1.0, noise=Noise.SHARED))
    assert made.latent is not None
    noise = made.latent * math.sqrt(2.0) - source
    assert torch.allclose(noise[0], noise[1], atol=1e-6)
    source, made = edit(Sdedit(level=1.0))
    assert made.latent is not None
    noise = made.latent * math.sqrt(2.0) - source
    assert not torch.allclose(noise[0], noise[1], atol=0.1)


def test_a_level_out_of_the_models_range_is_impossible(bridgebench_bench: Bench) -> None:
    cell = Cell(Sdedit(level=11.0), None, Gaussians(), None, None, None, seed=0)
    assert "level=11" in Sdedit(level=11.0).skip_reason(cell, bridgebench_bench.setting)
    assert Sdedit(level=10.0).skip_reason(cell, bridgebench_bench.setting) == ""
