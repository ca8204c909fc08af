"""DDIB as in the paper: a score model of the source and one of the target.

Su, Song, Meng and Ermon, "Dual Diffusion Implicit Bridges for Image-to-Image Translation", ICLR
2023, algorithm 1, with a transform of the latent between the two integrations.
"""

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
from bridgebench.toolkit.source_label import SourceLabel, SourceLabelOption, unlike_latents
from bridgebench_ddib.decoding import decode_latents, translate_variants
from bridgebench_ddib.encoding import encode_images, encode_stage, started
from bridgebench_ddib.options import Clip, ClipOption, LastStepOption, Start, StartOption

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import ScoreModel


class Ddib(Method):
    """Encode with a model of the source, decode with one of the target (Su et al., ICLR 2023).

    The transform's image stage acts before the encode and its latent stage on the unit latent.
    Outputs are clamped to the range of the task's items.
    """

    name: ClassVar[str] = "ddib"
    axes: ClassVar[frozenset[Axis]] = frozenset(Axis)
    supervision: ClassVar[Supervision] = Supervision.LABELS
    family: ClassVar[str] = "diffusion bridge"
    paper: ClassVar[str] = "https://arxiv.org/abs/2203.08382"
    citation: ClassVar[str] = bibtex("bridgebench_ddib", "su2023dual")
    license: ClassVar[str] = "Apache-2.0"

    start: StartOption = Start.CLEAN
    clip: ClipOption = Clip.DECODE
    last_step: LastStepOption = False
    source_label: SourceLabelOption = SourceLabel.OWN
    latent: LatentOption = LatentOrigin.SOURCE

    @property
    def baseline(self) -> bool:
        """A negative control has no rank."""
        return self.latent.control

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        """The source domains of the source model, the target domain of the target model."""
        source = needed(cell.source_score, Axis.SOURCE_SCORE)
        target = needed(cell.target_score, Axis.TARGET_SCORE)
        return (
            *((source, domain) for domain in self.source_label.asked(setting)),
            (target, setting.target),
        )

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """A source model unfit to encode; models that end at different noise levels."""
        return unlike_latents(
            needed(cell.source_score, Axis.SOURCE_SCORE),
            needed(cell.target_score, Axis.TARGET_SCORE),
        )

    def stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        """The encode, shared by all targets and latent stages, and the decode."""
        source = needed(cell.source_score, Axis.SOURCE_SCORE)
        domains = self.source_label.asked(setting)
        return self.latent.stages(
            encode_stage(cell, source, domains, self.start, self.clip),
            Stage("decode", cell.resolved(), needed(cell.nfe, Axis.NFE) + self.last_step),
        )

    def share(
        self, stage: Stage, cell: Cell, batch: Batch, previous: Tensor | None, context: Context
    ) -> Tensor:
        """The unit latents of a batch, (B, C, H, W), packed with what the solver carries."""
        batch = self.latent.encoded(batch, context)
        x = needed(cell.transform, Axis.TRANSFORM).image(batch.images, batch.draw)
        source = needed(cell.source_score, Axis.SOURCE_SCORE)
        denoiser = context.denoiser(source, self.source_label.of(batch, context.setting))
        x = started(x, self.start, denoiser.sigma_min, "start", batch.draw)
        return encode_images(cell, denoiser, x, self.clip, context.setting).packed()

    def translate(
        self, batch: Batch, variants: Sequence[Variant], context: Context
    ) -> Sequence[Translation]:
        """Change and decode the latents of a batch."""
        return translate_variants(batch, variants, context, self.latent, self.clip, self.last_step)

    def translate_back(self, cell: Cell, batch: Batch, images: Tensor, context: Context) -> Tensor:
        """Encode outputs with the target's model, decode them with the source's; no transform."""
        target = needed(cell.target_score, Axis.TARGET_SCORE)
        source = needed(cell.source_score, Axis.SOURCE_SCORE)
        up = context.denoiser(target, (context.setting.target,) * len(images))
        x = started(images, self.start, up.sigma_min, "start_back", batch.draw)
        z = encode_images(cell, up, x, self.clip, context.setting)
        down = context.denoiser(source, self.source_label.of(batch, context.setting))
        return decode_latents(cell, down, z, self.clip, self.last_step, context.setting)
