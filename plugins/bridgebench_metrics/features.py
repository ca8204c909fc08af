"""What metrics of features share: the option, the meter, and which features can be scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from torch import Tensor

from bridgebench import BridgebenchError, Observed, Score, Yardstick

if TYPE_CHECKING:
    import torchmetrics

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


def reference_features(yardstick: Yardstick, spec: str) -> Tensor:
    """The (N, F) float64 features of all reference images."""
    return checked(yardstick.reference().extract(spec).features, "reference images")


def held_out_features(yardstick: Yardstick, spec: str, n: int) -> Tensor:
    """The float64 features of the first `n` held-out real images, or of all if they are fewer."""
    return checked(yardstick.held_out().extract(spec).features[:n], "held-out real images")


def checked(features: Tensor, whose: str) -> Tensor:
    """The features in float64; BridgebenchError below two images or where one is not finite."""
    if len(features) < 2:
        raise BridgebenchError(
            f"a distance between feature distributions needs at least 2 {whose}, got "
            f"{len(features)}; raise n"
        )
    bad = ~features.isfinite().all(dim=1)
    if bad.any():
        raise BridgebenchError(
            f"the features of {int(bad.sum())} of {len(bad)} {whose} hold NaN or infinity; "
            "scores need finite features: look at the images and at the extractor's weights"
        )
    return features.double()


def all_alike(features: Tensor) -> bool:
    """Whether all images have the same features: there is then no distribution to compare."""
    difference = (features - features[0]).abs().amax()
    return bool(difference <= ALIKE * features.abs().amax())
