"""The source image as the output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bridgebench import Batch, Context, Method, Supervision, Translation, Variant


class Identity(Method):
    """The source image as it came: it keeps everything and translates nothing."""

    name: ClassVar[str] = "identity"
    supervision: ClassVar[Supervision] = Supervision.NONE
    baseline: ClassVar[bool] = True
    family: ClassVar[str] = "baseline"
    license: ClassVar[str] = "Apache-2.0"

    def translate(
        self, batch: Batch, variants: Sequence[Variant], context: Context
    ) -> Sequence[Translation]:
        """The batch itself."""
        return [Translation(batch.images) for _ in variants]
