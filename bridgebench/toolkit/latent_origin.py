"""Where the latent that a method decodes comes from: its source, or a negative control."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from bridgebench.interfaces.cell import Stage
from bridgebench.toolkit.probability_flow import Latent

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench.interfaces.method import Batch
    from bridgebench.interfaces.run_context import RunContext

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

    def stages(self, encode: Stage) -> tuple[Stage, ...]:
        """The shared stages of a method with the stage `encode`; noise needs none.

        >>> LatentOrigin.NOISE.stages(Stage("encode"))
        ()
        >>> LatentOrigin.SHUFFLED.stages(Stage("encode"))[0].whole_run
        True
        """
        if self is LatentOrigin.NOISE:
            return ()
        return (replace(encode, whole_run=self is LatentOrigin.SHUFFLED),)

    def encoded(self, batch: Batch, context: RunContext) -> Batch:
        """The batch to encode for the items of `batch`: itself, or their partners."""
        return context.permuted(batch) if self is LatentOrigin.SHUFFLED else batch

    def latent(self, shared: Tensor | None, batch: Batch) -> Latent:
        """The unit latents of a batch, (B, C, H, W): as encoded, or noise of each item's own.

        Noise has nothing that a solver carries.
        """
        shape = batch.images.shape[1:]
        if shared is None:
            return Latent(batch.draw.each(NOISE, shape).to(batch.images))
        return Latent.unpacked(shared, shape)


LatentOption = Annotated[
    LatentOrigin,
    Field(
        description="what is decoded. source: the latent of each image; negative controls, which "
        "have no rank: noise, pure noise; shuffled: the latent of another source image"
    ),
]
