"""Whether outputs repeat each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bridgebench import Column, Metric, MetricContext, Observed, Score, Setting, exact_share
from bridgebench_metrics.shapes import unlike_images

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


class Duplicates(Metric):
    """Duplicates: the share of outputs that nearly repeat another output of the same row.

    Formula: the share of outputs that have another output nearer than 0.3 times the mean distance
    of held-out real images to their nearest reference image; the distance is that of memorization,
    which sees through color, shifts, brightness, faint noise and a slight blur. An output without
    ink is near to every other one without ink. The share grows with n where outputs are drawn from
    few images, as more of them meet.
    Unit: share. Lower is better; from 0 to 1.
    Interval: exact (Clopper-Pearson). Items: 0 or 1.
    Source: the birthday-paradox test of Arora and Zhang, ICLR 2018, with a distance instead of a
    look at the pairs.
    """

    name: ClassVar[str] = "duplicates"
    needs_reference: ClassVar[bool] = True

    def columns(self) -> tuple[Column, ...]:
        """The share."""
        return (
            Column(
                "near_identical",
                "share",
                "lower",
                "outputs that nearly repeat another output",
                low=0.0,
                high=1.0,
                interval=True,
                share=True,
            ),
        )

    def unsupported_reason(self, setting: Setting) -> str:
        """Only images have thumbnails."""
        return unlike_images(setting.shape, "duplicates")

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of thumbnails."""

        from bridgebench import ItemMeter
        from bridgebench_metrics.formulas.thumbnails import observed_thumbnails
        from bridgebench_metrics.nearest import COPY, has_twin, usual_distance

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            return {"thumbnail": observed_thumbnails(observed)}

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            repeats = has_twin(values["thumbnail"], COPY * usual_distance(context))
            share = exact_share(int(repeats.sum()), len(repeats))
            return {"near_identical": Score(*share, items=repeats.float())}

        return ItemMeter(("thumbnail",), measure, summarize)
