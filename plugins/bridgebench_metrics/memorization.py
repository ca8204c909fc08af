"""Whether outputs are copies: of images that a model may have learned from, or of each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bridgebench import Column, Metric, MetricContext, Observed, Score, Setting
from bridgebench_metrics.per_image import mean_score, share_column, share_score, unlike_images

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


class Memorization(Metric):
    """Memorization: how near the outputs are to reference images, against held-out real images.

    Formula: the distance of an output to its nearest reference image, over the mean of the same
    distance for all held-out real images. The distance is Euclidean between thumbnails: V (largest
    channel) less a fifth of the image's largest, cut at 0, blurred by half a point, read at 16 × 16
    points around its center of mass, and scaled to norm 1; each reference image also counts with a
    blur of 0.4 points. So it is blind to color, shifts and brightness, and hardly sees faint noise
    or a blur; a turned, slanted or stretched copy is far away.
    `copied` is the share of outputs with a ratio below 0.3, which no held-out colored digit has: a
    method that copies now and then shows there and not in the mean.
    Unit: ratio, and share. The ratio goes from 0 (copies of the reference); 1 is like real images
    that nobody has learned from, and more is far from all of them; neither end is better. For the
    share lower is better.
    Interval: bootstrap over images for the ratio, with the held-out mean held fixed; exact
    (Clopper-Pearson) for the share. Items: the ratio of each; 0 or 1.
    Source: the nearest-neighbor distances of Meehan et al., AISTATS 2020, as a ratio of means. It
    speaks of models that learned from the reference split.
    """

    name: ClassVar[str] = "memorization"
    version: ClassVar[int] = 2
    needs_reference: ClassVar[bool] = True

    def columns(self) -> tuple[Column, ...]:
        """The ratio, and the share of copies."""
        return (
            Column(
                "memorization",
                "ratio",
                "",
                "distance to the nearest reference image over that of real images",
                low=0.0,
                interval=True,
            ),
            share_column("copied", "lower", "outputs that nearly repeat a reference image"),
        )

    def unsupported_reason(self, setting: Setting) -> str:
        """Only images have thumbnails."""
        return unlike_images(setting.shape, "memorization")

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of ratios."""
        from bridgebench import ItemMeter
        from bridgebench_metrics.formulas.thumbnails import (
            COPY,
            nearest_distance,
            observed_thumbnails,
            reference_thumbnails,
            usual_distance,
        )

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            known = reference_thumbnails(context)
            distance = nearest_distance(observed_thumbnails(observed), known)
            return {"ratio": distance / usual_distance(context)}

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            ratio = values["ratio"]
            return {
                "memorization": mean_score(ratio, context.seed),
                "copied": share_score(ratio < COPY),
            }

        return ItemMeter(("ratio",), measure, summarize)


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
            share_column("near_identical", "lower", "outputs that nearly repeat another output"),
        )

    def unsupported_reason(self, setting: Setting) -> str:
        """Only images have thumbnails."""
        return unlike_images(setting.shape, "duplicates")

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of thumbnails."""
        from bridgebench import ItemMeter
        from bridgebench_metrics.formulas.thumbnails import (
            COPY,
            has_twin,
            observed_thumbnails,
            usual_distance,
        )

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            return {"thumbnail": observed_thumbnails(observed)}

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            repeats = has_twin(values["thumbnail"], COPY * usual_distance(context))
            return {"near_identical": share_score(repeats)}

        return ItemMeter(("thumbnail",), measure, summarize)
