"""Root mean squares of images with their intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bridgebench import Score, bootstrap_mean

if TYPE_CHECKING:
    from torch import Tensor


def root_mean(squares: Tensor, seed: int) -> Score:
    """The root of the mean of (n,) squares.

    The interval is the root of the bootstrap's for the mean, which keeps its coverage because the
    root is increasing. Items: the squares.
    """
    value, low, high = (
        None if square is None else math.sqrt(square) for square in bootstrap_mean(squares, seed)
    )
    return Score(value, low, high, items=squares)
