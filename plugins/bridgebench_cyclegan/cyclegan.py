"""CycleGAN: one pass of a learned generator carries the image over.

Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", ICCV
2017. Where the training departs from the paper: the networks are smaller, for images of 32 pixels;
a generator adds its image before the last tanh; group norm, which keeps the ratio of the channels,
is in the place of instance norm; batches are larger than 1; and the weights are a moving average.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from bridgebench import (
    Batch,
    Cell,
    Context,
    Method,
    Setting,
    Stage,
    Supervision,
    Translation,
    Variant,
)
from bridgebench.toolkit.citation import bibtex

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import ScoreModel
    from bridgebench.toolkit.nn.two_domains import TwoDomains
    from bridgebench_cyclegan.translator import Direction


class CycleGan(Method):
    """Translate with a generator learned against a discriminator, with a cycle back.

    One evaluation of the network an image, without a latent, a solver or a budget. The way back is
    the other generator of the pair.
    """

    name: ClassVar[str] = "cyclegan"
    supervision: ClassVar[Supervision] = Supervision.UNPAIRED
    family: ClassVar[str] = "GAN"
    paper: ClassVar[str] = "https://arxiv.org/abs/1703.10593"
    citation: ClassVar[str] = bibtex("bridgebench_cyclegan", "zhu2017unpaired")
    license: ClassVar[str] = "Apache-2.0"

    weights: Path | None = Field(
        None,
        description="another weights file, safetensors, as bridgebench_cyclegan.train writes it",
    )

    def files(self) -> Mapping[str, str]:
        """The weights file and its sha256, checked; IntegrityError if it was altered."""
        return self._direction("to_target").files()

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        """Its own generators."""
        from bridgebench_cyclegan.translator import ALL

        return ((self._direction("to_target"), ALL), (self._direction("to_source"), ALL))

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """Domains, or a shape of the items, that the weights were not trained for."""
        from bridgebench_cyclegan.weights import BY

        return self._description().unfit_for(setting.source, setting.target, setting.shape, BY)

    def stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        """The one evaluation."""
        return (Stage("translate", cell.resolved(), 1),)

    def translate(
        self, batch: Batch, variants: Sequence[Variant], context: Context
    ) -> Sequence[Translation]:
        """The outputs of the generator, for each variant anew, so that each is counted."""
        return [Translation(self._carried("to_target", batch.images, context)) for _ in variants]

    def translate_back(self, cell: Cell, batch: Batch, images: Tensor, context: Context) -> Tensor:
        """The outputs of the other generator."""
        return self._carried("to_source", images, context)

    def _carried(
        self, direction: Literal["to_target", "to_source"], images: Tensor, context: Context
    ) -> Tensor:
        from bridgebench_cyclegan.translator import ALL, SIGMA

        denoiser = context.denoiser(self._direction(direction), (ALL,) * len(images))
        setting = context.setting
        out = denoiser(images, images.new_full((len(images),), SIGMA))
        return out.clamp(setting.low, setting.high)

    def _direction(self, direction: Literal["to_target", "to_source"]) -> Direction:
        from bridgebench_cyclegan.translator import Direction

        return Direction(weights=self._path(), direction=direction)

    def _description(self) -> TwoDomains:
        from bridgebench_cyclegan.weights import read_description

        return read_description(self._path())

    def _path(self) -> Path:
        from bridgebench_cyclegan.weights import shipped_path

        return self.weights or shipped_path()
