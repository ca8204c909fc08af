"""DDIB with a decode that is guided by the source's color and by the target's label.

The two integrations are those of Su, Song, Meng and Ermon, "Dual Diffusion Implicit Bridges for
Image-to-Image Translation", ICLR 2023. That an energy of the source image guides the sampler is
from Zhao, Bao, Li and Zhu, "EGSDE: Unpaired Image-to-Image Translation via Energy-Guided
Stochastic Differential Equations", NeurIPS 2022; that the label does, from Ho and Salimans,
"Classifier-Free Diffusion Guidance", 2022. It departs from EGSDE in four ways:

- the sampler is the ODE of DDIB, from the latent of the source, and no SDE from a noised source;
- the one energy is of the color, half the squared distance of the denoised image from itself in
  the source's hue, where EGSDE learns two experts;
- its gradient is taken at the denoised image and not through the network, so that it costs no
  evaluation;
- it is a step of fixed weight at every noise level.

The restart at the end is from Xu et al., "Restart Sampling for Improving Generative Processes",
NeurIPS 2023, once and from one noise level.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

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
from bridgebench.toolkit.probability_flow import ClippedDenoiser, decode, encode_carried
from bridgebench.toolkit.source_label import SourceLabel, SourceLabelOption, no_common_latents

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import ScoreModel
    from bridgebench_guided.guidance import GuidedDenoiser


class DdibGuided(Method):
    """DDIB whose decode is guided by the source's color (as in EGSDE) and by the target's label.

    At every step the denoised image is moved towards itself in the source's hue, which costs no
    network evaluation. The label guides by its own score; `weight` adds classifier-free guidance,
    which costs a second evaluation where it is given. What comes out is noised to the level
    `restart` and decoded once more, guided in the same way, which costs as much as the first
    decode and one evaluation. Needs images of three channels in [-1, 1].
    """

    name: ClassVar[str] = "ddib_guided"
    axes: ClassVar[frozenset[Axis]] = frozenset(Axis)
    family: ClassVar[str] = "diffusion bridge"
    paper: ClassVar[str] = "https://arxiv.org/abs/2207.06635"
    citation: ClassVar[str] = bibtex("bridgebench_guided", "zhao2022egsde")
    license: ClassVar[str] = "Apache-2.0"

    color: float = Field(
        1.0, ge=0, le=1, description="weight of the source's hue in each denoised image"
    )
    saturated: bool = Field(
        True,
        description="true: the color aimed at has full saturation, as in colored MNIST; false: the "
        "saturation of each pixel",
    )
    weight: float = Field(
        0.0, ge=0, description="weight of classifier-free guidance beyond what the label gives"
    )
    weight_above: float = Field(
        0.0, ge=0, description="noise level above which that weight is given"
    )
    restart: float = Field(
        4.0,
        ge=0,
        description="noise level to which the images are noised and decoded again; 0: not at all",
    )
    clip: bool = Field(
        False, description="clamp the denoiser's output on the decode to the range of the items"
    )
    source_label: SourceLabelOption = SourceLabel.NONE
    latent: LatentOption = LatentOrigin.SOURCE

    @property
    def supervision(self) -> Supervision:
        """It is given the hue of each source, which is scored, unless its weight is 0."""
        return Supervision.ATTRIBUTE if self.color > 0 else Supervision.LABELS

    @property
    def baseline(self) -> bool:
        """A negative control has no rank."""
        return self.latent.control

    def stochastic(self, cell: Cell) -> bool:
        """A restart is noised; so is the control of pure noise."""
        return self.restart > 0 or self.latent is LatentOrigin.NOISE

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        """Source domains of the source model; target and unconditional domain of the target's."""
        target = cell.target_score
        unconditional = ((target, setting.unconditional),) if self.weight > 0 else ()
        return (
            *((cell.source_score, domain) for domain in self.source_label.asked(setting)),
            (target, setting.target),
            *unconditional,
        )

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """Items without a hue; a source model unfit to encode; different ends of the noise."""
        target = cell.target_score
        if setting.shape[0] != 3 or len(setting.shape) != 3 or setting.low != -1:
            return (
                f"it needs images of shape (3, H, W) in [-1, 1], and this task's are "
                f"{setting.shape} in [{setting.low:g}, {setting.high:g}]"
            )
        if reason := no_common_latents(cell.source_score, target, cell.solver):
            return reason
        low, high = target.sigma_range
        if self.restart and not low < self.restart <= high:
            return (
                f"restart={self.restart:g} is not above {low:g} and at most {high:g}, the noise "
                f"levels of {target.spec}; restart=0 is none"
            )
        return ""

    def shared_stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        """The encode, shared by all targets and latent stages."""
        encode = Stage(
            "encode",
            axes=(Axis.SOURCE_SCORE, Axis.SOLVER, Axis.NFE),
            image_stage=True,
            options=("source_label", "latent"),
            evaluations=cell.nfe,
        )
        return self.latent.stages(encode)

    def run_stage(
        self, cell: Cell, batch: Batch, previous: Tensor | None, context: RunContext
    ) -> Tensor:
        """The unit latents of a batch, (B, C, H, W), packed with what the solver carries."""
        batch = self.latent.encoded(batch, context)
        x = cell.transform.image(batch.images, batch.draw)
        domains = self.source_label.of(batch, context.setting)
        denoiser = context.denoiser(cell.source_score, domains)
        return encode_carried(denoiser, cell.solver, x, cell.nfe).packed()

    def evaluations(self, cell: Cell) -> int:
        """Those of the decode and of the restart, two at each noise level with a weight.

        With an adaptive solver the levels of its largest steps, which are few.
        """
        from bridgebench_guided.guidance import levels_asked

        low, high = cell.target_score.sigma_range
        levels = levels_asked(cell.solver, cell.nfe, (low, high))
        if self.restart:
            levels = (*levels, *levels_asked(cell.solver, cell.nfe, (low, self.restart)), low)
        twice = (sigma for sigma in levels if self.weight > 0 and sigma > self.weight_above)
        return len(levels) + len(tuple(twice))

    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """Change and decode the latents of a batch, guided."""
        from bridgebench_guided.guidance import restarted

        setting = context.setting
        latent = self.latent.latent(shared, batch)
        changed = latent.changed_to(cell.transform.latent(latent.z, batch.images, batch.draw))
        guided = self._guided(cell, batch, context)
        x = decode(
            ClippedDenoiser(guided, setting.low, setting.high) if self.clip else guided,
            cell.solver,
            changed.z,
            cell.nfe,
            carry=changed.carry,
        )
        if self.restart:
            noise = batch.draw.each("ddib_guided restart", x.shape[1:]).to(x)
            x = restarted(guided, cell.solver, x, noise, self.restart, cell.nfe, self.saturated)
        return Translation(x.clamp(setting.low, setting.high), latent=latent.z, changed=changed.z)

    def _guided(self, cell: Cell, batch: Batch, context: RunContext) -> GuidedDenoiser:
        from bridgebench.toolkit.color import in_hue, mean_hue
        from bridgebench_guided.guidance import GuidedDenoiser

        score, setting = cell.target_score, context.setting
        target = context.denoiser(score, (setting.target,) * len(batch.images))
        unconditional = None
        if self.weight > 0:
            unconditional = context.denoiser(score, (setting.unconditional,) * len(batch.images))
        return GuidedDenoiser(
            target,
            unconditional,
            self.weight,
            self.weight_above,
            mean_hue(batch.images),
            self.color,
            partial(in_hue, saturated=self.saturated),
            target.sigma_min,
            target.sigma_max,
        )
