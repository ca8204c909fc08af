"""What metrics see in the sources, which all rows of a seed share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from torch import Tensor

from bridgebench import Observed, Yardstick

T = TypeVar("T")


def of_sources(
    what: str, compute: Callable[[Tensor], T], observed: Observed, yardstick: Yardstick
) -> T:
    """`compute` of the sources of a batch, computed once for all rows; `what` names it."""
    key = f"{what} of the sources " + " ".join(observed.ids)
    return yardstick.once(key, lambda: compute(observed.source))
