from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from scipy import stats
from torch import Tensor

from bridgebench.toolkit.color import hsv_to_rgb
from bridgebench_metrics.color import Color, color_scores
from bridgebench_metrics.formulas.color import hue_error, image_color


def shapes(n: int) -> Tensor:
    """Grey values of n different blobs on black, (n, 16, 16) in [0, 1]."""
    rng = np.random.default_rng(n)
    grey = torch.from_numpy(rng.random((n, 16, 16)).astype(np.float32))
    grey[:, :3] = 0
    return grey


def painted(grey: Tensor, hue: Tensor) -> Tensor:
    """(n, 16, 16) grey values in one hue an image, as (n, 3, 16, 16) in [-1, 1]."""
    rgb = hsv_to_rgb(hue[:, None, None], torch.ones(()), grey)
    return rgb.permute(0, 3, 1, 2) * 2 - 1


def errors(source: Tensor, output: Tensor) -> Tensor:
    return hue_error(image_color(source), image_color(output))


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 360), st.floats(-180, 180))
def test_a_turned_hue_is_measured_exactly(hue: float, turn: float) -> None:
    source = painted(shapes(1), torch.tensor([hue]))
    output = painted(shapes(1).flip(2) * 0.6, torch.tensor([hue + turn]))
    assert errors(source, output).item() == pytest.approx(abs(turn), abs=2e-3)


def test_hues_of_a_pixel_count_by_their_chroma() -> None:
    grey = torch.zeros(1, 16, 16)
    grey[0, 0, 0], grey[0, 5, 5] = 0.9, 0.3
    hue = torch.zeros(1, 16, 16)
    hue[0, 5, 5] = 90.0
    mixed = hsv_to_rgb(hue, torch.ones(()), grey).permute(0, 3, 1, 2) * 2 - 1
    red = painted(grey, torch.zeros(1))
    expected = np.degrees(np.arctan2(0.3, 0.9))
    assert errors(red, mixed).item() == pytest.approx(expected, abs=1e-3)


def test_the_line_between_color_and_none_is_five_percent_of_the_source() -> None:
    source = painted(shapes(1), torch.tensor([40.0]))
    grey = shapes(1)
    rgb = hsv_to_rgb(torch.tensor([[[40.0]]]), torch.tensor([0.051, 0.049])[:, None, None], grey)
    output = rgb.permute(0, 3, 1, 2) * 2 - 1
    above, below = errors(source.expand(2, -1, -1, -1), output).tolist()
    assert above == pytest.approx(0.0, abs=0.1)
    assert np.isnan(below)


def test_a_source_without_color_gives_no_error_of_zero() -> None:
    grey = shapes(1)[:, None].expand(-1, 3, -1, -1) * 2 - 1
    assert errors(grey, grey).isnan().all()


def test_columns_of_known_errors() -> None:
    error = torch.tensor([0.0, 14.9, 15.1, 90.0] * 10 + [torch.nan])
    scores = color_scores(error, seed=0)
    assert scores["color_deg"].value == pytest.approx(30.0, rel=1e-6)
    assert scores["color_median_deg"].value == pytest.approx(15.0, rel=1e-6)
    assert scores["color_within15"].value == pytest.approx(20 / 41)
    assert scores["color_undefined"].value == pytest.approx(1 / 41)
    expected = stats.binomtest(20, 41).proportion_ci(method="exact")
    assert scores["color_within15"][1:3] == pytest.approx((expected.low, expected.high), abs=1e-9)
    low, high = scores["color_deg"][1:3]
    assert low is not None
    assert high is not None
    half = 1.96 * float(error[:40].std()) / np.sqrt(40)
    assert (low, high) == pytest.approx((30 - half, 30 + half), abs=2.0)


@pytest.mark.parametrize(("missing", "defined"), [(5, True), (6, False)])
def test_no_mean_above_five_percent_without_color(missing: int, defined: bool) -> None:
    error = torch.full((100,), 3.0)
    error[:missing] = torch.nan
    scores = color_scores(error, seed=0)
    assert (scores["color_deg"].value == 3.0) is defined
    assert (scores["color_deg"].value is None) is not defined
    assert (scores["color_median_deg"].value is None) is not defined
    assert scores["color_within15"].value == pytest.approx((100 - missing) / 100)
    assert scores["color_undefined"].value == pytest.approx(missing / 100)


@pytest.mark.parametrize("level", [-1.0, 0.0, 1.0])
def test_outputs_of_one_grey_value_fail_in_every_share(bench: Any, level: float) -> None:
    source = painted(shapes(20), torch.linspace(0, 340, 20))
    context = bench(source, source)
    meter = Color().meter(context)
    meter.update(context.observe(torch.full_like(source, level), source))
    scores = meter.compute()
    assert scores["color_deg"] == (None, None, None, None)
    assert scores["color_median_deg"].value is None
    assert scores["color_within15"].value == 0.0
    assert scores["color_undefined"].value == 1.0


def test_random_hues_are_90_degrees_away(bench: Any) -> None:
    rng = np.random.default_rng(0)
    hues = torch.from_numpy(rng.uniform(0, 360, (2, 400)).astype(np.float32))
    grey = shapes(400)
    source, output = painted(grey, hues[0]), painted(grey, hues[1])
    context = bench(source, source)
    meter = Color().meter(context)
    meter.update(context.observe(output, source))
    scores = meter.compute()
    assert scores["color_deg"].low < 90.0 < scores["color_deg"].high
    assert scores["color_within15"].value == pytest.approx(30 / 360, abs=0.04)
    assert scores["color_deg"].items.shape == (400,)


def test_sources_are_looked_at_once_for_each_batch(bench: Any) -> None:
    first, second = (painted(shapes(4), torch.full((4,), hue)) for hue in (10.0, 70.0))
    context = bench(first, first)
    meter = Color().meter(context)
    meter.update(context.observe(first, first))
    meter.update(context.observe(first, second, start=4))
    error = meter.compute()["color_deg"].items
    assert error.tolist() == pytest.approx([0.0] * 4 + [60.0] * 4, abs=1e-2)
    assert len(context.kept) == 2
