"""Features a chunk at a time, so that what is computed in float64 never holds all of them."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

CHUNK = 2**20
"""The numbers of a chunk, 8 MiB in float64."""


def spans(n: int, width: int, numbers: int = CHUNK) -> Iterator[slice]:
    """Cut n rows of `width` numbers into runs of at most `numbers` numbers, or of one row.

    A run is no longer than √numbers, either: what is computed of it stays in a processor's cache,
    and of the pairs of two runs there are no more than `numbers`.

    >>> list(spans(5, 4, numbers=9))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    rows = max(1, min(isqrt(numbers), numbers // width))
    for first in range(0, n, rows):
        yield slice(first, min(first + rows, n))


def tiles(n: int, m: int, width: int, numbers: int = CHUNK) -> Iterator[tuple[slice, slice]]:
    """Cut the pairs of n and m rows into those of two runs each, row of tiles by row of tiles."""
    for rows in spans(n, width, numbers):
        for columns in spans(m, width, numbers):
            yield rows, columns


def in_chunks(
    features: Tensor, order: Tensor | None = None, numbers: int = CHUNK
) -> Iterator[Tensor]:
    """The (n, F) features, or those that `order` names, in float64; (rows, F) at a time."""
    n = len(features) if order is None else len(order)
    for span in spans(n, features.shape[1], numbers):
        yield (features[span] if order is None else features[order[span]]).double()
