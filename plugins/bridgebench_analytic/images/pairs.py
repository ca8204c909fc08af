"""The pairs of image domains with an exact map between them, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from bridgebench import BridgebenchError

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench_analytic.images.domain import ImageDomain


class Pair(StrEnum):
    """A pair of domains."""

    GAUSSIAN = "gaussian"
    MIXTURE = "mixture"


PairOption = Annotated[Pair, Field(description="the pair of domains: " + ", ".join(Pair))]


@dataclass(frozen=True)
class ExactPair:
    """What is known of a pair.

    domains       "source" and "target"
    exact_map     (B, 3, 32, 32) source images -> (B, 3, 32, 32) float64
    """

    domains: dict[str, ImageDomain]
    exact_map: Callable[[Tensor], Tensor]


def exact_pair(pair: Pair) -> ExactPair:
    """What is known of a pair, made at the first call."""
    return _MAKERS[pair]()


def check_ids(pair: Pair, ids: Sequence[str]) -> None:
    """BridgebenchError unless the items are those of the pair whose answer is known."""
    for item_id in ids:
        if not item_id.startswith(f"{pair}/"):
            raise BridgebenchError(
                f"the exact answer of pair={pair} was asked for item {item_id}, which is none of "
                f"its own; give the task the dataset analytic_images:pair={pair}"
            )


def _gaussian() -> ExactPair:
    from bridgebench_analytic.images import gaussian_pair as known

    domains = {"source": known.source(), "target": known.target()}
    return ExactPair(domains, known.exact_map)


def _mixture() -> ExactPair:
    from bridgebench_analytic.images import mixture_pair as known

    domains = {"source": known.source(), "target": known.target()}
    return ExactPair(domains, known.exact_map)


_MAKERS: dict[Pair, Callable[[], ExactPair]] = {
    Pair.GAUSSIAN: _gaussian,
    Pair.MIXTURE: _mixture,
}
