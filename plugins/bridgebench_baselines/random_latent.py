"""A target image generated from noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import (
    Axis,
    Batch,
    Cell,
    Context,
    Method,
    Setting,
    Stage,
    Supervision,
    Translation,
    Variant,
    needed,
)
from bridgebench.toolkit.probability_flow import ClippedDenoiser, decode

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import ScoreModel


class RandomLatent(Method):
    """A decode of pure noise, which knows nothing of the source: what an encode must beat.

    The noise is a unit latent of its own for each item. Outputs are clamped to the
    range of the task's items.
    """

    name: ClassVar[str] = "random_latent"
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TARGET_SCORE, Axis.SOLVER, Axis.NFE})
    supervision: ClassVar[Supervision] = Supervision.UNPAIRED
    baseline: ClassVar[bool] = True
    family: ClassVar[str] = "baseline"
    license: ClassVar[str] = "Apache-2.0"

    clip: bool = Field(True, description="clamp the denoiser's output to the range")
    last_step: bool = Field(
        False,
        description="end with a denoising step from sigma_min to 0: one network evaluation beyond "
        "the budget",
    )

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        """The target domain."""
        return ((needed(cell.target_score, Axis.TARGET_SCORE), setting.target),)

    def stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        """One stage."""
        evaluations = needed(cell.nfe, Axis.NFE) + self.last_step
        return (Stage("translate", cell.resolved(), evaluations),)

    def translate(
        self, batch: Batch, variants: Sequence[Variant], context: Context
    ) -> Sequence[Translation]:
        """Decode the noise of each item with each variant's model, solver and budget."""
        z = batch.draw.each("random_latent", batch.images.shape[1:]).to(batch.images)
        return [self._decode(variant.cell, z, context) for variant in variants]

    def _decode(self, cell: Cell, z: Tensor, context: Context) -> Translation:
        score = needed(cell.target_score, Axis.TARGET_SCORE)
        denoiser = context.denoiser(score, (context.setting.target,) * len(z))
        low, high = context.setting.low, context.setting.high
        x = decode(
            ClippedDenoiser(denoiser, low, high) if self.clip else denoiser,
            needed(cell.solver, Axis.SOLVER),
            z,
            needed(cell.nfe, Axis.NFE),
            last_step=self.last_step,
        )
        return Translation(x.clamp(low, high), latent=z, changed=z)
