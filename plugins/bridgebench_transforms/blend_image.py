"""A weighted mean of the source image and its latent."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import Transform

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Draw


class BlendImage(Transform):
    """Blend the source image into its latent: p·x + (1-p)·z."""

    name: ClassVar[str] = "blend_image"

    p: float = Field(ge=0, le=1, description="the weight of the source image")

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        """p·x + (1-p)·z, (B, C, H, W), with x the source image in [-1, 1]."""
        return z.lerp(x.to(z), self.p)
