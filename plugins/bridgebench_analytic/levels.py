"""Denoising a batch of several noise levels with a closed form that takes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def at_each_level(denoise: Callable[[Tensor, Tensor], Tensor], x: Tensor, sigma: Tensor) -> Tensor:
    """`denoise(x, sigma)` for the rows of each level in turn.

    Args:
        denoise: (b, ...), (b,) of one level -> (b, ...).
        x: (B, ...).
        sigma: (B,).

    Returns:
        (B, ...).

    Example:
        >>> import torch
        >>> x, sigma = torch.ones(3, 2), torch.tensor([1.0, 2.0, 1.0])
        >>> at_each_level(lambda rows, level: rows * level[0], x, sigma)[:, 0].tolist()
        [1.0, 2.0, 1.0]
    """
    import torch

    if bool((sigma == sigma[0]).all()):
        return denoise(x, sigma)
    out = torch.empty_like(x)
    for level in torch.unique(sigma):
        rows = sigma == level
        out[rows] = denoise(x[rows], sigma[rows])
    return out
