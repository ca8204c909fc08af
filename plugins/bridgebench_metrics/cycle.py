"""Whether the way there and back ends where it began."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bridgebench import Column, Metric, MetricContext, Observed, Score, bootstrap_mean
from bridgebench_metrics.transport import mean_squared_distance

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


def cycle_scores(squared: Tensor, seed: int) -> dict[str, Score]:
    """The column of Cycle, of (n,) mean squared errors, NaN where nothing was carried back."""
    if squared.isnan().any():
        return {"cycle_rmse": Score(None)}
    value, low, high = (
        None if end is None else math.sqrt(end) for end in bootstrap_mean(squared, seed)
    )
    return {"cycle_rmse": Score(value, low, high, squared)}


class Cycle(Metric):
    """Cycle consistency: how far a source is from itself after the way there and back.

    Formula: the root of the mean, over images, channels and pixels, of the squared difference
    between the source and its output carried back into the source domain. Unit: pixel value, in the
    range of the items ([-1, 1] for images). Lower is better; 0 and above.
    Not defined for a method that cannot carry back. It triples the network evaluations.
    Interval: the root of the bootstrap interval of the mean square. Items: the mean squared error
    of each image.
    Source: the cycle consistency of DDIB (Su et al., ICLR 2023).
    """

    name: ClassVar[str] = "cycle"
    needs_cycle: ClassVar[bool] = True

    def columns(self) -> tuple[Column, ...]:
        """The error."""
        return (
            Column(
                "cycle_rmse",
                "pixel value",
                "lower",
                "error of the source after the way there and back",
                low=0.0,
                interval=True,
            ),
        )

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of squared errors."""
        from bridgebench import ItemMeter

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            if observed.cycled is None:
                return {"squared": observed.source.flatten(1)[:, 0].double() * math.nan}
            return {"squared": mean_squared_distance(observed.source, observed.cycled)}

        return ItemMeter(
            ("squared",), measure, lambda values: cycle_scores(values["squared"], context.seed)
        )
