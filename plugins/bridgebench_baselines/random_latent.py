"""A target image generated from noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import (
    Axis,
    Batch,
    Cell,
    Method,
    RunContext,
    Setting,
    Supervision,
    Translation,
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
        return ((cell.target_score, setting.target),)

    def stochastic(self, cell: Cell) -> bool:
        """Its output is a draw."""
        return True

    def evaluations(self, cell: Cell) -> int:
        """Those of the decode."""
        return cell.nfe + self.last_step

    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """Decode the noise of each item."""
        z = batch.draw.each("random_latent", batch.images.shape[1:]).to(batch.images)
        denoiser = context.denoiser(cell.target_score, (context.setting.target,) * len(z))
        low, high = context.setting.low, context.setting.high
        x = decode(
            ClippedDenoiser(denoiser, low, high) if self.clip else denoiser,
            cell.solver,
            z,
            cell.nfe,
            noise=batch.draw.noise("random_latent decode", z),
            last_step=self.last_step,
        )
        return Translation(x.clamp(low, high), latent=z, changed=z)
