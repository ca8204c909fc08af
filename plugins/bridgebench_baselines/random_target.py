"""A real target image that has nothing to do with the source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bridgebench import Batch, Context, Method, Supervision, Translation, Variant
from bridgebench_baselines.real_targets import chosen_targets


class RandomTarget(Method):
    """A random real target image: it is in the target domain and keeps nothing.

    The images come from the split that no metric takes as its reference.
    """

    name: ClassVar[str] = "random_target"
    supervision: ClassVar[Supervision] = Supervision.UNPAIRED
    baseline: ClassVar[bool] = True
    family: ClassVar[str] = "baseline"
    license: ClassVar[str] = "Apache-2.0"

    def translate(
        self, batch: Batch, variants: Sequence[Variant], context: Context
    ) -> Sequence[Translation]:
        """The target images of a batch, chosen by seed and item."""
        images = chosen_targets(batch, context)
        return [Translation(images) for _ in variants]
