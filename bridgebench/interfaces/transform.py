"""Transforms: what is done to the image before the encode, or to the latent after it."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from bridgebench.errors import PluginError
from bridgebench.interfaces.plugin import Plugin
from bridgebench.isolation.calls import isolated, protected

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench.toolkit.randomness import Draw


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
            who = f"transform '{link.name}'"
            with protected(who, "image", x) as (given,), isolated(who):
                changed = link.image(given, draw)
            x = _like(x, changed, who)
        return x

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        """The latent stages in order, on (B, C, H, W)."""
        for link in self.links:
            who = f"transform '{link.name}'"
            with protected(who, "latent or image", z, x) as (latent, image), isolated(who):
                changed = link.latent(latent, image, draw)
            z = _like(z, changed, who)
        return z


def _like(before: Tensor, after: object, who: str) -> Tensor:
    """What a transform gave; PluginError unless it is a tensor of the same shape."""
    shape = getattr(after, "shape", None)
    if shape != before.shape:
        given = f"shape {tuple(shape)}" if shape is not None else f"a {type(after).__name__}"
        raise PluginError(f"{who} gave {given}, expected a tensor of shape {tuple(before.shape)}")
    return cast("Tensor", after)
