"""Means over images of which a few may lack the value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridgebench import Score, bootstrap_mean

if TYPE_CHECKING:
    from torch import Tensor

UNDEFINED_LIMIT = 0.05
"""Up to this share of images may lack a value; above it, the mean of the others says too little."""


def too_few(values: Tensor) -> bool:
    """Whether more than UNDEFINED_LIMIT of the (n,) values are NaN, that is missing."""
    return bool(values.isnan().double().mean() > UNDEFINED_LIMIT)


def mean_score(values: Tensor, seed: int) -> Score:
    """The mean of (n,) values with its bootstrap interval, NaN left out; no score if too few."""
    if too_few(values):
        return Score(None)
    return Score(*bootstrap_mean(values, seed), items=values)
