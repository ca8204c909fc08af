"""What metrics of single images share: which items they take, shares, means, what is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from bridgebench import Column, MetricContext, Observed, Score, bootstrap_mean, exact_share

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")

UNDEFINED_LIMIT = 0.05
"""Up to this share of images may lack a value; above it, the mean of the others says too little."""


def unlike_images(shape: Sequence[int], what: str, channels: int | None = None) -> str:
    """Why `what` cannot be seen in items of a shape, which are no images; "" if they are.

    With `channels`, images of any other number of them will not do either.

    >>> unlike_images((3, 32, 32), "color", channels=3)
    ''
    >>> unlike_images((16,), "structure")
    'structure needs images of shape (C, H, W), and these items have the shape (16,)'
    """
    if len(shape) == 3 and channels in (None, shape[0]):
        return ""
    wanted = f"({channels or 'C'}, H, W)"
    return f"{what} needs images of shape {wanted}, and these items have the shape {tuple(shape)}"


def share_column(name: str, better: str, description: str, chance: bool = False) -> Column:
    """The column of the share of outputs for which something holds; `share_score` fills it."""
    return Column(
        name,
        "share",
        better,
        description,
        low=0.0,
        high=1.0,
        interval=True,
        share=True,
        chance=chance,
    )


def share_score(holds: Tensor) -> Score:
    """The share of (n,) images for which something holds, with its exact interval."""
    return Score(*exact_share(int(holds.sum()), len(holds)), items=holds.float())


def mean_score(values: Tensor, seed: int) -> Score:
    """The mean of (n,) values with its bootstrap interval, NaN left out; no score if too few."""
    if too_few(values):
        return Score(None)
    return Score(*bootstrap_mean(values, seed), items=values)


def too_few(values: Tensor) -> bool:
    """Whether more than UNDEFINED_LIMIT of the (n,) values are NaN, that is missing."""
    return bool(values.isnan().double().mean() > UNDEFINED_LIMIT)


def of_sources(
    what: str, compute: Callable[[Tensor], T], observed: Observed, context: MetricContext
) -> T:
    """`compute` of the sources of a batch, computed once for all rows; `what` names it."""
    key = f"{what} of the sources " + " ".join(observed.ids)
    return context.once(key, lambda: compute(observed.source))
