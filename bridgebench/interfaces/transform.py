"""Transforms: what is done to the image before the encode, or to the latent after it."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridgebench.interfaces.plugin import Plugin

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench.randomness import Draw


class Transform(Plugin, ABC):
    """Changes the image, the latent, or both. Each of the two does nothing unless overridden.

    A transform works on each item alone: its result for an item is the same in any batch. Random
    numbers come from `draw`, which knows the run's seed and the items of the batch.
    """

    def image(self, x: Tensor, draw: Draw) -> Tensor:
        """Change the source image `x`, (B, C, H, W) in [-1, 1], before it is encoded."""
        return x

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        """Change the unit latent `z`, (B, C, H, W), of about unit variance.

        `x` is the source image as it came, before any image stage.
        """
        return z

    @property
    def acts_on_image(self) -> bool:
        """Whether it has an image stage; transforms without one share the encode."""
        return type(self).image is not Transform.image


@dataclass(frozen=True)
class Chain:
    """Transforms one after the other, as `a+b` writes them: image stages, then latent ones."""

    links: tuple[Transform, ...]

    @property
    def spec(self) -> str:
        """The chain as people type it."""
        return "+".join(link.spec for link in self.links)

    @property
    def image_stage(self) -> Chain:
        """The links that act on the image: what an encode depends on."""
        return Chain(tuple(link for link in self.links if link.acts_on_image))

    def resolved(self) -> list[dict[str, Any]]:
        """Each link with every option, as JSON values."""
        return [link.resolved() for link in self.links]

    def image(self, x: Tensor, draw: Draw) -> Tensor:
        """The image stages in order, on (B, C, H, W)."""
        for link in self.links:
            x = link.image(x, draw)
        return x

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        """The latent stages in order, on (B, C, H, W)."""
        for link in self.links:
            z = link.latent(z, x, draw)
        return z
