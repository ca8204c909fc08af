"""Where the latent that a method decodes comes from: its source, or a negative control."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from bridgebench.errors import PluginError
from bridgebench.interfaces.method import Stage
from bridgebench.toolkit.probability_flow import Latent

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench.interfaces.method import Batch, Context, Variant

NOISE = "latent"
"""The purpose of the noise: equal for all methods, so that their controls decode equal latents."""


class LatentOrigin(StrEnum):
    """What is decoded: the latent of the source, pure noise, or the latent of another source.

    The last two are negative controls. All else that a method knows of the source stays its own,
    so that what a control still achieves, the method owes to that and not to its latent.
    """

    SOURCE = "source"
    NOISE = "noise"
    SHUFFLED = "shuffled"

    @property
    def control(self) -> bool:
        """Whether it is a negative control, whose row has no rank."""
        return self is not LatentOrigin.SOURCE

    def stages(self, encode: Stage, decode: Stage) -> tuple[Stage, ...]:
        """The stages of a cell whose own encode and decode are these; noise needs no encode.

        >>> encode, decode = Stage("encode", {"nfe": 10}, 10), Stage("decode", {}, 10)
        >>> [stage.name for stage in LatentOrigin.NOISE.stages(encode, decode)]
        ['decode']
        >>> LatentOrigin.SHUFFLED.stages(encode, decode)[0].decided_by
        {'nfe': 10, 'latent': 'shuffled'}
        """
        match self:
            case LatentOrigin.SOURCE:
                return (encode, decode)
            case LatentOrigin.NOISE:
                return (decode,)
            case LatentOrigin.SHUFFLED:
                decided_by = {**encode.decided_by, "latent": self.value}
                return (replace(encode, decided_by=decided_by, whole_run=True), decode)

    def encoded(self, batch: Batch, context: Context) -> Batch:
        """The batch to encode for the items of `batch`: itself, or their partners."""
        return context.permuted(batch) if self is LatentOrigin.SHUFFLED else batch

    def shared(self, variant: Variant) -> Tensor:
        """What the encode gave; PluginError where a method is asked to decode without it."""
        if variant.shared is None:
            raise PluginError(
                f"method {variant.cell.method.name} was asked to translate without its encode; "
                "give each variant the result of the stage 'encode'"
            )
        return variant.shared

    def latent(self, variant: Variant, batch: Batch) -> Latent:
        """The unit latents of a batch, (B, C, H, W): as encoded, or noise of each item's own.

        Noise has nothing that a solver carries.
        """
        shape = batch.images.shape[1:]
        if self is LatentOrigin.NOISE:
            return Latent(batch.draw.each(NOISE, shape).to(batch.images))
        return Latent.unpacked(self.shared(variant), shape)


LatentOption = Annotated[
    LatentOrigin,
    Field(
        description="what is decoded. source: the latent of each image; negative controls, which "
        "have no rank: noise, pure noise; shuffled: the latent of another source image"
    ),
]
