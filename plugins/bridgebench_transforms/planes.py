"""The height and width that an item must have to be blurred, turned or checkered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridgebench import UsageError

if TYPE_CHECKING:
    from torch import Tensor


def height_and_width(x: Tensor, what: str) -> tuple[int, int]:
    """H and W of (B, C, H, W); UsageError for items of another shape, which `what` cannot take.

    Without it a batch of vectors would be taken for one plane, and its items be mixed.

    >>> import torch
    >>> height_and_width(torch.zeros(5, 3, 2, 4), "a blur")
    (2, 4)
    """
    if x.ndim != 4:
        raise UsageError(
            f"{what} needs items of shape (C, H, W), and these have the shape "
            f"{tuple(x.shape[1:])}; leave this transform out"
        )
    return x.shape[-2], x.shape[-1]
