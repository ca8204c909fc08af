"""How much of the source's shape is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bridgebench import Column, Metric, MetricContext, Observed, Setting, UsageError
from bridgebench_metrics.per_image import mean_score, unlike_images

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


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
        from bridgebench_metrics.formulas.color import hsv_value, observed_value
        from bridgebench_metrics.formulas.structure import centered, value_correlation

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
