"""How much of the source's shape is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bridgebench import Column, Metric, MetricContext, Observed, Setting, UsageError
from bridgebench_metrics.hsv_value import hsv_value, observed_value
from bridgebench_metrics.means import mean_score
from bridgebench_metrics.shapes import unlike_images

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor

FLAT = 1e-6
"""A standard deviation of V below this is that of an image of one value."""


def shape_correlation(source: Tensor, output: Tensor) -> Tensor:
    """Pearson's correlation of V over the pixels: two (B, C, H, W) -> (B,) in [-1, 1].

    0 for a flat output, which keeps no shape; NaN for a flat source, which has none.
    """
    return value_correlation(centered(hsv_value(source)), centered(hsv_value(output)))


def value_correlation(first: Tensor, second: Tensor) -> Tensor:
    """`shape_correlation` of two centered (B, P) values."""

    import torch

    covariance = (first * second).mean(dim=1)
    spread, other = (part.square().mean(dim=1).sqrt() for part in (first, second))
    correlation = covariance / (spread * other).clamp(min=FLAT**2)
    correlation = torch.where(other > FLAT, correlation.clamp(-1.0, 1.0), 0.0)
    return torch.where(spread > FLAT, correlation, torch.nan)


def centered(value: Tensor) -> Tensor:
    """V less its mean over the pixels: (B, H, W) -> (B, H·W) float64."""
    wide = value.double().flatten(1)
    return wide - wide.mean(dim=1, keepdim=True)


class Structure(Metric):
    """Structure: how much of the source's shape the outputs keep.

    Formula: for each image Pearson's correlation over the pixels between the V (largest channel) of
    source and output, which is the structure term of SSIM taken over the whole image and without
    its constant; blind to color, brightness and contrast. A flat output counts 0, a flat source is
    left out. Unit: correlation. From -1 to 1; higher is more of the source's shape, 0 is none.
    Interval: bootstrap over images. Items: the correlation of each image.
    Source: the structure term of Wang et al., IEEE Transactions on Image Processing, 2004.
    """

    name: ClassVar[str] = "structure"

    def columns(self) -> tuple[Column, ...]:
        """The mean correlation."""
        return (
            Column(
                "structure",
                "correlation",
                "higher",
                "mean correlation of V between source and output",
                low=-1.0,
                high=1.0,
                interval=True,
                chance=True,
            ),
        )

    def unsupported_reason(self, setting: Setting) -> str:
        """Only images have a shape to keep."""
        return unlike_images(setting.shape, "structure")

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of correlations."""
        from bridgebench import ItemMeter

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            reason = unlike_images(observed.source.shape[1:], "structure")
            if reason:
                raise UsageError(f"{reason}; leave the metric structure out")
            source, output = hsv_value(observed.source), observed_value(observed)
            return {"correlation": value_correlation(centered(source), centered(output))}

        return ItemMeter(
            ("correlation",),
            measure,
            lambda values: {"structure": mean_score(values["correlation"], context.seed)},
        )
