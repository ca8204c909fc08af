"""How the saturation changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bridgebench import Column, Metric, MetricContext, Observed, Setting
from bridgebench_metrics.per_image import mean_score, of_sources, unlike_images

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


class Saturation(Metric):
    """Saturation change: how much more saturated the outputs are than their sources.

    Formula: the saturation of an image is the mean of its pixels' HSV saturation, weighted by V,
    that is total chroma over total V; the score is the mean over images of output minus source. A
    black image has none and is left out; not defined where that is so for more than 5 %.
    Unit: saturation. From -1 (all color lost) to 1; 0 is no change, and neither end is better.
    Interval: bootstrap over images. Items: the change of each image.
    Source: HSV as in Smith, SIGGRAPH 1978; the weighting is ours.
    """

    name: ClassVar[str] = "saturation"

    def columns(self) -> tuple[Column, ...]:
        """The mean change."""
        return (
            Column(
                "saturation",
                "saturation",
                "",
                "mean change of the saturation",
                low=-1.0,
                high=1.0,
                interval=True,
            ),
        )

    def unsupported_reason(self, setting: Setting) -> str:
        """Only images of three channels have a color."""
        return unlike_images(setting.shape, "color", channels=3)

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of changes."""
        from bridgebench import ItemMeter
        from bridgebench_metrics.formulas.color import (
            image_saturation,
            observed_color,
            observed_value,
            saturation,
        )

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            output = saturation(observed_color(observed).chroma, observed_value(observed))
            source = of_sources("saturation", image_saturation, observed, context)
            return {"change": output - source}

        return ItemMeter(
            ("change",),
            measure,
            lambda values: {"saturation": mean_score(values["change"], context.seed)},
        )
