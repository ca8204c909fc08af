"""A generator as a score model, so that a run loads it once and counts its evaluations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import torch

from bridgebench import DenoiserFamily, Precision, ScoreModel
from bridgebench.toolkit.nn.weights import checked_sha256
from bridgebench_cyclegan.weights import load_pair

if TYPE_CHECKING:
    from torch import Tensor, nn

ALL = "all"
"""The one domain: which domains a generator leads between, the method checks beforehand."""

SIGMA = 1.0
"""The one noise level, which says nothing: a generator takes an image and nothing else."""

_DTYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Translator:
    """A generator in memory, as the denoiser of a batch and its family in one."""

    network: nn.Module
    dtype: torch.dtype
    sigma_min: float = SIGMA
    sigma_max: float = SIGMA

    def denoiser(self, domains: Sequence[str]) -> Translator:
        """The denoiser of a batch: one generator for all images."""
        return self

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """(B, C, H, W) -> the images of the other domain, in the dtype of `x`; no use of sigma."""
        with torch.no_grad():
            out: Tensor = self.network(x.to(self.dtype, memory_format=torch.channels_last))
        return out.to(x.dtype)


class Direction(ScoreModel):
    """One direction of a pair of generators."""

    name: ClassVar[str] = "cyclegan_generator"
    domains: ClassVar[tuple[str, ...]] = (ALL,)

    weights: Path
    direction: Literal["to_target", "to_source"]

    @property
    def sigma_range(self) -> tuple[float, float]:
        """The one level, twice."""
        return SIGMA, SIGMA

    def files(self) -> Mapping[str, str]:
        """The weights file and its sha256, checked; IntegrityError if it was altered."""
        return {self.weights.name: checked_sha256(self.weights)}

    def load(self, device: torch.device, precision: Precision) -> DenoiserFamily:
        """The network on `device`; IntegrityError for a file that does not fit."""
        network = load_pair(self.weights)[self.direction]
        dtype = _DTYPES[precision]
        network.to(device, dtype).to(memory_format=torch.channels_last)
        return Translator(network, dtype)
