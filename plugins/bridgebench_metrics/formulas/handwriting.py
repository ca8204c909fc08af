"""Two traits of handwriting, read off the values of an image: slant and stroke thickness."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

LEAST_INK = 0.05
"""Values below it are background: the faint haze of a network would count as ink by its area."""

FLAT = 1e-3
"""A plane's values change by less than this share of themselves from pixel to pixel: by less than
the steps of an 8-bit image."""


class Handwriting(NamedTuple):
    """The traits of each image of a batch, NaN for an image without strokes.

    slant      (B,) float64, horizontal shift per vertical step, positive where strokes lean right
    thickness  (B,) float64, the mean width of the strokes in pixels
    ink        (B,) float64, the sum of the values, 0 where there is none
    """

    slant: Tensor
    thickness: Tensor
    ink: Tensor


def handwriting(value: Tensor) -> Handwriting:
    """The traits of (B, H, W) values in [0, 1], bright strokes on black.

    slant = μ_xy/μ_yy, the second moments of the ink about its center, x to the right, y upwards.
    thickness = 2·Σa/Σ|∇a|: a stroke has two edges, and across each the value rises once by the
    height of the stroke. ∇a is taken in the cells between four pixels, each derivative as the mean
    of its two differences, so that a line of one pixel has its two edges and no direction is
    preferred.

    An image without ink has neither trait. Nor has a plane, which has no edges, nor ink in a single
    row of pixels, which has no height.

    >>> bar = torch.zeros(1, 32, 32)
    >>> bar[:, 4:28, 10:14] = 1.0
    >>> round(handwriting(bar).thickness.item(), 1), handwriting(bar).slant.abs().item()
    (3.5, 0.0)
    """
    ink = torch.where(value < LEAST_INK, 0.0, value.double())
    mass, edges = ink.sum(dim=(1, 2)), _edges(ink)
    shift, height = _moments(ink)
    strokes = (height > 0) & (edges > FLAT * mass)
    slant = torch.where(strokes, shift / height, torch.nan)
    return Handwriting(slant, torch.where(strokes, 2 * mass / edges, torch.nan), mass)


def _moments(ink: Tensor) -> tuple[Tensor, Tensor]:
    """μ_xy and μ_yy of (B, H, W) ink: two of (B,), 0 without ink."""
    rows, columns = ink.shape[1:]
    y = (rows - 1) / 2 - torch.arange(rows, dtype=ink.dtype)  # upwards
    x = torch.arange(columns, dtype=ink.dtype) - (columns - 1) / 2
    mass = ink.sum(dim=(1, 2)).clamp(min=torch.finfo(ink.dtype).tiny)
    by_row, along = ink.sum(dim=2), ink @ x
    y_mean, x_mean = by_row @ y / mass, along.sum(dim=1) / mass
    return along @ y / mass - x_mean * y_mean, by_row @ y.square() / mass - y_mean.square()


def _edges(ink: Tensor) -> Tensor:
    """Σ|∇a| of (B, H, W): (B,)."""
    down, right = ink.diff(dim=1), ink.diff(dim=2)
    vertical = (down[:, :, 1:] + down[:, :, :-1]) / 2
    horizontal = (right[:, 1:] + right[:, :-1]) / 2
    return torch.hypot(vertical, horizontal).sum(dim=(1, 2))
