"""DDIB with one score model, that of the target, on both sides."""

from __future__ import annotations

from collections.abc import Sequence
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
)
from bridgebench.toolkit.citation import bibtex
from bridgebench.toolkit.latent_origin import LatentOption, LatentOrigin
from bridgebench_ddib.decoding import decode_latents, translate_variants
from bridgebench_ddib.encoding import encode_images, encode_stage, started
from bridgebench_ddib.options import Clip, ClipOption, LastStepOption, Start, StartOption

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Denoiser, ScoreModel


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

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        """The target domain."""
        return ((needed(cell.target_score, Axis.TARGET_SCORE), setting.target),)

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """A model unfit to encode."""
        return needed(cell.target_score, Axis.TARGET_SCORE).unfit_to_encode

    def stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        """The encode, shared by all latent stages, and the decode."""
        target = needed(cell.target_score, Axis.TARGET_SCORE)
        return self.latent.stages(
            encode_stage(cell, target, (setting.target,), self.start, self.clip),
            Stage("decode", cell.resolved(), needed(cell.nfe, Axis.NFE) + self.last_step),
        )

    def share(
        self, stage: Stage, cell: Cell, batch: Batch, previous: Tensor | None, context: Context
    ) -> Tensor:
        """The unit latents of a batch, (B, C, H, W), packed with what the solver carries."""
        batch = self.latent.encoded(batch, context)
        x = needed(cell.transform, Axis.TRANSFORM).image(batch.images, batch.draw)
        denoiser = self._denoiser(cell, len(x), context)
        x = started(x, self.start, denoiser.sigma_min, "start", batch.draw)
        return encode_images(cell, denoiser, x, self.clip, context.setting).packed()

    def translate(
        self, batch: Batch, variants: Sequence[Variant], context: Context
    ) -> Sequence[Translation]:
        """Change and decode the latents of a batch."""
        return translate_variants(batch, variants, context, self.latent, self.clip, self.last_step)

    def translate_back(self, cell: Cell, batch: Batch, images: Tensor, context: Context) -> Tensor:
        """Encode and decode outputs with the same model again; no transform."""
        denoiser = self._denoiser(cell, len(images), context)
        x = started(images, self.start, denoiser.sigma_min, "start_back", batch.draw)
        z = encode_images(cell, denoiser, x, self.clip, context.setting)
        return decode_latents(cell, denoiser, z, self.clip, self.last_step, context.setting)

    def _denoiser(self, cell: Cell, size: int, context: Context) -> Denoiser:
        target = needed(cell.target_score, Axis.TARGET_SCORE)
        return context.denoiser(target, (context.setting.target,) * size)
