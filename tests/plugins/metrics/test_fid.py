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
from bridgebench_metrics.features import all_alike, checked
from bridgebench_metrics.fid import Fid
from bridgebench_metrics.formulas.finite_n import at_infinity, by_chance, excess_variance, measured
from bridgebench_metrics.formulas.frechet import (
    distance_and_influence,
    frechet,
    frechet_distance,
    gaussian,
    moments_of,
)


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
    assert 0.0 <= fid.low <= 1e-9


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
    assert torch.equal(by_chance(40, 0), by_chance(40, 0))
    assert not torch.equal(by_chance(40, 0), by_chance(40, 1))
    assert torch.equal(by_chance(40, 0).sort().values, torch.arange(40))


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


@pytest.mark.parametrize("n", [2, 20, 32])
def test_few_images_have_the_distance_and_influence_of_many(n: int) -> None:
    features, reference = draw(n, 32, 1, 1.2, 0.3), gaussian(draw(500, 32, 2))
    value, influence = frechet(features, reference)
    moments = moments_of(features)
    direct, direct_influence = distance_and_influence(features, None, moments, reference)
    # The direct way takes the root of up to 31 eigenvalues that are zero but for rounding.
    assert value == pytest.approx(direct, rel=1e-7)
    np.testing.assert_allclose(influence, direct_influence, rtol=1e-9, atol=1e-9 * value)
    assert frechet_distance(features, reference) == pytest.approx(value, rel=1e-7)


@pytest.mark.parametrize("n", [2, 20, 32])
def test_few_images_have_the_sum_of_singular_values(n: int) -> None:
    features, reference = draw(n, 32, 1, 1.2, 0.3), gaussian(draw(500, 32, 2))
    shift, d = features.mean(dim=0) - reference.mean, features - features.mean(dim=0)
    A = (d @ reference.root).numpy() / np.sqrt(n - 1)
    trace_root = scipy.linalg.svdvals(A).sum()
    trace = d.square().sum() / (n - 1) + reference.covariance.trace()
    expected = (shift.square().sum() + trace).item() - 2 * trace_root
    assert frechet_distance(features, reference) == pytest.approx(expected, rel=1e-7)


def test_the_distance_alone_is_the_one_with_the_influence() -> None:
    features, reference = draw(300, 16, 1, 1.2, 0.3), draw(500, 16, 2)
    value, _ = frechet(features, gaussian(reference))
    assert frechet_distance(features, gaussian(reference)) == pytest.approx(value, rel=1e-12)
    assert Fid().distance(features, Fid().fit(reference)) == pytest.approx(value, rel=1e-12)


def test_features_that_are_dead_or_doubled_add_nothing() -> None:
    features, reference = draw(300, 8, 1, 1.2, 0.3), draw(500, 8, 2)
    value, influence = frechet(features, gaussian(reference))

    def padded(x: Tensor) -> Tensor:
        return torch.cat([x[:, :-1], x[:, -1:].repeat(1, 2) / 2**0.5, torch.zeros(len(x), 3)], 1)

    more, influence_of_more = frechet(padded(features), gaussian(padded(reference)))
    assert more == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(influence_of_more, influence, rtol=1e-6, atol=1e-6 * value)


@pytest.mark.parametrize("n", [12, 100, 333])
@pytest.mark.parametrize("numbers", [1, 100])
def test_chunks_do_not_change_the_numbers(n: int, numbers: int) -> None:
    features, real = draw(n, 16, 1, 1.2, 0.3), draw(500, 16, 2)
    reference, in_pieces = gaussian(real), gaussian(real, numbers)
    np.testing.assert_allclose(in_pieces.mean, reference.mean, rtol=1e-12)
    np.testing.assert_allclose(in_pieces.root, reference.root, rtol=1e-9, atol=1e-12)
    whole, pieces = (measured(features, 0, reference, size) for size in (10**9, numbers))
    assert pieces.value == pytest.approx(whole.value, rel=1e-9)
    assert pieces.excess == pytest.approx(whole.excess, rel=1e-9)
    if n < 100:
        assert pieces.infinity is whole.infinity is None
    else:
        assert pieces.infinity == pytest.approx(whole.infinity, rel=1e-9)
    scale = 1e-9 * whole.value
    np.testing.assert_allclose(pieces.influence, whole.influence, rtol=1e-9, atol=scale)
    alone = frechet_distance(features, reference, numbers)
    assert alone == pytest.approx(frechet_distance(features, reference), rel=1e-9)


def test_what_is_measured_at_once_is_what_each_gives() -> None:
    features, reference = draw(333, 16, 1, 1.2, 0.3), gaussian(draw(500, 16, 2))
    found, mixed = measured(features, 5, reference), features[by_chance(333, 5)]
    value, influence = frechet(features, reference)
    assert found.value == pytest.approx(value, rel=1e-9)
    np.testing.assert_allclose(found.influence, influence, rtol=1e-9, atol=1e-9 * value)
    excess = excess_variance(mixed, influence, reference)
    assert 0 < excess == pytest.approx(found.excess, rel=1e-9)
    assert found.infinity == pytest.approx(at_infinity(value, mixed, reference), rel=1e-9)
    halves = [frechet(part, reference)[1].var().item() for part in (mixed[:166], mixed[166:332])]
    assert excess == pytest.approx((np.mean(halves) - influence.var().item()) / 2 / 333, rel=1e-9)


def test_float32_features_are_scored_in_float64(feature_bench: Any, score: Any) -> None:
    sides = [draw(400, 8, 1).float(), draw(90, 8, 2).float()]
    outputs = draw(60, 8, 3, 1.5).float()
    single = score(Fid(), feature_bench(*sides), outputs)
    double = score(Fid(), feature_bench(*(side.double() for side in sides)), outputs.double())
    assert single["fid"][:3] == double["fid"][:3]
    assert torch.equal(single["fid"].items, double["fid"].items)
    assert single["fid"].items.dtype == torch.float64
    assert single["fid_floor"].value == double["fid_floor"].value
    assert single["fid_infinity"].value == double["fid_infinity"].value


def test_large_finite_features_are_no_error() -> None:
    features = torch.full((5, 4), 3e38)
    assert not features.sum().isfinite()
    assert checked(features, "outputs") is features


@pytest.mark.parametrize(("difference", "alike"), [(0.9e-5, True), (1.1e-5, False)])
def test_features_are_alike_by_the_largest_of_all(difference: float, alike: bool) -> None:
    features = torch.zeros(3000, 400, dtype=torch.float64)
    features[:, 7] = -2.0
    features[2999, 3] = 2.0 * difference
    assert all_alike(features) == alike
