"""How far each image is from the nearest of others, by their thumbnails."""

from __future__ import annotations

import torch
from torch import Tensor

from bridgebench import BridgebenchError, MetricContext
from bridgebench_metrics.formulas.chunks import CHUNK, spans, tiles
from bridgebench_metrics.formulas.thumbnails import image_thumbnails, reference_thumbnails

COPY = 0.3
"""Below this share of the usual distance two images are one. Measured on colored digits, no two
held-out images are so near; a copy that is shifted, dimmed, or a little noisy or blurred is."""

ROUNDING = 1e-6
"""Two thumbnails of one image are no farther from each other."""


def nearest_distance(queries: Tensor, known: Tensor, numbers: int = CHUNK) -> Tensor:
    """The Euclidean distance of each of (B, P) queries to the nearest of (N, P): (B,) float64.

    `numbers` is how many of the numbers between two sets of images are held at once.
    """
    halves = known.square().sum(dim=1) / 2.0
    runs = spans(len(queries), queries.shape[1], numbers)
    return torch.cat([_nearest(queries[run], known, halves, numbers) for run in runs])


def _nearest(queries: Tensor, known: Tensor, halves: Tensor, numbers: int) -> Tensor:
    least = torch.full((len(queries),), torch.inf)
    which = torch.zeros(len(queries), dtype=torch.long)
    for rows in spans(len(known), max(*queries.shape), numbers):
        half = torch.addmm(halves[rows], queries, known[rows].T, alpha=-1.0)  # less what all share
        found = half.min(dim=1)
        which = torch.where(found.values < least, found.indices + rows.start, which)
        least = torch.minimum(least, found.values)
    # Once more for the nearest: the difference of two large numbers is no small one.
    return (queries.double() - known[which].double()).square().sum(dim=1).sqrt()


def has_twin(images: Tensor, within: float, numbers: int = CHUNK) -> Tensor:
    """Whether each of (n, P) images has another one nearer than `within`: (n,) bool."""
    n = len(images)
    found = torch.zeros(n, dtype=torch.bool)
    for rows, columns in tiles(n, n, images.shape[1], numbers):
        distances = torch.cdist(images[rows].double(), images[columns].double())
        if rows == columns:
            distances.fill_diagonal_(torch.inf)
        found[rows] |= (distances < within).any(dim=1)
    return found


def usual_distance(context: MetricContext) -> float:
    """The mean distance of all held-out real images to their nearest reference image, above 0.

    BridgebenchError where there are no held-out images, or only ones that the reference has.
    """
    return context.once("thumbnails/usual distance", lambda: _usual(context))


def _usual(context: MetricContext) -> float:
    held_out = context.held_out()
    distance = 0.0
    if len(held_out):
        seen = held_out.each("thumbnails", image_thumbnails)
        distance = nearest_distance(seen, reference_thumbnails(context)).mean().item()
    if distance <= ROUNDING:
        raise BridgebenchError(
            "the distance to real images needs held-out ones that are not in the reference, got "
            f"{len(held_out)}; choose two different splits"
        )
    return distance
