"""What the parts of an entropic transport task share: its two options and its item ids.

An id such as "eot_mixture/16/1/test/source/00012/03" is draw 3 of the point 12: the same source
again, so that a method that draws its outputs gives another one, and the distribution of outputs of
one source can be seen. An id that ends in "/only" is of a point with one item.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from bridgebench import BridgebenchError

LEAST_DRAWS = 128
DRAWS_A_DIMENSION = 12
"""A covariance fitted to so many draws is near enough for a cBW-UVP of the exact plan below 3."""

ONLY = "only"

DimOption = Annotated[int, Field(ge=1, le=256, description="dimensions of an item")]
EpsOption = Annotated[float, Field(gt=0, description="strength of the entropy, ε")]


def prefix(dim: int, eps: float) -> str:
    """What the ids of a plan start with.

    >>> prefix(16, 0.1)
    'eot_mixture/16/0.1/'
    """
    return f"eot_mixture/{dim}/{eps:g}/"


def check_ids(dim: int, eps: float, ids: Sequence[str]) -> None:
    """BridgebenchError unless the items are those of the plan that is known."""
    for item_id in ids:
        if not item_id.startswith(prefix(dim, eps)):
            raise BridgebenchError(
                f"the plan of dim={dim}:eps={eps:g} was asked for item {item_id}, which is none of "
                f"its own; give the task the dataset eot_mixture:dim={dim}:eps={eps:g}"
            )


def draws_of(dim: int) -> int:
    """How many items a source point with several of them has.

    >>> draws_of(2), draws_of(128)
    (128, 1536)
    """
    return max(LEAST_DRAWS, DRAWS_A_DIMENSION * dim)


def point_of(item_id: str) -> int:
    """The number of an item's source point.

    >>> point_of("eot_mixture/16/1/test/source/00012/03")
    12
    """
    return int(item_id.split("/")[-2])
