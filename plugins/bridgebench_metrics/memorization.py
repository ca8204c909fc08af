"""Whether the outputs are copies of images that a model may have learned from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bridgebench import Column, Metric, MetricContext, Observed, Score, Setting, exact_share
from bridgebench_metrics.formulas.thumbnails import observed_thumbnails, reference_thumbnails
from bridgebench_metrics.means import mean_score
from bridgebench_metrics.shapes import unlike_images

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


def memorization_scores(ratio: Tensor, seed: int) -> dict[str, Score]:
    """The columns of Memorization, of the (n,) ratios."""

    from bridgebench_metrics.nearest import COPY

    copies = ratio < COPY
    share = exact_share(int(copies.sum()), len(copies))
    return {
        "memorization": mean_score(ratio, seed),
        "copied": Score(*share, items=copies.float()),
    }


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
            Column(
                "copied",
                "share",
                "lower",
                "outputs that nearly repeat a reference image",
                low=0.0,
                high=1.0,
                interval=True,
                share=True,
            ),
        )

    def unsupported_reason(self, setting: Setting) -> str:
        """Only images have thumbnails."""
        return unlike_images(setting.shape, "memorization")

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of ratios."""

        from bridgebench import ItemMeter
        from bridgebench_metrics.nearest import nearest_distance, usual_distance

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            known = reference_thumbnails(context)
            distance = nearest_distance(observed_thumbnails(observed), known)
            return {"ratio": distance / usual_distance(context)}

        return ItemMeter(
            ("ratio",),
            measure,
            lambda values: memorization_scores(values["ratio"], context.seed),
        )
