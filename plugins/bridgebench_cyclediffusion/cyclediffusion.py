"""CycleDiffusion as a method.

Wu and De la Torre, "A Latent Space of Stochastic Diffusion Models for Zero-Shot Image Editing and
Guidance", ICCV 2023, algorithm 1. It departs from the paper where the project has one convention
for all: the noise levels are those of the score models on the grid of `spacing`, the target is told
by the label of the model rather than by a text, and outputs are clamped to the range of the items.
"""

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
    Spacing,
    Stage,
    Supervision,
    Translation,
    sigma_grid,
)
from bridgebench.toolkit.citation import bibtex
from bridgebench.toolkit.latent_origin import LatentOption, LatentOrigin
from bridgebench.toolkit.probability_flow import latent_scale
from bridgebench.toolkit.source_label import SourceLabel, SourceLabelOption

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import ScoreModel


class CycleDiffusion(Method):
    """Keep the noises of the source's stochastic trajectory, and spend them on the target's.

    The latent is the whole trajectory: the state at the highest noise level and what every step of
    the DDPM sampler added to the source model's own mean. The target model sets out from the same
    state and adds the same. With one model on both sides the source comes back to round-off.
    latent=noise decodes what the DDPM sampler draws from noise, with the numbers that the encode
    draws; latent=shuffled decodes the whole trajectory of another source.
    """

    name: ClassVar[str] = "cyclediffusion"
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.SOURCE_SCORE, Axis.TARGET_SCORE, Axis.NFE})
    supervision: ClassVar[Supervision] = Supervision.LABELS
    family: ClassVar[str] = "diffusion bridge"
    paper: ClassVar[str] = "https://arxiv.org/abs/2210.05559"
    citation: ClassVar[str] = bibtex("bridgebench_cyclediffusion", "wu2023latent")
    license: ClassVar[str] = "Apache-2.0"

    eta: float = Field(
        1.0, ge=0, le=1, description="noise of each step: 1 is DDPM, 0 is DDIM, which adds none"
    )
    start_sigma: float | None = Field(
        None,
        gt=0,
        description="noise level to set out from; left out: the models' sigma_max. A lower one "
        "keeps more of the source",
    )
    spacing: Spacing = Field(
        Spacing.KARRAS, description="how the noise levels are spaced: " + ", ".join(Spacing)
    )
    source_label: SourceLabelOption = SourceLabel.NONE
    latent: LatentOption = LatentOrigin.SOURCE

    @property
    def baseline(self) -> bool:
        """A negative control has no rank."""
        return self.latent.control

    def stochastic(self, cell: Cell) -> bool:
        """A trajectory is a draw, whatever eta: it sets out from noise."""
        return True

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        """The source domains of the source model, the target domain of the target model."""
        sources = ((cell.source_score, domain) for domain in self.source_label.asked(setting))
        return (*sources, (cell.target_score, setting.target))

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """Models of different noise levels; a start above or below them; a budget of one."""
        source, target = cell.source_score, cell.target_score
        (low, high), other = source.sigma_range, target.sigma_range
        if (low, high) != other:
            return (
                f"{source.spec} has noise levels from {low:g} to {high:g} and {target.spec} from "
                f"{other[0]:g} to {other[1]:g}, so they have no common trajectory"
            )
        if self.start_sigma is not None and not low < self.start_sigma <= high:
            return (
                f"start_sigma={self.start_sigma:g} is not above {low:g} and at most {high:g}, the "
                f"noise levels of {source.spec}"
            )
        if cell.nfe < 2:
            return "it evaluates the network at both ends of its noise levels, so it needs nfe=2"
        return ""

    def shared_stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        """The encode, shared by all targets."""
        options = ("eta", "start_sigma", "spacing", "source_label", "latent")
        axes = (Axis.SOURCE_SCORE, Axis.NFE)
        return self.latent.stages(Stage("encode", axes=axes, options=options, evaluations=cell.nfe))

    def run_stage(
        self, cell: Cell, batch: Batch, previous: Tensor | None, context: RunContext
    ) -> Tensor:
        """The trajectories of a batch, (B, 1 + nfe, C, H, W)."""
        from bridgebench_cyclediffusion.dpm_encoder import encode

        batch = self.latent.encoded(batch, context)
        domains = self.source_label.of(batch, context.setting)
        denoiser = context.denoiser(cell.source_score, domains)
        noise = batch.draw.noise("cyclediffusion", batch.images)
        return encode(denoiser, batch.images, self._levels(cell), self.eta, noise)

    def evaluations(self, cell: Cell) -> int:
        """One at each noise level."""
        return cell.nfe

    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """Spend the trajectories on the target model."""
        from bridgebench_cyclediffusion.dpm_encoder import decode, pure_noise

        setting, levels = context.setting, self._levels(cell)
        latent = shared
        if latent is None:
            noise = batch.draw.noise("cyclediffusion", batch.images)
            latent = pure_noise(levels, self.eta, noise)
        denoiser = context.denoiser(cell.target_score, (setting.target,) * len(latent))
        images = decode(denoiser, latent, levels, self.eta)
        top = latent[:, 0] / latent_scale(levels[0])
        return Translation(images.clamp(setting.low, setting.high), latent=top, changed=top)

    def _levels(self, cell: Cell) -> tuple[float, ...]:
        """The noise levels, falling, one for each evaluation; the step to 0 is not among them."""
        low, high = cell.source_score.sigma_range
        start = high if self.start_sigma is None else self.start_sigma
        return sigma_grid(self.spacing, low, start, cell.nfe - 1)[::-1]
