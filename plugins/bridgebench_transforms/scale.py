"""A latent times a constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import Transform

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Draw


class Scale(Transform):
    """Multiply the latent by c."""

    name: ClassVar[str] = "scale"

    c: float = Field(gt=0, description="the factor, above 0")

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        """c·z, (B, C, H, W)."""
        return self.c * z
