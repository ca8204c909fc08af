"""Latents that alternate with something else on a checkerboard of 1-pixel cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from bridgebench import Transform
from bridgebench_transforms.fixed_noise import fixed_noise
from bridgebench_transforms.planes import height_and_width

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from bridgebench import Draw


def checkerboard(height: int, width: int, device: torch.device) -> Tensor:
    """(H, W) bool, true where row + column is even.

    >>> import torch
    >>> checkerboard(2, 3, torch.device("cpu")).int().tolist()
    [[1, 0, 1], [0, 1, 0]]
    """
    import torch

    rows = torch.arange(height, device=device)[:, None]
    columns = torch.arange(width, device=device)
    return (rows + columns) % 2 == 0


def _board(z: Tensor) -> Tensor:
    """The checkerboard of latents; UsageError where they are not (B, C, H, W)."""
    return checkerboard(*height_and_width(z, "a checkerboard"), z.device)


class CheckerImage(Transform):
    """Alternate source image and latent on a checkerboard of pixels.

    The image has the cells where row + column is even, the top left one among them.
    """

    name: ClassVar[str] = "checker_image"

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        """x on the even cells and z on the others, (B, C, H, W)."""
        import torch

        return torch.where(_board(z), x.to(z), z)


class CheckerNoise(Transform):
    """Alternate a fixed noise and the latent on a checkerboard of pixels.

    The noise, the same for every image, has the cells where row + column is even, the top left one
    among them.
    """

    name: ClassVar[str] = "checker_noise"

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        """The noise on the even cells and z on the others, (B, C, H, W)."""
        import torch

        return torch.where(_board(z), fixed_noise(z, draw), z)
