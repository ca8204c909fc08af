"""Features, logits and items that no number can be made of are an error, never a number."""

from importlib import import_module
from typing import Any

import pytest
import torch

from bridgebench import (
    BridgebenchError,
    Extracted,
    Items,
    Metric,
    Observed,
    Population,
    Setting,
    UsageError,
)
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.plugins.specs import build
from bridgebench_metrics import hooks

OF_FEATURES = ("fid", "kid", "precision_recall", "diversity")
OF_LOGITS = ("accuracy:label=7", "agreement:label=7:second=other", "success:label=7")


def load(name: str, **options: Any) -> Metric:
    module, _, attribute = str(hooks.bridgebench_metrics()[name]).partition(":")
    metric: Metric = getattr(import_module(module), attribute)(**options)
    return metric


def seen(count: int, seed: int, bad: float | None) -> Extracted:
    """What an extractor sees in `count` images, with one number of the third image bad."""
    drawn = torch.randn(count, 10, generator=torch.Generator().manual_seed(seed))
    if bad is not None:
        drawn[2, 4] = bad
    return Extracted(drawn, drawn)


class MetricContext:
    """Real images whose features may be bad; the images themselves never are."""

    n, seed, extractor = 20, 0, "any"

    def __init__(self, bad: float | None) -> None:
        self.bad = bad

    def reference(self) -> Population:
        images = torch.zeros(40, 3, 2, 2)
        items = Items(images, tuple(map(str, range(40))), ("real",) * 40)
        return Population(items, lambda spec: seen(40, 1, self.bad), lambda key, make: make())

    held_out = reference

    def once(self, key: str, compute: Any) -> Any:
        return compute()


def score(metric: Metric, of_outputs: float | None, of_reference: float | None) -> Any:
    images = torch.rand(20, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    ids = tuple(map(str, range(20)))
    meter = metric.meter(MetricContext(of_reference))
    meter.update(Observed(images, images, ids, None, lambda spec, images: seen(20, 2, of_outputs)))
    return meter.compute()


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("name", OF_FEATURES)
def test_features_that_are_not_finite_are_an_error(name: str, bad: float) -> None:
    score(load(name), None, None)
    with pytest.raises(BridgebenchError, match="1 of 20 outputs hold NaN or infinity"):
        score(load(name), bad, None)
    with pytest.raises(BridgebenchError, match="1 of 40 reference images hold NaN or infinity"):
        score(load(name), None, bad)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
@pytest.mark.parametrize("spec", OF_LOGITS)
def test_logits_that_are_not_finite_are_an_error(spec: str, bad: float) -> None:
    metric = build(load_registry(), Kind.METRIC, Metric, spec)
    score(metric, None, None)
    with pytest.raises(BridgebenchError, match="logits with NaN or infinity"):
        score(metric, bad, None)


@pytest.mark.parametrize("shape", [(1, 6, 5), (4, 6, 5), (3,), (3, 6)])
@pytest.mark.parametrize("name", ["color", "saturation", "success"])
def test_items_that_are_no_images_of_three_channels_have_no_color(
    name: str, shape: tuple[int, ...]
) -> None:
    items = torch.rand(20, *shape, generator=torch.Generator().manual_seed(0))
    meter = load(name, **({"label": 7} if name == "success" else {})).meter(MetricContext(None))
    seen_items = Observed(
        items, items, tuple(map(str, range(20))), None, lambda spec, images: seen(20, 2, None)
    )
    with pytest.raises(UsageError) as refused:
        meter.update(seen_items)
    assert str(refused.value) == (
        f"color needs images of shape (3, H, W), and these items have the shape {shape}; "
        "leave out the metrics color, saturation and success"
    )


@pytest.mark.parametrize("shape", [(3,), (3, 6)])
def test_items_that_are_no_images_have_no_structure(shape: tuple[int, ...]) -> None:
    items = torch.rand(20, *shape, generator=torch.Generator().manual_seed(0))
    observed = Observed(
        items, items, tuple(map(str, range(20))), None, lambda spec, images: seen(20, 2, None)
    )
    with pytest.raises(UsageError) as refused:
        load("structure").meter(MetricContext(None)).update(observed)
    assert str(refused.value) == (
        f"structure needs images of shape (C, H, W), and these items have the shape {shape}; "
        "leave the metric structure out"
    )


IMAGE, GREY, VECTOR = (3, 6, 5), (1, 6, 5), (16,)
FIT = {
    "color": (IMAGE,),
    "saturation": (IMAGE,),
    "success:label=7": (IMAGE,),
    "structure": (IMAGE, GREY),
    "swd": (IMAGE, GREY),
}


@pytest.mark.parametrize("shape", [IMAGE, GREY, VECTOR])
@pytest.mark.parametrize("spec", [*FIT, "transport", "cycle", "diversity", "accuracy:label=7"])
def test_a_metric_says_beforehand_which_items_it_cannot_measure(
    spec: str, shape: tuple[int, ...]
) -> None:
    metric = build(load_registry(), Kind.METRIC, Metric, spec)
    reason = metric.unsupported_reason(Setting("one", "one", ("one",), "other", shape))
    if shape in FIT.get(spec, (IMAGE, GREY, VECTOR)):
        assert reason == ""
    else:
        assert reason.endswith(f"H, W), and these items have the shape {shape}")
