"""What metrics of features share: the option, the meter, and which features can be scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bridgebench import BridgebenchError, MetricContext, Observed, Score
from bridgebench_metrics.formulas.chunks import in_chunks

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor

OPTION = "the extractor whose features are compared, by spec; empty: the task's own"

ALIKE = 1e-5
"""Features that differ by less, relative to the largest, are one image made again and again."""


def feature_meter(
    spec: str, summarize: Callable[[Tensor], dict[str, Score]]
) -> torchmetrics.Metric:
    """A meter that keeps the (n, F) features of the outputs and scores them together."""
    from bridgebench import ItemMeter

    def measure(observed: Observed) -> Mapping[str, Tensor]:
        return {"features": observed.extract(spec).features}

    return ItemMeter(("features",), measure, lambda values: summarize(values["features"]))


def reference_features(context: MetricContext, spec: str) -> Tensor:
    """The (N, F) features of all reference images."""
    return checked(context.reference().extract(spec).features, "reference images")


def held_out_features(context: MetricContext, spec: str, n: int) -> Tensor:
    """The features of the first `n` held-out real images, or of all if they are fewer."""
    return checked(context.held_out().extract(spec).features[:n], "held-out real images")


def checked(features: Tensor, whose: str) -> Tensor:
    """The features as they are; BridgebenchError below two images or where one is not finite."""
    if len(features) < 2:
        raise BridgebenchError(
            f"a distance between feature distributions needs at least 2 {whose}, got "
            f"{len(features)}; raise n"
        )
    # A sum is not finite where a term is not, and needs no memory; it may overflow besides.
    if not features.sum().isfinite():
        bad = sum(int((~x.isfinite().all(dim=1)).sum()) for x in in_chunks(features))
        if bad:
            raise BridgebenchError(
                f"the features of {bad} of {len(features)} {whose} hold NaN or infinity; "
                "scores need finite features: look at the images and at the extractor's weights"
            )
    return features


def all_alike(features: Tensor) -> bool:
    """Whether all images have the same features: there is then no distribution to compare."""
    low, high = features.aminmax()
    bound = ALIKE * max(abs(low.item()), abs(high.item()))
    first = features[0].double()
    return all(bool((x - first).abs_().amax() <= bound) for x in in_chunks(features))
