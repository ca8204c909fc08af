"""Hue, saturation and brightness of images."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from bridgebench import MetricContext, Observed, UsageError
from bridgebench.toolkit.color import hue_difference, mean_hue, total_chroma
from bridgebench_metrics.per_image import of_sources, unlike_images

LEAST_CHROMA = 0.05
"""An output with a smaller share of its source's chroma has no color."""


@dataclass(frozen=True)
class ImageColor:
    """The color of each image of a batch.

    hue     (B,) degrees on [0, 360), the circular mean weighted by chroma
    chroma  (B,) summed over the pixels
    """

    hue: Tensor
    chroma: Tensor


def image_color(images: Tensor) -> ImageColor:
    """The color of (B, 3, H, W) images in [-1, 1]; UsageError for items of another shape."""
    reason = unlike_images(images.shape[1:], "color", channels=3)
    if reason:
        raise UsageError(f"{reason}; leave out the metrics color, saturation and success")
    return ImageColor(mean_hue(images), total_chroma(images))


def hue_error(source: ImageColor, output: ImageColor) -> Tensor:
    """The angle between source and output, (B,) degrees on [0, 180]; NaN where there is no color.

    An output has no color below LEAST_CHROMA of its source's chroma, or if its source has none.
    """
    colored = (output.chroma >= LEAST_CHROMA * source.chroma) & (source.chroma > 0)
    angle = hue_difference(source.hue, output.hue)
    return torch.where(colored, angle, torch.full_like(angle, torch.nan))


def hsv_value(images: Tensor) -> Tensor:
    """The largest channel of each pixel: (B, C, H, W) in [-1, 1] -> (B, H, W) in [0, 1].

    Values outside [-1, 1] are clamped first, as a viewer would.
    """
    return (images.clamp(-1.0, 1.0).amax(dim=1) + 1.0) / 2.0


def image_saturation(images: Tensor) -> Tensor:
    """The mean HSV saturation of each image, weighted by V: (B, 3, H, W) -> (B,) in [0, 1].

    As V·S is the chroma of a pixel, this is total chroma over total V. NaN for a black image.
    """
    return saturation(total_chroma(images), hsv_value(images))


def saturation(chroma: Tensor, value: Tensor) -> Tensor:
    """Total chroma (B,) over the total of V (B, H, W)."""
    return chroma / value.sum(dim=(-2, -1))


def observed_hue_error(observed: Observed, context: MetricContext) -> Tensor:
    """`hue_error` of a batch: its outputs are looked at once, its sources once for all rows."""
    source = of_sources("color", image_color, observed, context)
    return hue_error(source, observed_color(observed))


def observed_color(observed: Observed) -> ImageColor:
    """`image_color` of the outputs of a batch, computed once."""
    return observed.once("color", lambda: image_color(observed.output))


def observed_value(observed: Observed) -> Tensor:
    """`hsv_value` of the outputs of a batch, computed once."""
    return observed.once("HSV value", lambda: hsv_value(observed.output))
