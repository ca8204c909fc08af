"""A real target image that has nothing to do with the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from bridgebench import Batch, Cell, Method, RunContext, Supervision, Translation
from bridgebench_baselines.real_targets import chosen_targets

if TYPE_CHECKING:
    from torch import Tensor


class RandomTarget(Method):
    """A random real target image: it is in the target domain and keeps nothing.

    The images come from the split that no metric takes as its reference.
    """

    name: ClassVar[str] = "random_target"
    supervision: ClassVar[Supervision] = Supervision.UNPAIRED
    baseline: ClassVar[bool] = True
    family: ClassVar[str] = "baseline"
    license: ClassVar[str] = "Apache-2.0"

    def stochastic(self, cell: Cell) -> bool:
        """Its output is a draw."""
        return True

    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """The target images of a batch, chosen by seed and item."""
        return Translation(chosen_targets(batch, context))
