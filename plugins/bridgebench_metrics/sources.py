"""What metrics see in the sources, which all rows of a seed share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from bridgebench import MetricContext, Observed

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")


def of_sources(
    what: str, compute: Callable[[Tensor], T], observed: Observed, context: MetricContext
) -> T:
    """`compute` of the sources of a batch, computed once for all rows; `what` names it."""
    key = f"{what} of the sources " + " ".join(observed.ids)
    return context.once(key, lambda: compute(observed.source))
