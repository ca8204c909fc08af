"""How often the outputs are what they should be, in the color that they should have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import Column, Metric, MetricContext, Observed, Score, Setting
from bridgebench_metrics.accuracy import OPTION, logits_of
from bridgebench_metrics.per_image import share_column, share_score, unlike_images

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


class Success(Metric):
    """Success: the share of outputs of the target class that also keep their source's color.

    Formula: the share of outputs whose largest logit is that of `label` and whose hue is under
    `within` degrees from that of the source, both as in the metrics accuracy and color; an output
    without color fails. Unit: share. Higher is better; from 0 to 1.
    Interval: exact (Clopper-Pearson). Items: 0 or 1.
    Source: defined here; what a translation of colored digits is hoped to do.
    """

    name: ClassVar[str] = "success"
    version: ClassVar[int] = 2

    label: int = Field(ge=0, description="the target class of the classifier")
    within: float = Field(15.0, gt=0, le=180, description="the hue error that passes, in degrees")
    classifier: str = Field("", description=OPTION)

    def columns(self) -> tuple[Column, ...]:
        """The share."""
        return (
            share_column(
                "success",
                "higher",
                "outputs of the target class in their source's color",
                chance=True,
            ),
        )

    def extractors(self, default: str) -> tuple[str, ...]:
        """The one that `classifier` names."""
        return (self.classifier or default,)

    def unsupported_reason(self, setting: Setting) -> str:
        """Only images of three channels have a color."""
        return unlike_images(setting.shape, "color", channels=3)

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of successes."""
        from bridgebench import ItemMeter
        from bridgebench_metrics.formulas.color import observed_hue_error

        spec = self.classifier or context.extractor

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            called = logits_of(observed, spec, self.label).argmax(dim=1) == self.label
            near = observed_hue_error(observed, context) < self.within
            return {"success": called & near}

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            return {"success": share_score(values["success"])}

        return ItemMeter(("success",), measure, summarize)
