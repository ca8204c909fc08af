"""The DPM-Encoder and its decoder: a stochastic trajectory as a latent.

Wu and De la Torre, "A Latent Space of Stochastic Diffusion Models for Zero-Shot Image Editing and
Guidance", ICCV 2023, equations 5 to 8, in the state x̄ = x/α. A step of the stochastic sampler from
σ to σ' < σ is

    x̄' = D + sqrt(σ'² - s²)/σ·(x̄ - D) + s·ε,    s = η·σ'·sqrt(1 - σ'²/σ²)

which is DDPM at η = 1 and DDIM at η = 0. The last step, to σ = 0, has no noise and costs the
evaluation at the last level. What is kept of each step is s·ε and not ε, so that it is defined
there, too, and carries the difference between the image and the model's reconstruction of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import torch

from bridgebench.toolkit.probability_flow import latent_scale

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Denoiser, Noise


def encode(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    eta: float,
    noise: Noise,
) -> Tensor:
    """The latent of images `x`, (B, C, H, W): (B, 1 + K, C, H, W) for K falling noise levels.

    First the state at sigmas[0], then what each step added to the model's own mean, the last of
    them the step to 0. `noise(i)` is a standard normal draw shaped as `x`, for i from 0 to K - 1.
    """
    state = torch.add(x, noise(0), alpha=sigmas[0])
    kept = [state]
    for i, (sigma, sigma_next) in enumerate(pairwise((*sigmas, 0.0)), start=1):
        deviation = spread(sigma, sigma_next, eta)
        after = mean(x, state, sigma, sigma_next, deviation)
        if deviation > 0:
            after = torch.add(after, noise(i), alpha=deviation)
        D = denoiser(state, state.new_full((len(state),), sigma))
        kept.append(after - mean(D, state, sigma, sigma_next, deviation))
        state = after
    return torch.stack(kept, dim=1)


def pure_noise(sigmas: Sequence[float], eta: float, noise: Noise) -> Tensor:
    """The latent of no image: what the stochastic sampler draws when it sets out from noise.

    (B, 1 + K, C, H, W), as `encode` gives it: the state at sigmas[0], of the variance that states
    of unit images have there, then s·ε of each step, of which the last, to 0, has none.
    """
    kept = [noise(0) * latent_scale(sigmas[0])]
    for i, (sigma, sigma_next) in enumerate(pairwise((*sigmas, 0.0)), start=1):
        deviation = spread(sigma, sigma_next, eta)
        kept.append(deviation * noise(i) if deviation > 0 else torch.zeros_like(kept[0]))
    return torch.stack(kept, dim=1)


def decode(denoiser: Denoiser, latent: Tensor, sigmas: Sequence[float], eta: float) -> Tensor:
    """The images of a latent, (B, 1 + K, C, H, W), on the levels it was made on; not clamped."""
    state, *kept = latent.unbind(dim=1)
    for (sigma, sigma_next), added in zip(pairwise((*sigmas, 0.0)), kept, strict=True):
        D = denoiser(state, state.new_full((len(state),), sigma))
        state = mean(D, state, sigma, sigma_next, spread(sigma, sigma_next, eta)) + added
    return state


def spread(sigma: float, sigma_next: float, eta: float) -> float:
    """s, the standard deviation that a step adds.

    >>> spread(2.0, 1.0, 0.0), spread(2.0, 0.0, 1.0)
    (0.0, 0.0)
    """
    return eta * sigma_next * math.sqrt(1 - (sigma_next / sigma) ** 2)


def mean(x0: Tensor, state: Tensor, sigma: float, sigma_next: float, s: float) -> Tensor:
    """The mean of the state at σ' given the one at σ and the clean image, (B, C, H, W)."""
    return x0.lerp(state, math.sqrt(sigma_next**2 - s**2) / sigma)
