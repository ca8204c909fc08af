"""The learned flow as a score model, so that a run loads it once and counts its evaluations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import torch

from bridgebench import DenoiserFamily, Precision, ScoreModel
from bridgebench.toolkit.nn.weights import checked_sha256
from bridgebench_otcfm.velocity import SIGMA_MAX, FlowDenoiser
from bridgebench_otcfm.weights import load_flow

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench.toolkit.nn.unet import UNet

ALL = "all"
"""The one domain of a flow: which domains it leads between, the method checks beforehand."""

_DTYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class FlowFamily:
    """A flow in memory: its network on its device, in the precision it computes in."""

    network: UNet
    sigma_min: float

    def denoiser(self, domains: Sequence[str]) -> FlowDenoiser:
        """The denoiser of a batch; the flow is one for all images."""
        parameter = self.network.head.weight

        def velocity(x: Tensor, noise: Tensor) -> Tensor:
            x = x.to(parameter.dtype, memory_format=torch.channels_last)
            # One time for all images is faster; on a GPU to look would make the CPU wait.
            alike = noise.device.type == "cpu" and bool((noise == noise[0]).all())
            out: Tensor = self.network(x, noise[:1] if alike else noise)
            return out

        return FlowDenoiser(velocity, self.sigma_min)


class Flow(ScoreModel):
    """Where the path through an image ends: D(x; σ) = x + σ·v, with σ from 1 to 0."""

    name: ClassVar[str] = "otcfm_flow"
    domains: ClassVar[tuple[str, ...]] = (ALL,)

    weights: Path
    sigma_min: float

    @property
    def sigma_range(self) -> tuple[float, float]:
        """(sigma_min, 1)."""
        return self.sigma_min, SIGMA_MAX

    def files(self) -> Mapping[str, str]:
        """The weights file and its sha256, checked; IntegrityError if it was altered."""
        return {self.weights.name: checked_sha256(self.weights)}

    def load(self, device: torch.device, precision: Precision) -> DenoiserFamily:
        """The network on `device`; IntegrityError for a file that does not fit."""
        network = load_flow(self.weights)
        network.to(device, _DTYPES[precision]).to(memory_format=torch.channels_last)
        return FlowFamily(network, self.sigma_min)
