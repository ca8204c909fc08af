"""The posterior of a hue given one digit, exactly: six truncated Gaussians.

At full saturation a color is an ordered pair of channels and a number: the largest channel is V,
the middle one t·V with t in [0, 1], and the smallest 0. Six such pairs, the sextants of the hue,
make the circle, and in each of them t is linear in the hue. So for a hue uniform on the circle the
sextant is uniform, t is uniform on [0, 1], and an image is linear in t.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

LARGEST = (0, 0, 1, 1, 2, 2)
MIDDLE = (1, 2, 0, 2, 0, 1)
"""The channel that is V and the channel that is t·V, for each sextant."""


class SextantPeak(NamedTuple):
    """The largest log likelihood in each sextant; (..., 6, N) each.

    mean       of the Gaussian in t, before it is cut to [0, 1]
    log_peak   the largest log likelihood over t in [0, 1], up to a constant of the image
    """

    mean: Tensor
    log_peak: Tensor


def sextant_peaks(products: Tensor, energy: Tensor, sigma: float) -> SextantPeak:
    """The likelihood of each sextant as a Gaussian in t.

    With y = x + 1, r_c the inner product of channel c of y and V, and q = |V|², the squared
    distance of y from the digit in the color (1, t) is |y|² - 4 (r_largest + t r_middle) +
    4q (1 + t²), so that the log likelihood is (2/σ²)(r_largest - q + t r_middle - q t²).

    Args:
        products: (B, 3, N) r of B images and N digits.
        energy: (N,) q.
        sigma: the noise level.
    """
    largest, middle = products[:, LARGEST], products[:, MIDDLE]  # (B, 6, N)
    mean = middle / (2 * energy)
    t = mean.clamp(0.0, 1.0)
    log_peak = (2 / sigma**2) * (largest - energy + t * (middle - energy * t))
    return SextantPeak(mean, log_peak)


def truncated(mean: Tensor, deviation: Tensor) -> tuple[Tensor, Tensor]:
    """The mass and the mean of a Gaussian cut to [0, 1].

    Args:
        mean: any shape, float64.
        deviation: the same shape, above 0.

    Returns:
        The logarithm of ∫₀¹ exp(-(t - mean)²/2s²) dt over the largest value of the integrand on
        [0, 1], and the mean of t. Both keep their precision however far the mean is outside.

    Example:
        >>> half = torch.tensor(0.5, dtype=torch.float64)
        >>> log_mass, t = truncated(half, 100 * half)
        >>> round(log_mass.item(), 4), t.item()
        (-0.0, 0.5)
    """
    mirrored = mean > 0.5
    m = torch.where(mirrored, 1 - mean, mean)  # at most 1/2
    a, b = -m / deviation, (1 - m) / deviation
    drop = torch.exp((m - 0.5) / deviation**2)  # the density at 1 over that at 0
    root = math.sqrt(0.5)
    outside = torch.special.erfcx(a.clamp(min=0.0) * root) - drop * torch.special.erfcx(b * root)
    inside = torch.erf(b * root) - torch.erf(a * root)
    is_outside = m < 0
    mass = math.sqrt(math.pi / 2) * deviation * torch.where(is_outside, outside, inside)
    at_zero = torch.where(is_outside, 0.0, -0.5 * a**2).exp()
    t = m + deviation**2 * at_zero * (1 - drop) / mass
    return mass.log(), torch.where(mirrored, 1 - t, t)
