"""The V of HSV."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridgebench import Observed

if TYPE_CHECKING:
    from torch import Tensor


def hsv_value(images: Tensor) -> Tensor:
    """The largest channel of each pixel: (B, C, H, W) in [-1, 1] -> (B, H, W) in [0, 1].

    Values outside [-1, 1] are clamped first, as a viewer would.
    """
    return (images.clamp(-1.0, 1.0).amax(dim=1) + 1.0) / 2.0


def observed_value(observed: Observed) -> Tensor:
    """`hsv_value` of the outputs of a batch, computed once."""
    return observed.once("HSV value", lambda: hsv_value(observed.output))
