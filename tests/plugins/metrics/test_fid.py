from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

from bridgebench import BridgebenchError, influence_interval, positive_interval
from bridgebench_metrics.features import checked
from bridgebench_metrics.fid import Fid
from bridgebench_metrics.finite_n import at_infinity, excess_variance, shuffled
from bridgebench_metrics.frechet import frechet, gaussian


def draw(n: int, width: int, seed: int, scale: float = 1.0, shift: float = 0.0) -> Tensor:
    """Rectified, correlated features, as a network has them."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(width).normal(size=(width, width))
    return torch.from_numpy(np.maximum(rng.normal(size=(n, width)) @ mixing * scale + shift, 0.0))


def by_square_root(first: Tensor, second: Tensor) -> float:
    a, b = first.numpy(), second.numpy()
    A, B = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    shift = a.mean(axis=0) - b.mean(axis=0)
    root = scipy.linalg.sqrtm(A @ B).real
    return float(shift @ shift + np.trace(A) + np.trace(B) - 2 * np.trace(root))


def distance(first: Tensor, second: Tensor) -> float:
    return frechet(first, gaussian(second))[0]


@pytest.mark.parametrize(("n", "width"), [(40, 2), (200, 16), (300, 64)])
def test_distance_is_that_of_the_matrix_square_root(n: int, width: int) -> None:
    first, second = draw(n, width, 1, 1.2, 0.3), draw(500, width, 2)
    assert distance(first, second) == pytest.approx(by_square_root(first, second), rel=1e-6)


@pytest.mark.parametrize(("n", "width"), [(40, 2), (200, 16), (300, 64), (20, 32)])
def test_distance_is_that_of_torch_fidelity(n: int, width: int) -> None:
    first, second = draw(n, width, 1, 1.2, 0.3), draw(500, width, 2)
    expected = fid_statistics_to_metric(
        fid_features_to_statistics(first), fid_features_to_statistics(second), verbose=False
    )["frechet_inception_distance"]
    assert distance(first, second) == pytest.approx(expected, rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.floats(-3, 3))
def test_distance_is_symmetric_and_blind_to_rotation_and_shift(seed: int, shift: float) -> None:
    first, second = draw(60, 5, seed, 1.3), draw(80, 5, seed + 1)
    rotation = torch.linalg.qr(draw(5, 5, seed + 2) - 0.5).Q
    value = distance(first, second)
    assert distance(second, first) == pytest.approx(value, rel=1e-9)
    moved = distance(first @ rotation + shift, second @ rotation + shift)
    assert moved == pytest.approx(value, rel=1e-9)


def test_one_feature_is_enough() -> None:
    first, second = draw(50, 3, 0)[:, :1], draw(50, 3, 1, 2.0)[:, :1]
    means = (first.mean() - second.mean()).item()
    spreads = (first.std() - second.std()).item()
    assert distance(first, second) == pytest.approx(means**2 + spreads**2, rel=1e-9)


def test_influence_is_the_derivative_by_the_weight_of_an_image() -> None:
    features, reference = draw(40, 6, 3, 1.2, 0.4), draw(300, 6, 4)
    n, small = len(features), 1e-5
    _, influence = frechet(features, gaussian(reference))
    b = reference.numpy()

    def weighted(weights: Any) -> float:
        mean = weights @ features.numpy()
        d = features.numpy() - mean
        A, B = n / (n - 1) * (d.T * weights) @ d, np.cov(b, rowvar=False)
        shift = mean - b.mean(axis=0)
        root = np.trace(scipy.linalg.sqrtm(A @ B).real)
        return float(shift @ shift + np.trace(A) + np.trace(B) - 2 * root)

    for i in (0, 7, 39):
        toward = np.full(n, -1 / n)
        toward[i] += 1
        even = np.full(n, 1 / n)
        slope = weighted(even + small * toward) - weighted(even - small * toward)
        assert influence[i].item() == pytest.approx(slope / (2 * small), rel=1e-5)
    assert influence.mean().item() == pytest.approx(0.0, abs=1e-10)


def test_interval_is_close_to_the_jackknife() -> None:
    features, reference = draw(300, 6, 5, 1.2, 0.4), gaussian(draw(2000, 6, 6))
    value, influence = frechet(features, reference)
    n = len(features)
    without = torch.tensor(
        [frechet(torch.cat([features[:i], features[i + 1 :]]), reference)[0] for i in range(n)]
    )
    jackknife = ((n - 1) / n * (without - without.mean()).square().sum()).sqrt().item()
    _, low, high = influence_interval(value, influence)
    assert low is not None
    assert high is not None
    assert (high - low) / (2 * 1.959964) == pytest.approx(jackknife, rel=0.03)


def test_interval_covers_the_expectation_about_95_times_in_100() -> None:
    reference = gaussian(draw(4000, 4, 7))
    estimates = [
        positive_interval(*frechet(draw(128, 4, 100 + i, 1.3, 0.5), reference)) for i in range(500)
    ]
    expectation = np.mean([value for value, _, _ in estimates if value is not None])
    covered = np.mean([low <= expectation <= high for _, low, high in estimates])
    assert 0.92 <= covered <= 0.98


def test_score_has_interval_items_and_floor(feature_bench: Any, score: Any) -> None:
    reference, held_out, outputs = draw(400, 8, 1), draw(90, 8, 2), draw(60, 8, 3, 1.5)
    bench = feature_bench(reference, held_out)
    scores = score(Fid(), bench, outputs)
    fid = scores["fid"]
    assert fid.value == pytest.approx(by_square_root(outputs, reference), rel=1e-6)
    assert 0 <= fid.low < fid.value < fid.high
    assert fid.items.mean().item() == pytest.approx(fid.value, rel=1e-9)
    expected = by_square_root(held_out[:60], reference)
    assert scores["fid_floor"].value == pytest.approx(expected, rel=1e-6)


def test_floor_takes_what_there_is(feature_bench: Any, score: Any) -> None:
    reference, held_out = draw(400, 8, 1), draw(30, 8, 2)
    scores = score(Fid(), feature_bench(reference, held_out), draw(60, 8, 3))
    expected = by_square_root(held_out, reference)
    assert scores["fid_floor"].value == pytest.approx(expected, rel=1e-6)


def test_reference_is_looked_at_once(feature_bench: Any, score: Any) -> None:
    bench = feature_bench(draw(400, 8, 1), draw(90, 8, 2))
    first = score(Fid(), bench, draw(60, 8, 3))
    bench.real = bench.unseen = torch.zeros(0)
    again = score(Fid(), bench, draw(60, 8, 3))
    assert again["fid"].value == first["fid"].value
    assert again["fid_floor"].value == first["fid_floor"].value


def test_interval_is_cut_at_zero(feature_bench: Any, score: Any) -> None:
    real = draw(40, 3, 1)
    fid = score(Fid(), feature_bench(real, real), real)["fid"]
    assert fid.value == pytest.approx(0.0, abs=1e-9)
    assert fid.low == 0.0


def test_many_images_are_foreseen_from_few(feature_bench: Any, score: Any) -> None:
    everything, reference = draw(200_000, 8, 1, 1.1), draw(4000, 8, 2)
    truth = distance(everything, reference)
    bench = feature_bench(reference, draw(90, 8, 3))
    found = [score(Fid(), bench, part) for part in everything.split(100)[:200]]
    here = np.mean([scores["fid"].value for scores in found])
    foreseen = np.array([scores["fid_infinity"].value for scores in found])
    error = foreseen.std() / np.sqrt(len(foreseen))
    assert here - truth > 8 * error
    assert abs(foreseen.mean() - truth) < 3 * error + 0.05 * (here - truth)


def test_extrapolation_is_the_line_through_the_subsets() -> None:
    features, reference = draw(83, 4, 1, 1.2), gaussian(draw(500, 4, 2))
    value = frechet(features, reference)[0]
    used = features[:80].reshape(8, 10, 4)
    x, y = [1 / 83], [value]
    for count in (5, 6, 7):
        runs = [torch.cat([used[(i + j) % 8] for j in range(count)]) for i in range(8)]
        x.append(1 / (10 * count))
        y.append(float(np.mean([frechet(run, reference)[0] for run in runs])))
    expected = np.polynomial.Polynomial.fit(x, y, deg=1)(0.0)
    assert at_infinity(value, features, reference) == pytest.approx(expected, rel=1e-9)


def test_there_is_no_line_below_as_many_images_as_features() -> None:
    reference = gaussian(draw(500, 16, 2))
    assert at_infinity(1.0, draw(24, 16, 1), reference) is None
    assert at_infinity(1.0, draw(32, 16, 1), reference) is not None


def test_the_subsets_are_a_function_of_seed_and_n() -> None:
    features = draw(40, 3, 1)
    assert torch.equal(shuffled(features, 0), shuffled(features, 0))
    assert not torch.equal(shuffled(features, 0), shuffled(features, 1))
    assert torch.equal(shuffled(features, 0).sort(dim=0).values, features.sort(dim=0).values)


def test_at_the_floor_half_of_the_variance_is_excess() -> None:
    reference = gaussian(draw(50_000, 6, 7))
    parts = [draw(200, 6, 100 + i) for i in range(150)]
    values, first, excess = [], [], []
    for part in parts:
        value, influence = frechet(part, reference)
        values.append(value)
        first.append(influence.var().item() / 200)
        excess.append(excess_variance(part, influence, reference))
    assert np.mean(first) > 1.5 * np.var(values, ddof=1)
    corrected = np.mean(first) - np.mean(excess)
    assert corrected == pytest.approx(np.var(values, ddof=1), rel=0.35)


def test_the_named_extractor_is_asked(feature_bench: Any, score: Any) -> None:
    bench = feature_bench(draw(50, 12, 1), draw(50, 12, 2))
    metric = Fid(features="classes")
    assert metric.extractors("flat") == ("classes",)
    assert Fid().extractors("flat") == ("flat",)
    score(metric, bench, draw(20, 12, 3))
    assert "fid/classes/reference" in bench.kept


def test_one_image_is_an_error(feature_bench: Any, score: Any) -> None:
    bench = feature_bench(draw(50, 4, 1), draw(50, 4, 2))
    with pytest.raises(BridgebenchError, match="at least 2 outputs, got 1"):
        score(Fid(), bench, draw(1, 4, 3))


def test_features_with_nan_are_an_error() -> None:
    features = draw(5, 4, 0)
    features[2, 1] = torch.nan
    with pytest.raises(BridgebenchError, match="features of 1 of 5 outputs hold NaN"):
        checked(features, "outputs")


def test_outputs_that_are_all_alike_have_no_distance(
    feature_bench: Callable[..., Any], score: Callable[..., Any]
) -> None:
    bench = feature_bench(draw(50, 4, 1), draw(50, 4, 2))
    scores = score(Fid(), bench, draw(1, 4, 3).expand(20, 4))
    assert scores["fid"] == (None, None, None, None)
    assert scores["fid_floor"].value > 0
