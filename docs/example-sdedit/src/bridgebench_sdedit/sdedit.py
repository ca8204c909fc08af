"""SDEdit: noise the source image up to a level, and denoise it with a model of the target.

Meng, He, Song, Song, Wu, Zhu and Ermon, "SDEdit: Guided Image Synthesis and Editing with Stochastic
Differential Equations", ICLR 2022, algorithm 1 in the variance-exploding state. The paper denoises
with the reverse SDE. Here the solver of the cell denoises from that level: an ODE solver along the
probability-flow ODE, which has the same marginals, or a stochastic one.
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
    Method,
    RunContext,
    Setting,
    Supervision,
    Translation,
    sigma_grid,
)
from bridgebench.toolkit.probability_flow import ClippedDenoiser
from pydantic import Field

if TYPE_CHECKING:
    from bridgebench import Denoiser, Draw, ScoreModel, Solver
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


class NoiseSharing(StrEnum):
    """Whether each item has its own noise, or all have the same."""

    OWN = "own"
    SHARED = "shared"


class Sdedit(Method):
    """Noise the image to a level, denoise it with the target's model (Meng et al., ICLR 2022).

    The higher the level, the more the output looks like the target domain, and the less it keeps of
    the source. Outputs are clamped to the range of the items.
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
    noise: NoiseSharing = Field(
        NoiseSharing.OWN, description="own: each item has its own noise; shared: all have the same"
    )
    rounds: int = Field(
        1, ge=1, le=16, description="how often it is noised and denoised; each costs the budget"
    )
    clip: bool = Field(True, description="clamp the denoiser's output to the range of the items")

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        """The target domain."""
        return ((cell.target_score, setting.target),)

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """The level must lie in the model's range of noise."""
        low, high = cell.target_score.sigma_range
        if low < self.level <= high:
            return ""
        return (
            f"level={self.level:g} is outside of ({low:g}, {high:g}], the range of noise levels of "
            f"{cell.target_score.spec}"
        )

    def stochastic(self, cell: Cell) -> bool:
        """Noise of each item's own differs from sample to sample; shared noise does not."""
        return self.noise is NoiseSharing.OWN or cell.solver.stochastic

    def evaluations(self, cell: Cell) -> int:
        """The budget, once for each round."""
        return self.rounds * cell.nfe

    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """Edit a batch of images."""
        setting = context.setting
        denoiser = context.denoiser(cell.target_score, (setting.target,) * len(batch.ids))
        guide = ClippedDenoiser(denoiser, setting.low, setting.high) if self.clip else denoiser
        x, noised = self.edit(batch.images, guide, cell.solver, cell.nfe, batch.draw)
        unit = noised / math.hypot(1.0, self.level)
        return Translation(x.clamp(setting.low, setting.high), latent=unit)

    def edit(
        self, x: Tensor, denoiser: Denoiser, solver: Solver, nfe: int, draw: Draw
    ) -> tuple[Tensor, Tensor]:
        """Noise and denoise images `x`, (B, C, H, W).

        Returns the edited images, not clamped, and the noised images of the last round.
        """
        intervals = solver.intervals(nfe)
        falling = sigma_grid(solver.spacing, denoiser.sigma_min, self.level, intervals)[::-1]
        noised = x
        for number in range(self.rounds):
            purpose = f"sdedit {number}"
            noised = x + self.level * self._noise(draw, purpose, x)
            x = solver.solve(denoiser, noised, falling, draw.noise(f"{purpose} solver", x))
        return x, noised

    def _noise(self, draw: Draw, purpose: str, like: Tensor) -> Tensor:
        shape = like.shape[1:]
        own = self.noise is NoiseSharing.OWN
        return (draw.each(purpose, shape) if own else draw.shared(purpose, shape)).to(like)
