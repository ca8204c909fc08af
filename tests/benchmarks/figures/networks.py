"""The U-Net of the shipped score models' kind, plain and as runs use it, on the CPU."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from bridgebench.plan.machine import computes_bf16
from bridgebench.toolkit.nn.preconditioning import EDMDenoiser, EDMScaling
from bridgebench.toolkit.nn.unet import UNet, UNetConfig
from figures.ratio import Ratio, Reach, in_turns

CONFIG = UNetConfig(classes=10)
SIGMA_RANGE = (0.02, 80.0)


@dataclass(frozen=True)
class Plain:
    """The network in float32 and NCHW, as one gets it from a paper's code."""

    network: UNet

    def __call__(self, x: Tensor, c_noise: Tensor) -> Tensor:
        """(B, C, H, W), (B,) -> (B, C, H, W)."""
        out: Tensor = self.network(x, c_noise, torch.full((len(x),), 7))
        return out


@dataclass(frozen=True)
class Fast:
    """The network at precision=auto, channels last, one noise level and label for all images."""

    network: UNet

    def __call__(self, x: Tensor, c_noise: Tensor) -> Tensor:
        """(B, C, H, W), (B,) -> (B, C, H, W)."""
        scaled = x.to(self.network.head.weight.dtype, memory_format=torch.channels_last)
        out: Tensor = self.network(scaled, c_noise[:1], torch.full((1,), 7))
        return out


def plain_network() -> Plain:
    """The plain network; time does not depend on the weights."""
    return Plain(_network())


def fast_network() -> Fast:
    """The fast network."""
    bf16 = computes_bf16("cpu")
    network = _network().to(torch.bfloat16 if bf16 else torch.float32)
    return Fast(network.to(memory_format=torch.channels_last))


def fast_denoiser() -> EDMDenoiser:
    """A denoiser as runs use it."""
    return EDMDenoiser(fast_network(), EDMScaling(), *SIGMA_RANGE)


def states(batch: int) -> Tensor:
    """(batch, 3, 32, 32) standard normal."""
    return torch.randn(batch, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@torch.inference_mode()
def network_speed(batch: int, rounds: int) -> Ratio:
    """An evaluation, plain over fast."""
    x, c_noise = states(batch), torch.zeros(batch)
    plain, fast = plain_network(), fast_network()
    return in_turns(
        "eager float32 NCHW network / the fast path",
        Reach.at_least(1.7),
        lambda: plain(x, c_noise),
        lambda: fast(x, c_noise),
        rounds,
    )


def _network() -> UNet:
    return UNet(CONFIG).eval().requires_grad_(False)
