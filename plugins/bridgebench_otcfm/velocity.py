"""The velocity of straight paths, as the denoiser that every solver takes.

With x_t = (1 - t)·x0 + t·x1 and σ = 1 - t, the path is x = x1 + σ·(x0 - x1): the state of the
variance-exploding process with x0 - x1 in the place of the noise. Who knows the velocity v = dx/dt
predicts the end of the path, D(x; σ) = x + σ·v, and dx/dσ = (x - D)/σ = -v is the ODE that solvers
integrate, from σ = 1 at the source to σ = 0 at the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from bridgebench import Network, Precision
from bridgebench.toolkit.nn.preconditioning import RawNetwork, over_images
from bridgebench_otcfm.weights import load_flow

SIGMA_MAX = 1.0

_DTYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class VelocityFile:
    """Loads the velocity of a weights file."""

    path: Path

    def __call__(self, device: torch.device, precision: Precision) -> Network:
        """(B, C, H, W), (B,) of `noise_input` -> v; IntegrityError for a file that does not fit."""
        network = load_flow(self.path)
        network.to(device, _DTYPES[precision]).to(memory_format=torch.channels_last)

        def velocity(x: Tensor, noise: Tensor) -> Tensor:
            x = x.to(_DTYPES[precision], memory_format=torch.channels_last)
            # One time for all images is faster; on a GPU to look would make the CPU wait.
            alike = noise.device.type == "cpu" and bool((noise == noise[0]).all())
            out: Tensor = network(x, noise[:1] if alike else noise)
            return out

        return velocity


def noise_input(sigma: Tensor) -> Tensor:
    """What the network takes for σ in [0, 1]: the range of its embedding, [-1, 1].

    >>> import torch
    >>> noise_input(torch.tensor([0.0, 1.0])).tolist()
    [-1.0, 1.0]
    """
    return 2.0 * sigma - 1.0


@dataclass(frozen=True)
class FlowDenoiser:
    """D = x + σ·v(x, σ): where a straight path through `x` ends.

    Attributes:
        network: the velocity, (B, C, H, W) and (B,) of `noise_input` -> (B, C, H, W).
        sigma_min: the part of the way at which solvers stop, above 0.
        sigma_max: that of the source.
    """

    network: RawNetwork
    sigma_min: float
    sigma_max: float = SIGMA_MAX

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """(B, C, H, W), (B,) -> x1, (B, C, H, W) in the dtype of `x`."""
        velocity = self.network(x, noise_input(sigma)).to(x.dtype)
        return x + over_images(sigma, x) * velocity
