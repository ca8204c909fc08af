"""The exact mean of the clean image over colored digits, without a network.

The mean of a finite set of clean images given x = x0 + σ·n is their average, weighted by the
likelihood of each; over the hue of each digit it is an integral in closed form (see exact_hue).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from bridgebench_cmnist.exact.hue import LARGEST, MIDDLE, sextant_peaks, truncated

BLOCK = 2_048
"""Digits at once: memory does not grow with their number."""

NEGLIGIBLE = 50.0
"""Colors whose log likelihood is this far below the best are left out: together, for 60,000 digits
in six sextants, they weigh less than float64 can tell."""

_MARGIN = 2
_SIDE = 28


@dataclass(frozen=True)
class ColoredDigits:
    """Digits in every hue.

    grey     (N, 784) uint8
    energy   (N,) float64, the sum of squares of each in [0, 1]
    """

    grey: Tensor
    energy: Tensor

    @classmethod
    def of(cls, grey: Tensor) -> ColoredDigits:
        """The digits (N, 28, 28) uint8, on their device."""
        flat = grey.flatten(1)
        parts = [(part.double() / 255).square().sum(1) for part in torch.split(flat, BLOCK)]
        return cls(flat, torch.cat(parts))

    def posterior_mean(self, x: Tensor, sigma: float) -> Tensor:
        """The mean clean image given x = x0 + σ·n, with digit and hue uniform.

        Args:
            x: (B, 3, 32, 32), any floating dtype.
            sigma: the noise level, above 0.

        Returns:
            (B, 3, 32, 32) in the dtype of `x`, computed in float64; the margin is -1.
        """
        inner = slice(_MARGIN, _MARGIN + _SIDE)
        y = x[:, :, inner, inner].double().flatten(2) + 1  # (B, 3, 784)
        running = _Running.empty(y)
        blocks = zip(torch.split(self.grey, BLOCK), torch.split(self.energy, BLOCK), strict=True)
        for grey, energy in blocks:
            running = _with_block(running, y, grey.double() / 255, energy, sigma)
        mean = 2 * running.total / running.mass[:, None, None] - 1
        out = torch.full_like(x, -1.0)
        out[:, :, inner, inner] = mean.view(len(x), 3, _SIDE, _SIDE).to(x.dtype)
        return out


@dataclass(frozen=True)
class _Running:
    """A weighted sum in progress, over the largest weight so far.

    top     (B,) the largest log likelihood
    mass    (B,) the sum of the weights
    total   (B, 3, 784) the weighted sum of colored digits in [0, 1]
    """

    top: Tensor
    mass: Tensor
    total: Tensor

    @classmethod
    def empty(cls, y: Tensor) -> _Running:
        return cls(y.new_full((len(y),), -torch.inf), y.new_zeros(len(y)), torch.zeros_like(y))


def _with_block(
    running: _Running, y: Tensor, value: Tensor, energy: Tensor, sigma: float
) -> _Running:
    """The sum with a block of digits, (n, 784) in [0, 1], added in all their hues."""
    products = (y.flatten(0, 1) @ value.T).view(len(y), 3, -1)  # (B, 3, n)
    mean, log_peak = sextant_peaks(products, energy, sigma)  # (B, 6, n)
    floor = torch.maximum(running.top, log_peak.amax((1, 2)) - NEGLIGIBLE) - NEGLIGIBLE
    kept = log_peak > floor[:, None, None]
    deviation = (sigma / (2 * energy.sqrt())).expand_as(mean)[kept]
    log_mass, t = truncated(mean[kept], deviation)
    log_weight = torch.full_like(log_peak, -torch.inf)
    log_weight[kept] = log_peak[kept] + log_mass
    middle = torch.zeros_like(log_peak)
    middle[kept] = t
    top = torch.maximum(running.top, log_weight.amax((1, 2)))
    weight = (log_weight - top[:, None, None]).exp()
    colors = torch.zeros_like(products)  # (B, 3, n)
    colors.index_add_(1, torch.tensor(LARGEST, device=y.device), weight)
    colors.index_add_(1, torch.tensor(MIDDLE, device=y.device), weight * middle)
    seen = kept.any(0).any(0)  # (n,) digits that weigh anything for any image
    added = colors[:, :, seen].flatten(0, 1) @ value[seen]
    fade = (running.top - top).exp()
    return _Running(
        top,
        running.mass * fade + weight.sum((1, 2)),
        running.total * fade[:, None, None] + added.view_as(y),
    )
