"""Items of datasets, put together."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from bridgebench.interfaces.dataset import Items


def joined(parts: Sequence[Items]) -> Items:
    """The items of several parts, in order."""
    return Items(
        torch.cat([part.images for part in parts]),
        tuple(item for part in parts for item in part.ids),
        tuple(domain for part in parts for domain in part.domains),
    )
