"""A real target image for each source image, chosen by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridgebench import Batch, RunContext, UsageError

if TYPE_CHECKING:
    from torch import Tensor


def chosen_targets(batch: Batch, context: RunContext) -> Tensor:
    """One held-out target image for each item of a batch, (B, C, H, W), on its device.

    The choice depends on the seed and the item alone, so that baselines that build on it show the
    same images.
    """
    targets = context.held_out_targets()
    if len(targets) == 0:
        raise UsageError(
            f"the held-out split has no image of {context.setting.target}; "
            "give the task another held_out split"
        )
    index = (batch.draw.uniform("real_target") * len(targets)).long()
    return targets.take(index.tolist()).images.to(batch.images)
