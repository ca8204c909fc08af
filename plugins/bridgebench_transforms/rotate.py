"""Rotation of the image or of the latent about its center."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from bridgebench import Transform
from bridgebench_transforms.planes import height_and_width

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Draw


class Interpolation(StrEnum):
    """How a value between pixels is found."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"


class Fill(StrEnum):
    """What the corners are filled with that no pixel is turned into."""

    ZERO = "zero"
    BLACK = "black"

    @property
    def level(self) -> float:
        """The fill on the scale of images in [-1, 1]."""
        return 0.0 if self is Fill.ZERO else -1.0


Angle = Annotated[
    float, Field(ge=-360, le=360, description="degrees by which it is turned counterclockwise")
]
HowInterpolated = Annotated[
    Interpolation, Field(description="nearest: the nearest pixel; bilinear: between four pixels")
]
HowFilled = Annotated[
    Fill, Field(description="the corners: zero, which is grey in an image, or black, which is -1")
]


def rotate(x: Tensor, angle: float, interpolation: Interpolation, fill: Fill) -> Tensor:
    """Turn (B, C, H, W) counterclockwise by `angle` degrees about the center; the size stays.

    UsageError for items of another shape.
    """
    import torch
    from torch.nn import functional as F

    height, width = height_and_width(x, "a rotation")
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    # from output to input coordinates, each axis on [-1, 1], hence the aspect ratios
    theta = [[cos, -sin * height / width, 0.0], [sin * width / height, cos, 0.0]]
    grid = F.affine_grid(
        torch.tensor(theta, dtype=x.dtype, device=x.device)[None],
        [1, *x.shape[1:]],
        align_corners=False,
    )
    turned = F.grid_sample(
        x - fill.level,
        grid.expand(len(x), -1, -1, -1),
        mode=interpolation.value,
        padding_mode="zeros",
        align_corners=False,
    )
    return turned + fill.level


class RotateImage(Transform):
    """Rotate the source image before it is encoded."""

    name: ClassVar[str] = "rotate_image"

    angle: Angle = 60.0
    interpolation: HowInterpolated = Interpolation.NEAREST
    fill: HowFilled = Fill.ZERO

    def image(self, x: Tensor, draw: Draw) -> Tensor:
        """The turned image, (B, C, H, W)."""
        return rotate(x, self.angle, self.interpolation, self.fill)


class RotateLatent(Transform):
    """Rotate the latent."""

    name: ClassVar[str] = "rotate_latent"

    angle: Angle = 60.0
    interpolation: HowInterpolated = Interpolation.NEAREST
    fill: HowFilled = Fill.ZERO

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        """The turned latent, (B, C, H, W)."""
        return rotate(z, self.angle, self.interpolation, self.fill)
