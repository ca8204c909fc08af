"""How well the color of the source is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bridgebench import Column, Metric, MetricContext, Observed, Score, Setting
from bridgebench_metrics.per_image import (
    mean_score,
    share_column,
    share_score,
    too_few,
    unlike_images,
)

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor

NEAR = 15.0
"""Degrees under which a hue counts as kept, in the column `color_within15`."""


def color_scores(error: Tensor, seed: int) -> dict[str, Score]:
    """The columns of Color, of (n,) errors in degrees, NaN for an output without color."""
    middle = None if too_few(error) else error.double().nanquantile(0.5).item()
    return {
        "color_deg": mean_score(error, seed),
        "color_median_deg": Score(middle),
        "color_within15": share_score(error < NEAR),
        "color_undefined": share_score(error.isnan()),
    }


class Color(Metric):
    """Color preservation: the angle between the hues of source and output.

    Formula: the hue of an image is the circular mean of its pixels' hues, weighted by chroma
    (largest minus smallest channel); the error is the angle between source and output, from 0 to
    180 degrees, 90 on average for unrelated hues. An output with less than 5 % of its source's
    chroma has no color: a failure in the share, and left out of mean and median, which are not
    defined where it is so for more than 5 % of the outputs (`color_undefined`).
    Unit: degrees, and shares. Lower is better for the angles, higher for `color_within15`, the
    share of outputs under 15 degrees.
    Interval: bootstrap over images for the mean, exact (Clopper-Pearson) for the shares. Items: the
    error of each image, NaN without color; 0 or 1 for the shares.
    Source: circular means, Mardia and Jupp, Directional Statistics, 2000; the weighting is ours.
    """

    name: ClassVar[str] = "color"
    version: ClassVar[int] = 2

    def columns(self) -> tuple[Column, ...]:
        """Mean, median, share of near hues, share without color."""
        return (
            Column(
                "color_deg",
                "degrees",
                "lower",
                "mean hue error",
                low=0.0,
                high=180.0,
                interval=True,
                chance=True,
            ),
            Column("color_median_deg", "degrees", "lower", "median hue error", 0.0, high=180.0),
            share_column(
                "color_within15", "higher", "outputs with a hue error under 15 degrees", chance=True
            ),
            share_column("color_undefined", "lower", "outputs without color"),
        )

    def unsupported_reason(self, setting: Setting) -> str:
        """Only images of three channels have a color."""
        return unlike_images(setting.shape, "color", channels=3)

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of hue errors."""
        from bridgebench import ItemMeter
        from bridgebench_metrics.formulas.color import observed_hue_error

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            return {"error": observed_hue_error(observed, context)}

        return ItemMeter(
            ("error",), measure, lambda values: color_scores(values["error"], context.seed)
        )
