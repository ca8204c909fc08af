"""Gaussian domains, whose denoisers and whose DDIB map are known in closed form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from bridgebench import (
    Axis,
    Batch,
    Cell,
    Chain,
    Denoiser,
    Method,
    Parts,
    Precision,
    ScoreModel,
    Setting,
    Solver,
    Stage,
    Transform,
    Translation,
)
from bridgebench_solvers.heun import Heun
from bridgebench_transforms.identity import Identity

MEANS = {"digit:1": -0.3, "digit:2": -0.1, "digit:7": 0.2, "digits": -0.2}
SHAPE = (3, 6, 5)
SETTING = Setting(
    "not_digit:7", "digits", ("digit:1", "digit:2"), "digit:7", SHAPE, low=-1.0, high=1.0
)
SIGMA_MIN = 0.02


@dataclass(frozen=True)
class GaussianDenoiser:
    mean: Tensor
    std: float
    sigma_min: float
    sigma_max: float
    overshoot: float

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        assert len(x) == len(self.mean)
        sigma = sigma.view(-1, 1, 1, 1)
        s2, sigma2 = self.std**2, sigma**2
        return (s2 * x + sigma2 * self.mean) / (s2 + sigma2) + self.overshoot * (sigma > 1)


@dataclass(frozen=True)
class GaussianFamily:
    std: float
    sigma_max: float
    overshoot: float

    def denoiser(self, domains: Sequence[str]) -> GaussianDenoiser:
        mean = torch.tensor([MEANS[domain] for domain in domains]).view(-1, 1, 1, 1)
        return GaussianDenoiser(mean, self.std, SIGMA_MIN, self.sigma_max, self.overshoot)


class Gaussians(ScoreModel):
    """N(mean of the domain, std²) in every pixel; `overshoot` spoils it above σ = 1."""

    name: ClassVar[str] = "gaussians"
    domains: ClassVar[tuple[str, ...]] = tuple(MEANS)
    std: float = 0.2
    sigma_max: float = 80.0
    overshoot: float = 0.0

    @property
    def sigma_range(self) -> tuple[float, float]:
        return SIGMA_MIN, self.sigma_max

    def files(self) -> Mapping[str, str]:
        return {"gaussians": f"std {self.std}"}

    def load(self, device: torch.device, precision: Precision) -> GaussianFamily:
        return GaussianFamily(self.std, self.sigma_max, self.overshoot)


@dataclass(frozen=True)
class Counted:
    """A denoiser that writes down how many images each evaluation had."""

    inner: Denoiser
    evaluated: list[int]

    @property
    def sigma_min(self) -> float:
        return self.inner.sigma_min

    @property
    def sigma_max(self) -> float:
        return self.inner.sigma_max

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        self.evaluated.append(len(x))
        return self.inner(x, sigma)


@dataclass
class RunContext:
    """A context that keeps what its denoisers were asked for and how often they ran."""

    setting: Setting = SETTING
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    evaluated: list[int] = field(default_factory=list)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def denoiser(self, score: ScoreModel, domains: Sequence[str]) -> Counted:
        self.asked.append(tuple(domains))
        return Counted(score.load(self.device, "fp32").denoiser(domains), self.evaluated)


def means_of(batch: Batch) -> Tensor:
    return torch.tensor([MEANS[domain] for domain in batch.domains]).view(-1, 1, 1, 1)


def cell_of(
    method: Method,
    *links: Transform,
    source: ScoreModel | None = None,
    target: ScoreModel | None = None,
    solver: Solver | None = None,
    nfe: int = 20,
) -> Cell:
    model = Gaussians()
    parts = Parts(
        source_score=(source or model) if Axis.SOURCE_SCORE in method.axes else None,
        target_score=target or model,
        solver=solver or Heun(),
        nfe=nfe,
        transform=Chain(links or (Identity(),)),
    )
    return Cell(method, parts)


def encode_stage(cell: Cell) -> Stage:
    (stage,) = cell.method.shared_stages(cell, SETTING)
    assert stage.name == "encode"
    return stage


def encode(cell: Cell, batch: Batch, context: RunContext) -> Tensor:
    """What the runner does: the stage gets what it declares, and nothing else."""
    limited = cell.for_stage(encode_stage(cell))
    return limited.method.run_stage(limited, batch, None, context)


def translate(cell: Cell, batch: Batch, context: RunContext | None = None) -> Translation:
    context = context or RunContext()
    translation = cell.method.translate(cell, batch, encode(cell, batch, context), context)
    assert isinstance(translation, Translation)
    return translation


def encode_decided_by(cell: Cell) -> object:
    """All that the encode gets to see of its cell."""
    stage = encode_stage(cell)
    limited = cell.for_stage(stage)
    options = {name: getattr(limited.method, name) for name in stage.options}
    return cell.method.name, options, limited.parts, stage.whole_run
