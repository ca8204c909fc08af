"""Whether the outputs are copies of images that a model may have learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from bridgebench import BridgebenchError, Column, Metric, Observed, Yardstick
from bridgebench_metrics.chunks import CHUNK, spans
from bridgebench_metrics.hsv_value import hsv_value, observed_value
from bridgebench_metrics.means import mean_score

if TYPE_CHECKING:
    import torchmetrics


@dataclass(frozen=True)
class Neighbors:
    """Images to look for the nearest in.

    first    (P,) float32, the V of the pixels of one of them
    varying  (V,) indices of the pixels that are not the same in all of them: the others add the
             same to every distance, so that the nearest image is found without them
    known    (V, N) the varying pixels of all
    halves   (N,) half the squared norm of each column of `known`
    """

    first: Tensor
    varying: Tensor
    known: Tensor
    halves: Tensor


def neighbors_of(images: Tensor) -> Neighbors:
    """Prepare (N, C, H, W) images in [-1, 1]."""
    pixels = hsv_value(images).flatten(1)
    low, high = pixels.aminmax(dim=0)
    varying = (low != high).nonzero().squeeze(1)
    known = pixels[:, varying].T.contiguous()
    return Neighbors(pixels[0].clone(), varying, known, known.square().sum(dim=0) / 2.0)


def nearest_distance(value: Tensor, neighbors: Neighbors, numbers: int = CHUNK) -> Tensor:
    """The Euclidean distance to the nearest image: V of (B, H, W) -> (B,) float64.

    `numbers` is how many of the numbers between two sets of images are held at once.
    """
    pixels = value.flatten(1)
    runs = spans(len(pixels), pixels.shape[1], numbers)
    return torch.cat([_nearest(pixels[run], neighbors, numbers) for run in runs])


def _nearest(pixels: Tensor, neighbors: Neighbors, numbers: int) -> Tensor:
    varying, known = pixels[:, neighbors.varying], neighbors.known
    least = torch.full((len(pixels),), torch.inf)
    which = torch.zeros(len(pixels), dtype=torch.long)
    for columns in spans(known.shape[1], max(*pixels.shape), numbers):
        halves = torch.addmm(  # half the squared distance less what is the same for all
            neighbors.halves[columns], varying, known[:, columns], alpha=-1.0
        )
        found = halves.min(dim=1)
        which = torch.where(found.values < least, found.indices + columns.start, which)
        least = torch.minimum(least, found.values)
    nearest = neighbors.first.repeat(len(pixels), 1)
    nearest[:, neighbors.varying] = known[:, which].T
    return (pixels.double() - nearest.double()).square().sum(dim=1).sqrt()


class Memorization(Metric):
    """Memorization: how near the outputs are to reference images, against held-out real images.

    Formula: the distance of an output to its nearest reference image, Euclidean over the pixels' V
    (largest channel, so that color plays no part), over the mean of the same distance for all
    held-out real images. Unit: ratio. From 0 (copies of the reference); 1 is like real images that
    nobody has learned from, and more is far from all of them. Neither end is better.
    Interval: bootstrap over images, with the held-out mean held fixed. Items: the ratio of each.
    Source: the nearest-neighbor distances of Meehan et al., AISTATS 2020, as a ratio of means. It
    speaks of models that learned from the reference split.
    """

    name: ClassVar[str] = "memorization"
    needs_reference: ClassVar[bool] = True

    def columns(self) -> tuple[Column, ...]:
        """The ratio."""
        return (
            Column(
                "memorization",
                "ratio",
                "",
                "distance to the nearest reference image over that of real images",
                low=0.0,
                interval=True,
            ),
        )

    def meter(self, yardstick: Yardstick) -> torchmetrics.Metric:
        """A meter of ratios."""
        from bridgebench import ItemMeter

        def known() -> Neighbors:
            return neighbors_of(yardstick.reference().items.images)

        def real() -> float:
            images = yardstick.held_out().items.images
            neighbors = yardstick.once("memorization/reference", known)
            value = hsv_value(images)
            distance = nearest_distance(value, neighbors).mean().item() if len(images) else 0.0
            if distance == 0:
                raise BridgebenchError(
                    "memorization needs held-out real images that are not in the reference, got "
                    f"{len(images)}; choose two different splits"
                )
            return distance

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            neighbors = yardstick.once("memorization/reference", known)
            scale = yardstick.once("memorization/held out", real)
            distance = nearest_distance(observed_value(observed), neighbors)
            return {"ratio": distance / scale}

        return ItemMeter(
            ("ratio",),
            measure,
            lambda values: {"memorization": mean_score(values["ratio"], yardstick.seed)},
        )
