"""How much of the source's handwriting is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bridgebench import Column, Metric, MetricContext, Observed, Score, Setting
from bridgebench_metrics.per_image import of_sources, unlike_images

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor

    from bridgebench_metrics.formulas.correlation import Correlated
    from bridgebench_metrics.formulas.handwriting import Handwriting


LEAST_INK = 0.1
"""An output with a smaller share of its source's ink has no strokes: a speck that is left has any
slant, and one slant of seven decides a correlation."""


def style_scores(source: Handwriting, output: Handwriting) -> dict[str, Score]:
    """The columns of Style, of the traits of n sources and of their outputs."""
    from bridgebench_metrics.formulas.correlation import correlated, mean_of

    written = output.ink >= LEAST_INK * source.ink
    slant, thickness = (
        correlated(trait, kept.where(written, math.nan))
        for trait, kept in ((source.slant, output.slant), (source.thickness, output.thickness))
    )
    both = mean_of([slant, thickness]) if slant and thickness else None
    return {"slant_r": _score(slant), "thickness_r": _score(thickness), "style_r": _score(both)}


def _score(found: Correlated | None) -> Score:
    return Score(None) if found is None else Score(*found.estimate(), items=found.products)


class Style(Metric):
    """Style: how much of the source's handwriting the outputs keep, its slant and its thickness.

    Formula: `slant_r` and `thickness_r` are Pearson's correlations, across images, of a trait of
    the source with the same trait of its output; `style_r` is their mean. With a the V (largest
    channel) of the pixels in [0, 1], below 0.05 set to 0, the slant is μ_xy/μ_yy, of the second
    moments of a about its center with y upwards, and the stroke thickness 2·Σa/Σ|∇a| pixels. Blind
    to color, place and brightness.
    An output without strokes (a plane, or less than a tenth of its source's ink) keeps nothing: its
    product is 0, so that the correlation of the others counts by their share, and a method gains
    nothing by leaving out what is hard. Outputs that are all alike keep nothing either: 0. Sources
    without strokes are left out. Not defined below 4 sources, where more than 5 % of them have no
    strokes, or where all of them are alike, as what does not vary can be neither kept nor lost.
    Unit: correlation. From -1 to 1; higher is more of the handwriting, 0 is none.
    Interval: on Fisher's z = atanh(r), with the standard error √(var(IF)/(n - 3))/(1 - r²) and
    Student's quantile, where IF = z_s·z_o - r/2·(z_s² + z_o²) is the influence of an image with
    standardized values z_s and z_o; for `style_r`, the mean of both. Items: z_s·z_o of each image,
    whose mean is r; for `style_r` the mean of both products.
    Source: Fisher, Metron 1921; the influence function, Devlin et al., Biometrika 1975; moments as
    in the slant correction of Bozinovic and Srihari, IEEE PAMI 1989; the metric is defined here.
    """

    name: ClassVar[str] = "style"

    def columns(self) -> tuple[Column, ...]:
        """The two correlations and their mean."""
        described = {
            "slant_r": "correlation of the slant of source and output",
            "thickness_r": "correlation of the stroke thickness of source and output",
            "style_r": "mean of slant_r and thickness_r",
        }
        return tuple(
            Column(
                name, "correlation", "higher", text, low=-1.0, high=1.0, interval=True, chance=True
            )
            for name, text in described.items()
        )

    def unsupported_reason(self, setting: Setting) -> str:
        """Only images show handwriting."""
        return unlike_images(setting.shape, "style")

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of traits."""
        import torch

        from bridgebench import ItemMeter
        from bridgebench_metrics.formulas.color import hsv_value, observed_value
        from bridgebench_metrics.formulas.handwriting import Handwriting, handwriting

        def of_images(images: Tensor) -> Handwriting:
            return handwriting(hsv_value(images))

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            source = of_sources("style", of_images, observed, context)
            output = handwriting(observed_value(observed))
            return {"source": torch.stack(source, dim=1), "output": torch.stack(output, dim=1)}

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            source, output = (values[name].unbind(dim=1) for name in ("source", "output"))
            return style_scores(Handwriting(*source), Handwriting(*output))

        return ItemMeter(("source", "output"), measure, summarize)
