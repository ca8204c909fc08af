"""DDIB with one score model, that of the target, on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from bridgebench import (
    Axis,
    Batch,
    Cell,
    Method,
    RunContext,
    Setting,
    Stage,
    Supervision,
    Translation,
)
from bridgebench.toolkit.citation import bibtex
from bridgebench.toolkit.latent_origin import LatentOption, LatentOrigin
from bridgebench.toolkit.source_label import no_common_latents
from bridgebench_ddib.integrations import decode_changed, decode_latents, encode_images
from bridgebench_ddib.options import Clip, ClipOption, LastStepOption, Start, StartOption

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import ScoreModel


class DdibSingle(Method):
    """Encode and decode with the target's model alone, which never saw the source.

    Without a transform the two integrations undo each other and the output is the source again; it
    is the transform that has to carry the image over. Outputs are clamped to the range of the
    items of the task.
    """

    name: ClassVar[str] = "ddib_single"
    axes: ClassVar[frozenset[Axis]] = frozenset(Axis) - {Axis.SOURCE_SCORE}
    supervision: ClassVar[Supervision] = Supervision.UNPAIRED
    family: ClassVar[str] = "diffusion bridge"
    paper: ClassVar[str] = "https://arxiv.org/abs/2203.08382"
    citation: ClassVar[str] = bibtex("bridgebench_ddib", "su2023dual")
    license: ClassVar[str] = "Apache-2.0"

    start: StartOption = Start.CLEAN
    clip: ClipOption = Clip.DECODE
    last_step: LastStepOption = False
    latent: LatentOption = LatentOrigin.SOURCE

    @property
    def baseline(self) -> bool:
        """A negative control has no rank."""
        return self.latent.control

    def stochastic(self, cell: Cell) -> bool:
        """A noised start is a draw; so is the control of pure noise."""
        return self.start is Start.NOISED or self.latent is LatentOrigin.NOISE

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        """The target domain."""
        return ((cell.target_score, setting.target),)

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """A model unfit to encode."""
        return no_common_latents(cell.target_score, cell.target_score, cell.solver)

    def shared_stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        """The encode, shared by all latent stages."""
        encode = Stage(
            "encode",
            axes=(Axis.TARGET_SCORE, Axis.SOLVER, Axis.NFE),
            image_stage=True,
            options=("start", "clip", "latent"),
            evaluations=cell.nfe,
        )
        return self.latent.stages(encode)

    def run_stage(
        self, cell: Cell, batch: Batch, previous: Tensor | None, context: RunContext
    ) -> Tensor:
        """The unit latents of a batch, (B, C, H, W), packed with what the solver carries."""
        batch, setting = self.latent.encoded(batch, context), context.setting
        x = cell.transform.image(batch.images, batch.draw)
        denoiser = context.denoiser(cell.target_score, (setting.target,) * len(x))
        latent = encode_images(cell, denoiser, x, self.start, self.clip, batch.draw, setting)
        return latent.packed()

    def evaluations(self, cell: Cell) -> int:
        """Those of the decode."""
        return cell.nfe + self.last_step

    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """Change and decode the latents of a batch."""
        setting = context.setting
        denoiser = context.denoiser(cell.target_score, (setting.target,) * len(batch.images))
        return decode_changed(
            cell, batch, shared, self.latent, denoiser, self.clip, self.last_step, setting
        )

    def translate_back(
        self, cell: Cell, batch: Batch, images: Tensor, context: RunContext
    ) -> Tensor:
        """Encode and decode outputs with the same model again; no transform."""
        setting, draw = context.setting, batch.draw
        denoiser = context.denoiser(cell.target_score, (setting.target,) * len(images))
        z = encode_images(
            cell, denoiser, images, self.start, self.clip, draw, setting, "start_back"
        )
        return decode_latents(cell, denoiser, z, self.clip, self.last_step, setting)
