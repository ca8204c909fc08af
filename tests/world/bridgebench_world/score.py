"""The exact denoiser of a Gaussian: D(x, sigma) = (std² x + sigma² mean)/(std² + sigma²)."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import ClassVar

import torch
from pydantic import Field

from bridgebench import ScoreModel
from bridgebench_world.images import STD, mean_of

LAST_VARIABLE = "BRIDGEBENCH_WORLD_LAST"
"""After how many batches through a model it stands still, so that a run can be stopped there."""


@dataclass(frozen=True)
class ExactDenoiser:
    means: torch.Tensor
    delay: float
    batches: Iterator[int]
    sigma_min: float = 0.02
    sigma_max: float = 80.0

    def __call__(self, x, sigma):
        if self.delay:
            time.sleep(self.delay)
        while next(self.batches) >= float(os.environ.get(LAST_VARIABLE, "inf")):
            time.sleep(0.1)
        variance = (sigma**2).view(-1, 1, 1, 1)
        return (STD**2 * x + variance * self.means.to(x)) / (STD**2 + variance)


@dataclass(frozen=True)
class ExactFamily:
    delay: float
    batches: Iterator[int] = field(default_factory=count)

    def denoiser(self, domains):
        means = torch.stack([mean_of(domain) for domain in domains])
        return ExactDenoiser(means, self.delay, self.batches)


class ExactScore(ScoreModel):
    """The exact denoiser of the world's images."""

    name: ClassVar[str] = "world_exact"
    domains: ClassVar[tuple[str, ...]] = ("red", "green")
    delay: float = Field(0.0, ge=0, description="seconds that each evaluation takes longer")

    @property
    def sigma_range(self):
        return (0.02, 80.0)

    def files(self):
        return {}

    def load(self, device, precision):
        return ExactFamily(self.delay)
