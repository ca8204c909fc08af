"""The sliced Wasserstein distance of coarse pixels."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import (
    Column,
    Metric,
    MetricContext,
    Observed,
    Population,
    Score,
    Setting,
    positive_interval,
)
from bridgebench_metrics.features import checked
from bridgebench_metrics.per_image import unlike_images

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


class Swd(Metric):
    """SWD: the sliced Wasserstein distance between coarse pixels of outputs and reference images.

    Formula: images are averaged over `size` x `size` cells to D = size²·channels numbers; the
    distance is the mean over D directions of ∫|F - G|, the Wasserstein-1 distance between the
    projections of outputs and reference images. The directions are one random orthonormal basis,
    the same for every run, times √(π/2), so that a shift of all images by s gives about the root
    mean square of s. It sees color, background and coarse shape, and asks no classifier.
    Unit: pixel value of images in [-1, 1]. Lower is better; 0 and above. It is biased upwards at
    finite n, so compare it with the floor: the same of held-out real images, as many as there are
    outputs (or all of them where they are fewer, which makes the floor higher).
    Interval: around the expectation at this n, with the reference held fixed, as
    value·exp(±t·error/value); the error is that of the influence function: along each direction
    ∫ sign(G - F) up to the image, less its mean. Items: the value plus each influence. A single
    image has no interval.
    Source: Rabin et al., SSVM 2011; Bonneel et al., JMIV 2015; as a distance between images, Karras
    et al., ICLR 2018.
    """

    name: ClassVar[str] = "swd"
    needs_reference: ClassVar[bool] = True

    size: int = Field(4, ge=1, le=16, description="cells along each side of an image")

    def columns(self) -> tuple[Column, ...]:
        """The distance and its floor."""
        unit = "pixel value"
        said = "sliced Wasserstein distance of coarse pixels to the reference images"
        return (
            Column("swd", unit, "lower", said, 0.0, interval=True),
            Column("swd_floor", unit, "", "the same of as many held-out real images", 0.0),
        )

    def unsupported_reason(self, setting: Setting) -> str:
        """Only images have pixels to average."""
        return unlike_images(setting.shape, "swd")

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of coarse pixels."""
        from bridgebench import ItemMeter
        from bridgebench_metrics.formulas.sliced_wasserstein import pooled, sliced, sliced_distance

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            return {"coarse": pooled(observed.output, self.size)}

        def real(images: Population, whose: str) -> Tensor:
            return checked(images.each(f"swd/{self.size}", partial(pooled, size=self.size)), whose)

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            coarse = values["coarse"]
            n = len(coarse)
            reference = context.once(
                f"swd/{self.size}/reference",
                lambda: sliced(real(context.reference(), "reference images")),
            )
            floor = context.once(
                f"swd/{self.size}/floor/{n}",
                lambda: sliced_distance(
                    real(context.held_out(), "held-out real images")[:n], reference
                )[0],
            )
            value, influence = sliced_distance(coarse, reference)
            estimate = positive_interval(value, influence)
            return {
                "swd": Score(*estimate, items=value + influence),
                "swd_floor": Score(floor),
            }

        return ItemMeter(("coarse",), measure, summarize)
