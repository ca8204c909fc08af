"""Raw networks to denoisers: the EDM, epsilon and velocity parametrizations.

All three give D(x, sigma) -> x0 in the variance-exploding state x = x0 + sigma·n. The network
itself may run in a lower precision; scaling and the skip stay in the state's dtype.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

RawNetwork = Callable[[Tensor, Tensor], Tensor]
"""(B, C, H, W) network input and (B,) noise input -> (B, C, H, W)."""


def over_images(values: Tensor, x: Tensor) -> Tensor:
    """(B,) -> (B, 1, 1, 1) in the dtype of `x`, to scale each image of `x`."""
    return values.to(x.dtype).view(-1, *([1] * (x.dim() - 1)))


@dataclass(frozen=True)
class EDMScaling:
    """The four coefficients of Karras et al., "Elucidating the design space", table 1.

    Each method takes sigma > 0 of any shape and keeps it.

    Attributes:
        sigma_data: standard deviation that the data are assumed to have.
    """

    sigma_data: float = 0.5

    def c_skip(self, sigma: Tensor) -> Tensor:
        """σd² / (σ² + σd²)."""
        return self.sigma_data**2 / (sigma**2 + self.sigma_data**2)

    def c_out(self, sigma: Tensor) -> Tensor:
        """σ·σd / sqrt(σ² + σd²)."""
        return sigma * self.sigma_data / (sigma**2 + self.sigma_data**2).sqrt()

    def c_in(self, sigma: Tensor) -> Tensor:
        """1 / sqrt(σ² + σd²)."""
        return 1.0 / (sigma**2 + self.sigma_data**2).sqrt()

    def c_noise(self, sigma: Tensor) -> Tensor:
        """ln(σ) / 4."""
        return sigma.log() / 4.0


@dataclass(frozen=True)
class EDMDenoiser:
    """D = c_skip·x + c_out·F(c_in·x, c_noise), for an EDM network F.

    Attributes:
        network: the raw network F.
        scaling: the coefficients it was trained with.
        sigma_min, sigma_max: the noise levels that it is good for.
    """

    network: RawNetwork
    scaling: EDMScaling
    sigma_min: float
    sigma_max: float

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """(B, C, H, W), (B,) -> x0, (B, C, H, W)."""
        scaling = self.scaling
        raw = self.network(over_images(scaling.c_in(sigma), x) * x, scaling.c_noise(sigma))
        skip = over_images(scaling.c_skip(sigma), x) * x
        return skip + over_images(scaling.c_out(sigma), x) * raw.to(x.dtype)


@dataclass(frozen=True)
class EpsilonDenoiser:
    """D = x - σ·ε(x / sqrt(1 + σ²), noise_input(σ)), for a network that predicts the noise.

    Attributes:
        network: the raw network, trained on the variance-preserving state.
        noise_input: (B,) sigma -> (B,) what the network takes as its noise level, a time say.
        sigma_min, sigma_max: the noise levels that it is good for.
    """

    network: RawNetwork
    noise_input: Callable[[Tensor], Tensor]
    sigma_min: float
    sigma_max: float

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """(B, C, H, W), (B,) -> x0, (B, C, H, W)."""
        scale = over_images((1.0 + sigma**2).rsqrt(), x)
        epsilon = self.network(scale * x, self.noise_input(sigma))
        return x - over_images(sigma, x) * epsilon.to(x.dtype)


@dataclass(frozen=True)
class VelocityDenoiser:
    """D = x/(1 + σ²) - σ·v/sqrt(1 + σ²), v = v(x / sqrt(1 + σ²), noise_input(σ)).

    Salimans and Ho, "Progressive distillation", ICLR 2022: v = α·ε - σ·x0 in variance-preserving
    terms.

    Attributes:
        network: the raw network, trained on the variance-preserving state.
        noise_input: (B,) sigma -> (B,) what the network takes as its noise level, a time say.
        sigma_min, sigma_max: the noise levels that it is good for.
    """

    network: RawNetwork
    noise_input: Callable[[Tensor], Tensor]
    sigma_min: float
    sigma_max: float

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """(B, C, H, W), (B,) -> x0, (B, C, H, W)."""
        alpha = (1.0 + sigma**2).rsqrt()
        scale = over_images(alpha, x)
        velocity = self.network(scale * x, self.noise_input(sigma)).to(x.dtype)
        return scale * scale * x - over_images(sigma * alpha, x) * velocity


@dataclass(frozen=True)
class Guide:
    """Guidance that a conditional network learns, so that it costs nothing when it is used.

    The target moves away from what the network says without the condition: at the optimum
    D = D_null + (D_cond - D_null) / (1 - strength), which is classifier-free guidance of weight
    1 / (1 - strength) in one evaluation. Tang et al., "Diffusion models without classifier-free
    guidance" (2025).

    Attributes:
        unconditional: the same raw network under the null label.
        strength: in [0, 1).
    """

    unconditional: RawNetwork
    strength: float


def edm_loss(
    network: RawNetwork,
    clean: Tensor,
    noise: Tensor,
    sigma: Tensor,
    scaling: EDMScaling,
    guide: Guide | None = None,
) -> Tensor:
    """The denoising loss with EDM's weight, which makes it a plain squared error on F.

    Args:
        network: the raw network F.
        clean: (B, C, H, W) images.
        noise: (B, C, H, W) standard normal.
        sigma: (B,), > 0.
        scaling: the coefficients.
        guide: what the target is moved away from, if anything.

    Returns:
        A scalar in float32, about 1 for a network that returns 0.
    """
    noisy = clean + over_images(sigma, clean) * noise
    target = (clean - over_images(scaling.c_skip(sigma), clean) * noisy) / over_images(
        scaling.c_out(sigma), clean
    )
    scaled, c_noise = over_images(scaling.c_in(sigma), clean) * noisy, scaling.c_noise(sigma)
    raw = network(scaled, c_noise)
    if guide is not None:
        with torch.no_grad():
            away = raw.float() - guide.unconditional(scaled, c_noise).float()
            target = target + guide.strength * away
    return torch.nn.functional.mse_loss(raw.float(), target)
