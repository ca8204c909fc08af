"""A real target image in the color of the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from bridgebench import (
    Batch,
    Cell,
    Method,
    RunContext,
    Setting,
    Supervision,
    Translation,
)
from bridgebench_baselines.real_targets import chosen_targets

if TYPE_CHECKING:
    from torch import Tensor


def repaint(target: Tensor, source: Tensor) -> Tensor:
    """`target` in the mean hue of `source`, fully saturated; both (B, 3, H, W) in [-1, 1].

    The value of each pixel, its largest channel, stays. A source without color gives red.
    """
    import torch

    from bridgebench.toolkit.color import hsv_to_rgb, mean_hue

    value = (target.amax(dim=1) + 1) / 2
    hue = mean_hue(source)[:, None, None]
    rgb = hsv_to_rgb(hue, torch.ones_like(hue), value)
    return rgb.movedim(-1, 1) * 2 - 1


class Recolor(Method):
    """A random real target image in the source's hue: the ceiling where color is to be kept.

    The images are those of `random_target`, repainted; they come from the split that no metric
    takes as its reference.
    """

    name: ClassVar[str] = "recolor"
    supervision: ClassVar[Supervision] = Supervision.ORACLE
    baseline: ClassVar[bool] = True
    family: ClassVar[str] = "baseline"
    license: ClassVar[str] = "Apache-2.0"

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """Only images of three channels in [-1, 1] have a hue."""
        rgb = len(setting.shape) == 3 and setting.shape[0] == 3
        if rgb and (setting.low, setting.high) == (-1.0, 1.0):
            return ""
        return (
            f"recolor needs images of shape (3, H, W) in [-1, 1], and this task's are "
            f"{setting.shape} in [{setting.low:g}, {setting.high:g}]"
        )

    def stochastic(self, cell: Cell) -> bool:
        """Its output is a draw."""
        return True

    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """The repainted target images of a batch, chosen by seed and item."""
        return Translation(repaint(chosen_targets(batch, context), batch.images))
