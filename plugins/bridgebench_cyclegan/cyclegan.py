"""CycleGAN: one pass of a learned generator carries the image over.

Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", ICCV
2017. Where the training departs from the paper: the networks are smaller, for images of 32 pixels;
a generator adds its image before the last tanh; group norm, which keeps the ratio of the channels,
is in the place of instance norm; batches are larger than 1; and the weights are a moving average.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import (
    Batch,
    Cell,
    Method,
    NetworkLoader,
    RunContext,
    Setting,
    Supervision,
    Translation,
)
from bridgebench.toolkit.citation import bibtex

if TYPE_CHECKING:
    from torch import Tensor


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
        from bridgebench.toolkit.nn.weights import checked_sha256

        return {self._path().name: checked_sha256(self._path())}

    def networks(self) -> Mapping[str, NetworkLoader]:
        """The two generators."""
        from bridgebench_cyclegan.generator import GeneratorFile
        from bridgebench_cyclegan.weights import TO_SOURCE, TO_TARGET

        return {name: GeneratorFile(self._path(), name) for name in (TO_TARGET, TO_SOURCE)}

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """Domains, or a shape of the items, that the weights were not trained for."""
        from bridgebench_cyclegan.weights import BY, read_description

        description = read_description(self._path())
        return description.unfit_for(setting.source, setting.target, setting.shape, BY)

    def evaluations(self, cell: Cell) -> int:
        """One pass of a generator."""
        return 1

    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """The outputs of one generator."""
        out = context.network("to_target")(batch.images)
        return Translation(out.clamp(context.setting.low, context.setting.high))

    def translate_back(
        self, cell: Cell, batch: Batch, images: Tensor, context: RunContext
    ) -> Tensor:
        """The outputs of the other generator."""
        out = context.network("to_source")(images)
        return out.clamp(context.setting.low, context.setting.high)

    def _path(self) -> Path:
        from bridgebench_cyclegan.weights import shipped_path

        return self.weights or shipped_path()
