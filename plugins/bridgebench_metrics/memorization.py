"""Whether the outputs are copies of images that a model may have learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from bridgebench import BridgebenchError, Column, Metric, Observed, Yardstick
from bridgebench_metrics.hsv_value import hsv_value, observed_value
from bridgebench_metrics.means import mean_score

if TYPE_CHECKING:
    import torchmetrics

BLOCK = 1000
"""Images looked up at once, which bounds the memory."""


@dataclass(frozen=True)
class Neighbors:
    """Images to look for the nearest in.

    pixels   (N, P) float32, their V
    varying  (V,) indices of the pixels that are not the same in all of them: the others add the
             same to every distance, so that the nearest image is found without them
    known    (V, N) the varying pixels alone
    halves   (N,) half the squared norm of each column of `known`
    """

    pixels: Tensor
    varying: Tensor
    known: Tensor
    halves: Tensor


def neighbors_of(images: Tensor) -> Neighbors:
    """Prepare (N, C, H, W) images in [-1, 1]."""
    pixels = hsv_value(images).flatten(1)
    varying = (pixels != pixels[0]).any(dim=0).nonzero().squeeze(1)
    known = pixels[:, varying].T.contiguous()
    return Neighbors(pixels, varying, known, known.square().sum(dim=0) / 2.0)


def nearest_distance(value: Tensor, neighbors: Neighbors) -> Tensor:
    """The Euclidean distance to the nearest image: V of (B, H, W) -> (B,) float64."""
    return torch.cat([_nearest(part.flatten(1), neighbors) for part in torch.split(value, BLOCK)])


def _nearest(pixels: Tensor, neighbors: Neighbors) -> Tensor:
    halves = torch.addmm(  # (B, N), half the squared distance less what is the same for all
        neighbors.halves, pixels[:, neighbors.varying], neighbors.known, alpha=-1.0
    )
    nearest = neighbors.pixels[halves.argmin(dim=1)]  # (B, P)
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
