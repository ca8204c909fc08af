"""The source image as the output."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from bridgebench import Batch, Cell, Method, RunContext, Supervision, Translation

if TYPE_CHECKING:
    from torch import Tensor


class Identity(Method):
    """The source image as it came: it keeps everything and translates nothing."""

    name: ClassVar[str] = "identity"
    supervision: ClassVar[Supervision] = Supervision.NONE
    baseline: ClassVar[bool] = True
    family: ClassVar[str] = "baseline"
    license: ClassVar[str] = "Apache-2.0"

    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """The batch itself."""
        return Translation(batch.images)
