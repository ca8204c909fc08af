"""Images made small so that copies of one image stay near each other, and how near they are.

A pixel distance between an image and itself moved by one pixel is as large as that between two
images by different hands. A thumbnail undoes what costs a copyist nothing: color, a shift, a change
of brightness, faint noise, a slight blur.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from bridgebench import BridgebenchError, MetricContext, Observed
from bridgebench_metrics.formulas.chunks import CHUNK, spans, tiles
from bridgebench_metrics.formulas.color import hsv_value, observed_value

POINTS = 16
"""The side of a thumbnail; that of the image, where it has fewer pixels."""

FAINT = 0.2
"""What is taken off every value, as a share of the largest: noise on a black background."""

BLUR = 0.4
"""The blur of the second thumbnail of a reference image, in points: 0.8 pixels of 32."""

REACH = 2.0
"""How many points away a pixel still counts: four standard deviations. What is left of a Gaussian
beyond that makes numbers below the normal range, and products of those take many times longer."""

TINY = 1e-30

COPY = 0.3
"""Below this share of the usual distance two images are one. Measured on colored digits, no two
held-out images are so near; a copy that is shifted, dimmed, or a little noisy or blurred is."""

ROUNDING = 1e-6
"""Two thumbnails of one image are no farther from each other."""


def thumbnails(value: Tensor) -> Tensor:
    """The thumbnails of (B, H, W) values in [0, 1]: (B, P) float32 of norm 1, 0 for a flat black.

    The value less FAINT of the largest one, cut at 0, is blurred (a Gaussian, its standard
    deviation half of the distance between two points) and read at POINTS × POINTS points around
    its center of mass.
    """
    least = FAINT * value.amax(dim=(1, 2), keepdim=True)
    ink = (value - least).clamp(min=0.0).double()  # so that no rounding depends on the batch
    small = _readings(ink.sum(dim=2)) @ ink @ _readings(ink.sum(dim=1)).transpose(1, 2)
    flat = small.flatten(1)
    length: Tensor = torch.linalg.vector_norm(flat, dim=1, keepdim=True)
    return (flat / length.clamp(min=TINY)).float()


def blurred(value: Tensor) -> Tensor:
    """(B, H, W) values under a Gaussian of BLUR points, as if black went on beyond the border."""
    rows, columns = (_blurring(length) for length in value.shape[1:])
    return (rows @ value.double() @ columns.T).float()


def image_thumbnails(
    images: Tensor, see: Callable[[Tensor], Tensor] = thumbnails, numbers: int = CHUNK
) -> Tensor:
    """What `see` makes of the values of (N, C, H, W) images, `numbers` numbers at a time."""
    runs = spans(len(images), images[:1].numel() or 1, numbers)
    parts = [see(hsv_value(images[run])) for run in runs]
    return torch.cat(parts) if parts else torch.empty(0, 0)


def known_thumbnails(images: Tensor) -> Tensor:
    """What copies of (B, C, H, W) images are near to: (B, 2, P).

    The thumbnail of each image as it is and of the image blurred: a copy with a blur of any
    strength up to that is near one of the two.
    """
    blunt = image_thumbnails(images, lambda value: thumbnails(blurred(value)))
    return torch.stack([image_thumbnails(images), blunt], dim=1)


def nearest_distance(queries: Tensor, known: Tensor, numbers: int = CHUNK) -> Tensor:
    """The Euclidean distance of each of (B, P) queries to the nearest of (N, P): (B,) float64.

    `numbers` is how many of the numbers between two sets of images are held at once.
    """
    halves = known.square().sum(dim=1) / 2.0
    runs = spans(len(queries), queries.shape[1], numbers)
    return torch.cat([_nearest(queries[run], known, halves, numbers) for run in runs])


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


def observed_thumbnails(observed: Observed) -> Tensor:
    """The thumbnails of the outputs of a batch, made once."""
    return observed.once("thumbnails", lambda: thumbnails(observed_value(observed)))


def reference_thumbnails(context: MetricContext) -> Tensor:
    """`known_thumbnails` of all reference images, (2N, P), made once a run and seed."""

    def both() -> Tensor:
        return (
            context.reference().each("thumbnails", known_thumbnails).transpose(0, 1).flatten(0, 1)
        )

    return context.once("thumbnails/reference", both)


def usual_distance(context: MetricContext) -> float:
    """The mean distance of all held-out real images to their nearest reference image, above 0.

    BridgebenchError where there are no held-out images, or only ones that the reference has.
    """
    return context.once("thumbnails/usual distance", lambda: _usual(context))


def _usual(context: MetricContext) -> float:
    held_out = context.held_out()
    distance = 0.0
    if len(held_out):
        seen = held_out.each("plain thumbnails", image_thumbnails)
        distance = nearest_distance(seen, reference_thumbnails(context)).mean().item()
    if distance <= ROUNDING:
        raise BridgebenchError(
            "the distance to real images needs held-out ones that are not in the reference, got "
            f"{len(held_out)}; choose two different splits"
        )
    return distance


def _readings(profile: Tensor) -> Tensor:
    """(B, POINTS, L): how much each of L places adds to each point, of the (B, L) ink at each."""
    length = profile.shape[1]
    points = min(POINTS, length)
    step = length / points
    places = torch.arange(length, dtype=profile.dtype) + 0.5
    mass = profile.sum(dim=1).clamp(min=TINY)
    grid = (torch.arange(points, dtype=profile.dtype) + 0.5) * step - length / 2
    centers = (profile @ places / mass)[:, None] + grid
    away = (places - centers[:, :, None]) / step
    return torch.where(away.abs() <= REACH, (-2.0 * away.square()).exp(), 0.0)


def _blurring(length: int) -> Tensor:
    """(L, L): how much each place adds to each place; the rows sum to 1, but for the borders."""
    reach = BLUR * length / min(POINTS, length)
    places = torch.arange(-length + 1, length, dtype=torch.float64)
    weights = (-0.5 * (places / reach).square()).exp()
    weights = torch.where(places.abs() <= 4 * reach, weights, 0.0) / weights.sum()
    at = torch.arange(length)
    return weights[at[:, None] - at + length - 1]


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
