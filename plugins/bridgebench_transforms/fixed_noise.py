"""A latent plus the fixed noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch
from pydantic import Field

from bridgebench import Transform
from bridgebench_transforms.noise import fixed_noise

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Draw


class FixedNoise(Transform):
    """Add c times a noise that is the same for every image."""

    name: ClassVar[str] = "fixed_noise"

    c: float = Field(ge=0, description="what the noise, of unit variance, is multiplied by")

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        """z + c·noise, (B, C, H, W)."""
        return torch.add(z, fixed_noise(z, draw), alpha=self.c)
