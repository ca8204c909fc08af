"""Grey digits to colored images: one hue a digit, at full saturation, on black."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bridgebench.toolkit.color import hsv_to_rgb

IMAGE_SIZE = 32
_MARGIN = 2


def pad_digits(grey: NDArray[np.uint8]) -> Tensor:
    """(N, 28, 28) uint8 -> (N, 32, 32) float32 in [0, 1], centered by 2 black pixels."""
    margin = ((0, 0), (_MARGIN, _MARGIN), (_MARGIN, _MARGIN))
    return torch.from_numpy(np.pad(grey, margin)).float().div(255.0)


def color_values(value: Tensor, hues: Tensor) -> Tensor:
    """Color images of grey values: V is the grey value, S is 1, H is the image's hue.

    Args:
        value: (N, H, W) float32 in [0, 1].
        hues: (N,) degrees.

    Returns:
        (N, 3, H, W) float32 in [-1, 1]; a grey value of 0 stays black.

    Example:
        >>> color_values(torch.ones(1, 1, 1), torch.tensor([60.0])).flatten().tolist()
        [1.0, 1.0, -1.0]
    """
    if len(value) != len(hues):
        raise ValueError(f"{len(value)} images but {len(hues)} hues: give one hue an image")
    # At S = 1 a color is V times the pure color, which is computed once an image.
    one = torch.ones((), dtype=torch.float64)
    pure = hsv_to_rgb(hues.double(), one, one).float()  # (N, 3)
    return pure[:, :, None, None] * value[:, None] * 2.0 - 1.0


def color_digits(grey: NDArray[np.uint8], hues: NDArray[np.float64]) -> Tensor:
    """(N, 28, 28) uint8 and (N,) degrees -> (N, 3, 32, 32) float32 in [-1, 1]."""
    return color_values(pad_digits(grey), torch.from_numpy(hues))
