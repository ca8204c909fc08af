"""A broken score model for each check of score models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch
from bridgebench_world.images import STD, mean_of
from torch import Tensor

from bridgebench import DenoiserFamily, Precision, ScoreModel, UnknownName
from bridgebench.plugins.registry import Kind

LOW, HIGH = 0.02, 80.0


@dataclass
class Exact:
    """The exact denoiser of the world's images."""

    domains: Sequence[str]
    sigma_min: float = LOW
    sigma_max: float = HIGH

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        mean = torch.stack([mean_of(domain) for domain in self.domains]).to(x)
        s2, sigma2 = STD**2, sigma.view(-1, 1, 1, 1) ** 2
        return (s2 * x + sigma2 * mean) / (s2 + sigma2)


class Noise(Exact):
    """Gives the noise instead of the clean image."""

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return (x - super().__call__(x, sigma)) / sigma.view(-1, 1, 1, 1)


class SinglePrecision(Exact):
    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return super().__call__(x, sigma).float()


class InPlace(Exact):
    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return x.copy_(super().__call__(x, sigma))


class Overflows(Exact):
    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return super().__call__(x, sigma) + torch.log(HIGH / 2 - sigma).view(-1, 1, 1, 1)


class OneSigma(Exact):
    """Takes the first noise level for the whole batch."""

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return super().__call__(x, sigma[:1].expand(len(x)))


class Restless(Exact):
    calls = 0

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        self.calls += 1
        return super().__call__(x, sigma) + 0.01 * self.calls


class OtherRange(Exact):
    def __init__(self, domains: Sequence[str]) -> None:
        super().__init__(domains, sigma_max=70.0)


class World(ScoreModel):
    """A score model of the world, made of the denoiser that is named."""

    name: ClassVar[str] = "broken"
    domains: ClassVar[tuple[str, ...]] = ("red", "green")
    made_of: ClassVar[type[Exact]] = Exact

    @property
    def sigma_range(self) -> tuple[float, float]:
        return LOW, HIGH

    def files(self) -> Mapping[str, str]:
        return {}

    def load(self, device: torch.device, precision: Precision) -> DenoiserFamily:
        return self

    def denoiser(self, domains: Sequence[str]) -> Exact:
        return self.made_of(domains)


class Mute(World):
    """Does not say which domains there are."""

    def check_domain(self, domain: str) -> None:
        if domain not in self.domains:
            raise UnknownName("domain", domain, ())


class Eager(World):
    """Takes any domain."""

    def check_domain(self, domain: str) -> None:
        pass


class NoHash(World):
    """Names a file without its hash."""

    def files(self) -> Mapping[str, str]:
        return {"weights": ""}


class Elsewhere(World):
    """Knows domains that the task has not."""

    domains: ClassVar[tuple[str, ...]] = ("blue",)


def of(denoiser: type[Exact]) -> ScoreModel:
    class Broken(World):
        """A score model of the world, with that denoiser."""

        made_of: ClassVar[type[Exact]] = denoiser

    return Broken()


class Exits(Exact):
    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        raise SystemExit


BROKEN = [
    (of(Exits), "run", "would have ended the run with SystemExit"),
    (of(OtherRange), "sigma-range", "denoisers from 0.02 to 80; got (0.02, 70.0)"),
    (Mute(), "domains", "an error that names the domains there are"),
    (Eager(), "domains", "an error for the domain 'no such domain'; got none"),
    (of(SinglePrecision), "state", "torch.float64"),
    (of(InPlace), "inputs", "the input `x` to be left as it is"),
    (of(Noise), "denoising", "clean images (x0), not noise"),
    (Elsewhere(), "denoising", "a task whose dataset has one of the domains blue"),
    (of(Overflows), "finite", "images denoised at sigma=80 in fp32 without NaN"),
    (of(OneSigma), "batch-independence", "the same image of red alone as in a batch"),
    (of(Restless), "repeatability", "the same images at the second call"),
    (NoHash(), "files", "the sha256 of 'weights'"),
]


@pytest.mark.parametrize(("broken", "check", "said"), BROKEN)
def test_a_broken_score_model_is_caught(broken, check, said, caught):
    assert said in caught(Kind.SCORE, check, broken)


def test_a_sound_one_passes(passes):
    passes(Kind.SCORE, World())


def test_every_check_has_a_broken_score_model():
    from bridgebench.conformance import score

    named = {function.__name__.replace("_", "-") for function in score.CHECKS}
    assert named == {check for _, check, _ in BROKEN}
