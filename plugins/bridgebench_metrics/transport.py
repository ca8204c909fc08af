"""How far the pixels move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bridgebench import Column, Metric, MetricContext, Observed
from bridgebench_metrics.per_image import mean_score

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


def mean_squared_distance(first: Tensor, second: Tensor) -> Tensor:
    """The mean squared difference of each image: two (B, ...) -> (B,) float64."""
    return (first.double() - second.double()).square().flatten(1).mean(dim=1)


class Transport(Metric):
    """Transport cost: the mean squared pixel distance between source and output.

    Formula: the mean over images, channels and pixels of (output - source)², in the range of the
    items ([-1, 1] for images, where it is at most 4 inside the range). Multiplied by half the
    number of pixels and channels it is the quadratic cost of optimal transport, ½|x - y|².
    Unit: squared pixel value. 0 and above; lower is better among rows that reach the target.
    Interval: bootstrap over images. Items: the cost of each image.
    Source: the transport cost of Korotin et al., NeurIPS 2021, as a mean instead of a sum.
    """

    name: ClassVar[str] = "transport"

    def columns(self) -> tuple[Column, ...]:
        """The mean cost."""
        return (
            Column(
                "transport",
                "squared pixel value",
                "lower",
                "mean squared pixel distance between source and output",
                low=0.0,
                interval=True,
                chance=True,
            ),
        )

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of costs."""
        from bridgebench import ItemMeter

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            return {"cost": mean_squared_distance(observed.source, observed.output)}

        return ItemMeter(
            ("cost",),
            measure,
            lambda values: {"transport": mean_score(values["cost"], context.seed)},
        )
