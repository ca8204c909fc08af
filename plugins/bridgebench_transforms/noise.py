"""The fixed noise: one draw for each seed, the same for every image."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Draw


def fixed_noise(z: Tensor, draw: Draw) -> Tensor:
    """The seed's standard normal noise for items like those of `z`: (C, H, W), on its device."""
    return draw.shared("fixed_noise", z.shape[1:]).to(z)
