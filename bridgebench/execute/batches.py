"""Source images in the batches of the plan; a short last batch is filled up, and cut afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from bridgebench.interfaces.dataset import Items
from bridgebench.interfaces.method import Batch
from bridgebench.randomness import Draw


@dataclass(frozen=True)
class FilledBatch:
    """A batch of the planned size; the first `real` of its images are wanted."""

    batch: Batch
    real: int


def filled_batches(
    items: Items, size: int, seed: int, device: torch.device
) -> Iterator[FilledBatch]:
    """Batches of exactly `size` images; the last is filled up with its own first image."""
    for part in items.batches(size):
        missing = size - len(part)
        images = part.images
        if missing:
            images = torch.cat([images, images[:1].expand(missing, *images.shape[1:])])
        ids = part.ids + part.ids[:1] * missing
        domains = part.domains + part.domains[:1] * missing
        batch = Batch(images.to(device), ids, domains, Draw(seed, ids))
        yield FilledBatch(batch, len(part))
