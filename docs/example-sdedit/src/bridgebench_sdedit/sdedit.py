"""SDEdit: noise the source image up to a level, and denoise it with a model of the target.

Meng, He, Song, Song, Wu, Zhu and Ermon, "SDEdit: Guided Image Synthesis and Editing with Stochastic
Differential Equations", ICLR 2022, algorithm 1 in the variance-exploding state. They denoise with
the reverse SDE; here the solver of the cell does, along the probability-flow ODE from that level.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

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
    sigma_grid,
)
from bridgebench.toolkit.probability_flow import ClippedDenoiser
from pydantic import Field

if TYPE_CHECKING:
    from bridgebench import ScoreModel
    from torch import Tensor

BIBTEX = """\
@inproceedings{meng2022sdedit,
  title     = {{SDEdit}: Guided Image Synthesis and Editing with Stochastic Differential Equations},
  author    = {Meng, Chenlin and He, Yutong and Song, Yang and Song, Jiaming and Wu, Jiajun and
               Zhu, Jun-Yan and Ermon, Stefano},
  booktitle = {International Conference on Learning Representations},
  year      = {2022},
}
"""


class Noise(StrEnum):
    """Whose noise an image gets."""

    OWN = "own"
    SHARED = "shared"


class Sdedit(Method):
    """Noise the image to a level, denoise it with the target's model (Meng et al., ICLR 2022).

    The higher the level, the more the output is of the target domain and the less it keeps of the
    source. Outputs are clamped to the range of the items.
    """

    name: ClassVar[str] = "sdedit"
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TARGET_SCORE, Axis.SOLVER, Axis.NFE})
    supervision: ClassVar[Supervision] = Supervision.UNPAIRED
    family: ClassVar[str] = "diffusion editing"
    paper: ClassVar[str] = "https://arxiv.org/abs/2108.01073"
    citation: ClassVar[str] = BIBTEX
    license: ClassVar[str] = "Apache-2.0"

    level: float = Field(
        1.0, gt=0, description="noise level up to which the image is noised, its sigma"
    )
    noise: Noise = Field(
        Noise.OWN, description="own: a noise of its own for each item; shared: one for all of them"
    )
    rounds: int = Field(
        1, ge=1, le=16, description="how often it is noised and denoised; each costs the budget"
    )
    clip: bool = Field(True, description="clamp the denoiser's output to the range of the items")

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        """The target domain."""
        return ((needed(cell.target_score, Axis.TARGET_SCORE), setting.target),)

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """The level has to lie in the model's range of noise."""
        score = needed(cell.target_score, Axis.TARGET_SCORE)
        low, high = score.sigma_range
        if low < self.level <= high:
            return ""
        return f"level={self.level:g} is outside of ({low:g}, {high:g}], the noise of {score.spec}"

    def stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        """One stage, which shares nothing with other cells."""
        return (Stage("edit", cell.resolved(), self.rounds * needed(cell.nfe, Axis.NFE)),)

    def translate(
        self, batch: Batch, variants: Sequence[Variant], context: Context
    ) -> Sequence[Translation]:
        """Edit a batch with each variant's model, solver and budget."""
        return [self._edit(batch, variant.cell, context) for variant in variants]

    def _edit(self, batch: Batch, cell: Cell, context: Context) -> Translation:
        setting = context.setting
        score = needed(cell.target_score, Axis.TARGET_SCORE)
        solver = needed(cell.solver, Axis.SOLVER)
        denoiser = context.denoiser(score, (setting.target,) * len(batch.images))
        guide = ClippedDenoiser(denoiser, setting.low, setting.high) if self.clip else denoiser
        intervals = solver.intervals(needed(cell.nfe, Axis.NFE))
        falling = sigma_grid(solver.spacing, denoiser.sigma_min, self.level, intervals)[::-1]
        x = noised = batch.images
        for number in range(self.rounds):
            noised = x + self.level * self._draw_noise(batch, f"sdedit {number}")
            x = solver.solve(guide, noised, falling)
        unit = noised / math.hypot(1.0, self.level)
        return Translation(x.clamp(setting.low, setting.high), latent=unit)

    def _draw_noise(self, batch: Batch, purpose: str) -> Tensor:
        shape = batch.images.shape[1:]
        own = self.noise is Noise.OWN
        drawn = batch.draw.each(purpose, shape) if own else batch.draw.shared(purpose, shape)
        return drawn.to(batch.images)
