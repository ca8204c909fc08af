from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from bridgebench import BridgebenchError
from bridgebench_metrics.diversity import Diversity, SampleDiversity
from bridgebench_metrics.formulas.pairwise import mean_pairwise_distance


def draw(n: int, seed: int, scale: float = 1.0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(scale=scale, size=(n, 5)))


def by_hand(features: Tensor) -> float:
    n = len(features)
    pairs = [(features[i] - features[j]).norm().item() for i in range(n) for j in range(i)]
    return float(np.mean(pairs))


def test_ratio_of_mean_distances(feature_bench: Any, score: Any) -> None:
    outputs, reference = draw(30, 1, 0.6), draw(40, 2)
    diversity = score(Diversity(), feature_bench(reference, reference), outputs)["diversity"]
    assert diversity.value == pytest.approx(by_hand(outputs) / by_hand(reference), rel=1e-9)
    assert diversity.low < diversity.value < diversity.high < 1
    assert diversity.items.mean().item() == pytest.approx(diversity.value, rel=1e-9)


def test_real_images_are_as_diverse_as_themselves(feature_bench: Any, score: Any) -> None:
    reference = draw(40, 2)
    diversity = score(Diversity(), feature_bench(reference, reference), reference)["diversity"]
    assert diversity.value == pytest.approx(1.0, rel=1e-12)


def test_fewer_kinds_of_output_are_less_diverse(feature_bench: Any, score: Any) -> None:
    bench = feature_bench(draw(200, 2), draw(2, 3))
    few = [draw(k, 4).repeat(64 // k, 1) for k in (64, 16, 4, 1)]
    values = [score(Diversity(), bench, outputs)["diversity"].value for outputs in few]
    assert all(more > fewer for more, fewer in pairwise(values))
    assert values[-1] == pytest.approx(0.0, abs=1e-6)


def test_interval_is_close_to_the_jackknife() -> None:
    features = draw(200, 5)
    _, influence = mean_pairwise_distance(features)
    without = np.array(
        [
            mean_pairwise_distance(torch.cat([features[:i], features[i + 1 :]]))[0]
            for i in range(200)
        ]
    )
    assert influence.std().item() / np.sqrt(200) == pytest.approx(
        np.std(without) * np.sqrt(199), rel=0.03
    )


def test_bad_features(feature_bench: Any, score: Any) -> None:
    same = draw(1, 1).expand(50, 5)
    with pytest.raises(BridgebenchError, match="nothing to compare with"):
        score(Diversity(), feature_bench(same * 0, same), draw(20, 3))
    with pytest.raises(BridgebenchError, match="at least 2 outputs"):
        score(Diversity(), feature_bench(draw(50, 1), same), draw(1, 3))


@pytest.mark.parametrize("numbers", [1, 150, 10**9])
def test_tiles_do_not_change_the_mean(numbers: int) -> None:
    features = draw(40, 1)
    mean, influence = mean_pairwise_distance(features, numbers)
    assert mean == pytest.approx(by_hand(features), rel=1e-9)
    distances = (features[:, None] - features[None]).norm(dim=2)
    expected = 2 * (distances.sum(dim=1) / 39 - mean)
    np.testing.assert_allclose(influence, expected, rtol=1e-9, atol=1e-12)


def sampled(feature_bench: Any, samples: Tensor | None, outputs: Tensor, **options: Any) -> Any:
    """The score of (k, n, F) samples and (n, F) outputs, in two batches."""
    bench = feature_bench(draw(2, 2), draw(2, 3))
    meter = SampleDiversity(**options).meter(bench)
    for part in (slice(0, 20), slice(20, None)):
        shown = None if samples is None else samples[:, part, None, None]
        meter.update(bench.observe(outputs[part, None, None], samples=shown))
    return meter.compute()["sample_diversity"]


def of_seeds(k: int, n: int, width: float) -> Tensor:
    """k samples around each of n centers."""
    centers = draw(n, 1)
    return torch.stack([centers + draw(n, 10 + i, width) for i in range(k)])


def test_sample_diversity_is_the_distance_within_over_that_between(feature_bench: Any) -> None:
    samples = of_seeds(3, 30, 0.3)
    score = sampled(feature_bench, samples, samples[0], k=3)
    within = np.mean([by_hand(samples[:, item]) for item in range(30)])
    assert score.value == pytest.approx(within / by_hand(samples[0]), rel=1e-9)
    assert score.low < score.value < score.high


def test_samples_that_ignore_their_source_have_a_sample_diversity_of_one(
    feature_bench: Any,
) -> None:
    samples = torch.stack([draw(400, seed) for seed in range(4)])
    score = sampled(feature_bench, samples, samples[0])
    assert score.low < 1.0 < score.high
    assert score.value == pytest.approx(1.0, abs=0.05)


def test_equal_samples_have_none_and_a_method_without_samples_no_value(feature_bench: Any) -> None:
    outputs = draw(30, 1)
    assert sampled(feature_bench, outputs.expand(4, -1, -1), outputs).value == 0.0
    assert sampled(feature_bench, None, outputs).value is None


def test_of_more_samples_than_it_wants_it_takes_the_first(feature_bench: Any) -> None:
    samples = of_seeds(5, 30, 0.3)
    found = sampled(feature_bench, samples, samples[0], k=2)
    assert found[:3] == sampled(feature_bench, samples[:2], samples[0], k=2)[:3]


def test_interval_of_sample_diversity_is_close_to_the_jackknife(feature_bench: Any) -> None:
    samples = of_seeds(3, 120, 0.5)
    score = sampled(feature_bench, samples, samples[0], k=3)
    keep = [[i for i in range(120) if i != out] for out in range(120)]
    without = [sampled(feature_bench, samples[:, k], samples[0, k], k=3).value for k in keep]
    error = score.items.std().item() / np.sqrt(120)
    assert error == pytest.approx(np.std(without) * np.sqrt(119), rel=0.05)


def test_samples_with_features_that_are_not_finite_are_an_error(feature_bench: Any) -> None:
    samples = of_seeds(2, 30, 0.3)
    outputs = samples[0].clone()
    samples[1, 3, 0] = torch.nan
    with pytest.raises(BridgebenchError, match="1 of 40 samples hold NaN"):
        sampled(feature_bench, samples, outputs, k=2)
