"""Gaussian blur of the image or of the latent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from bridgebench import Transform
from bridgebench_transforms.planes import height_and_width

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from bridgebench import Draw

TRUNCATE = 4.0
"""Standard deviations after which the kernel is cut off."""

Sigma = Annotated[
    float, Field(gt=0, le=100, description="the standard deviation of the blur, in pixels")
]
Divisor = Annotated[float, Field(gt=0, description="what the blurred pixels are divided by")]


def gaussian_kernel(sigma: float) -> list[float]:
    """Weights that sum to 1, out to TRUNCATE standard deviations on both sides.

    >>> [round(weight, 4) for weight in gaussian_kernel(0.25)]
    [0.0003, 0.9993, 0.0003]
    """
    radius = int(TRUNCATE * sigma + 0.5)
    weights = [math.exp(-0.5 * (i / sigma) ** 2) for i in range(-radius, radius + 1)]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def reflected(size: int, radius: int, device: torch.device) -> Tensor:
    """Where each of -radius … size + radius - 1 falls when the border is a mirror.

    The pixel at the border is doubled (d c b a | a b c d | d c b a): `reflect` in SciPy,
    `symmetric` in NumPy. It is not what PyTorch pads with under the name `reflect`.

    >>> import torch
    >>> reflected(3, 2, torch.device("cpu")).tolist()
    [1, 0, 0, 1, 2, 2, 1]
    """
    import torch

    places = torch.arange(-radius, size + radius, device=device) % (2 * size)
    return torch.minimum(places, 2 * size - 1 - places)


def gaussian_blur(x: Tensor, sigma: float) -> Tensor:
    """Blur (B, C, H, W) by `sigma` pixels along height and width.

    A sum of shifted copies rather than a convolution, so that an item gets the same bits in any
    batch. UsageError for items of another shape.
    """
    import torch

    kernel = gaussian_kernel(sigma)
    for dim, size in zip((-2, -1), height_and_width(x, "a blur"), strict=True):
        padded = x.index_select(dim, reflected(size, len(kernel) // 2, x.device))
        blurred = torch.zeros_like(x)
        for shift, weight in enumerate(kernel):
            blurred.add_(padded.narrow(dim, shift, size), alpha=weight)
        x = blurred
    return x


class BlurImage(Transform):
    """Blur the source image before it is encoded, and raise its contrast again."""

    name: ClassVar[str] = "blur_image"

    sigma: Sigma = 2.0
    divisor: Divisor = 0.6

    def image(self, x: Tensor, draw: Draw) -> Tensor:
        """blur(x)/divisor, (B, C, H, W); not clamped."""
        return gaussian_blur(x, self.sigma) / self.divisor


class BlurLatent(Transform):
    """Blur the latent, and raise its contrast again."""

    name: ClassVar[str] = "blur_latent"

    sigma: Sigma = 2.0
    divisor: Divisor = 0.6

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        """blur(z)/divisor, (B, C, H, W)."""
        return gaussian_blur(z, self.sigma) / self.divisor
