"""A latent plus the fixed noise: one draw for each seed, the same for every image."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import Transform

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Draw


def fixed_noise(z: Tensor, draw: Draw) -> Tensor:
    """The seed's standard normal noise for items like those of `z`: (C, H, W), on its device."""
    return draw.shared("fixed_noise", z.shape[1:]).to(z)


class FixedNoise(Transform):
    """Add c times a noise that is the same for every image."""

    name: ClassVar[str] = "fixed_noise"

    c: float = Field(ge=0, description="what the noise, of unit variance, is multiplied by")

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        """z + c·noise, (B, C, H, W)."""
        return z.add(fixed_noise(z, draw), alpha=self.c)
