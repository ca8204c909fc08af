import math
import pickle
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from bridgebench import BridgebenchError, Metric
from bridgebench.toolkit.color import hsv_to_rgb
from bridgebench_metrics import hooks

REQUIRED: dict[str, dict[str, Any]] = {
    "accuracy": {"label": 7},
    "agreement": {"label": 7, "second": "others"},
    "success": {"label": 7},
}
NAMES = sorted(hooks.bridgebench_metrics())
NEED_SEVERAL = {"fid", "kid", "precision_recall", "diversity", "sample_diversity"}


def load(name: str) -> Metric:
    module, _, attribute = str(hooks.bridgebench_metrics()[name]).partition(":")
    cls = getattr(import_module(module), attribute)
    metric: Metric = cls(**REQUIRED.get(name, {}))
    return metric


def colored(n: int, seed: int) -> Tensor:
    rng = np.random.default_rng(seed)
    grey = torch.from_numpy(rng.random((n, 6, 6)).astype(np.float32))
    hue = torch.from_numpy(rng.uniform(0, 360, n).astype(np.float32))
    return hsv_to_rgb(hue[:, None, None], torch.ones(()), grey).permute(0, 3, 1, 2) * 2 - 1


@pytest.fixture
def context(bench: Any) -> Any:
    return bench(colored(150, 1), colored(70, 2), extractor="classes")


def observed(context: Any, cuts: tuple[int, ...]) -> Iterator[Any]:
    source, output = colored(sum(cuts), 3), colored(sum(cuts), 4) * 0.5
    cycled = 0.9 * source
    samples = torch.stack([output, *(0.5 * colored(sum(cuts), seed) for seed in (5, 6, 7))])
    start = 0
    for size in cuts:
        part = slice(start, start + size)
        yield context.observe(
            output[part], source[part], cycled[part], start=start, samples=samples[:, part]
        )
        start += size


def scores_of(metric: Metric, context: Any, cuts: tuple[int, ...]) -> Any:
    meter = metric.meter(context)
    for batch in observed(context, cuts):
        meter.update(batch)
    return meter.compute()


@pytest.mark.parametrize("name", NAMES)
def test_scores_fill_the_columns_within_their_range(name: str, context: Any) -> None:
    metric = load(name)
    assert metric.name == name
    scores = scores_of(metric, context, (50,))
    assert tuple(scores) == tuple(column.name for column in metric.columns())
    for column in metric.columns():
        score = scores[column.name]
        if column.name == "fid_infinity":  # 50 images are fewer than the 108 features
            assert score.value is None
            continue
        assert (-math.inf if column.low is None else column.low) <= score.value
        assert score.value <= (math.inf if column.high is None else column.high)
        if column.interval:
            assert score.low <= score.value <= score.high
            assert score.low < score.high
        else:
            assert score.low is None
            assert score.high is None


@pytest.mark.parametrize("name", NAMES)
def test_items_average_to_the_value(name: str, context: Any) -> None:
    for column, score in scores_of(load(name), context, (50,)).items():
        if score.items is not None:
            assert score.items.shape == (50,)
            mean = score.items.double().nanmean().item()
            value = score.value**2 if column == "cycle_rmse" else score.value
            assert mean == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_batches_and_merged_meters_equal_the_whole(name: str, context: Any) -> None:
    metric = load(name)
    whole = scores_of(metric, context, (50,))
    batches = scores_of(metric, context, (20, 30))
    first, second = metric.meter(context), metric.meter(context)
    parts = observed(context, (20, 30))
    first.update(next(parts))
    second.update(next(parts))
    second.merge_state(first)
    merged = second.compute()
    for column, score in whole.items():
        for other in (batches[column], merged[column]):
            for number, expected in zip(other[:3], score[:3], strict=True):
                assert number == (None if expected is None else pytest.approx(expected, rel=1e-6))
            if score.items is not None:
                assert other.items is not None
                torch.testing.assert_close(other.items, score.items, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_outputs_with_nan_are_an_error(name: str, context: Any) -> None:
    (batch,) = observed(context, (5,))
    batch.output[3, 1, 2, 2] = math.nan
    with pytest.raises(BridgebenchError, match=r"1 of 5 outputs hold NaN .* item/3"):
        load(name).meter(context).update(batch)


@pytest.mark.parametrize("name", sorted(set(NAMES) - NEED_SEVERAL))
def test_one_image_has_no_interval_but_that_of_a_share(name: str, context: Any) -> None:
    metric = load(name)
    scores = scores_of(metric, context, (1,))
    for column in metric.columns():
        assert (scores[column.name].low is not None) == (column.unit == "share")


@pytest.mark.parametrize("name", sorted(NEED_SEVERAL))
def test_one_image_is_an_error_where_it_says_nothing(name: str, context: Any) -> None:
    with pytest.raises(BridgebenchError, match=r"^[^\n]*got 1[^\n]*raise n"):
        scores_of(load(name), context, (1,))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("level", [-1.0, 0.25])
def test_outputs_of_one_value_are_never_taken_for_good(
    name: str, level: float, context: Any
) -> None:
    source = colored(40, 3)
    flat = torch.full_like(source, level)
    meter = load(name).meter(context)
    meter.update(context.observe(flat, source, cycled=flat))
    expected: dict[str, Any] = {
        "fid": None,
        "kid": None,
        "feature_precision": None,
        "feature_recall": None,
        "diversity": pytest.approx(0.0, abs=1e-6),
        "sample_diversity": None,
        "structure": 0.0,
        "success": 0.0,
        "color_deg": None,
        "color_median_deg": None,
        "color_within15": 0.0,
        "color_undefined": 1.0,
        "near_identical": 1.0,
        "copied": 0.0,
        "slant_r": 0.0,
        "thickness_r": 0.0,
        "style_r": 0.0,
        "saturation": None if level == -1.0 else pytest.approx(-1.0),
    }
    for column, score in meter.compute().items():
        if column in expected:
            assert score.value == expected[column]


@pytest.mark.parametrize("name", NAMES)
def test_the_documentation_says_what_the_numbers_mean(name: str) -> None:
    metric = load(name)
    words = type(metric).__doc__ or ""
    for word in ("Formula:", "Unit:", "Interval:", "Source:"):
        assert word in words
    assert all(
        column.description and column.better in ("higher", "lower", "")
        for column in metric.columns()
    )
    assert all(field.description for field in type(metric).model_fields.values())


def test_no_two_metrics_fill_one_column() -> None:
    columns = [column.name for name in NAMES for column in load(name).columns()]
    assert len(columns) == len(set(columns))


@pytest.mark.parametrize("name", NAMES)
def test_descriptions_are_values(name: str) -> None:
    metric = load(name)
    assert pickle.loads(pickle.dumps(metric)) == metric
    assert metric.needs_cycle == (name == "cycle")
    assert metric.samples == (4 if name == "sample_diversity" else 1)
    compared = {"fid", "kid", "precision_recall", "diversity", "memorization", "duplicates", "swd"}
    assert metric.needs_reference == (name in compared)
