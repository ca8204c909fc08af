"""Correlation over the pixels of two images."""

from __future__ import annotations

import torch
from torch import Tensor

from bridgebench_metrics.formulas.color import hsv_value

FLAT = 1e-6
"""A standard deviation of V below this is that of an image of one value."""


def shape_correlation(source: Tensor, output: Tensor) -> Tensor:
    """Pearson's correlation of V over the pixels: two (B, C, H, W) -> (B,) in [-1, 1].

    0 for a flat output, which keeps no shape; NaN for a flat source, which has none.
    """
    return value_correlation(centered(hsv_value(source)), centered(hsv_value(output)))


def value_correlation(first: Tensor, second: Tensor) -> Tensor:
    """`shape_correlation` of two centered (B, P) values."""
    covariance = (first * second).mean(dim=1)
    spread, other = (part.square().mean(dim=1).sqrt() for part in (first, second))
    correlation = covariance / (spread * other).clamp(min=FLAT**2)
    correlation = torch.where(other > FLAT, correlation.clamp(-1.0, 1.0), 0.0)
    return torch.where(spread > FLAT, correlation, torch.nan)


def centered(value: Tensor) -> Tensor:
    """V less its mean over the pixels: (B, H, W) -> (B, H·W) float64."""
    wide = value.double().flatten(1)
    return wide - wide.mean(dim=1, keepdim=True)
