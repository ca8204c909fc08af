from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch_fidelity.metric_kid import kernel_poly, kid_features_to_metric, mmd2

from bridgebench import BridgebenchError
from bridgebench_metrics.formulas.kernel import blocks_of, kernel_distance, kernel_interval
from bridgebench_metrics.kid import Kid


def draw(n: int, seed: int, scale: float = 1.0, shift: float = 0.0) -> Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(shift, scale, size=(n, 16)))


def direct(features: Tensor, reference: Tensor) -> float:
    """One subset of everything: torch-fidelity's own estimate."""
    scores = kid_features_to_metric(
        features, reference, kid_subsets=1, kid_subset_size=len(features), verbose=False
    )
    return float(scores["kernel_inception_distance_mean"])


def test_one_block_is_torch_fidelitys_estimate(feature_bench: Any, score: Any) -> None:
    outputs, reference = draw(60, 1, 1.3, 0.2), draw(60, 2)
    kid = score(Kid(), feature_bench(reference, reference), outputs)["kid"]
    assert kid.value == pytest.approx(direct(outputs, reference), rel=1e-6)


def test_blocks_are_averaged_and_the_rest_is_left_out(feature_bench: Any, score: Any) -> None:
    outputs, reference = draw(40, 1, 1.3, 0.2), draw(130, 2)
    kid = score(Kid(), feature_bench(reference, reference), outputs)["kid"]
    expected = np.mean([direct(outputs, reference[i : i + 40]) for i in (0, 40, 80)])
    assert kid.value == pytest.approx(expected, rel=1e-6)


def test_sixteen_blocks_are_enough(feature_bench: Any, score: Any) -> None:
    outputs, reference = draw(10, 1, 1.3, 0.2), draw(200, 2)
    kid = score(Kid(), feature_bench(reference, reference), outputs)["kid"]
    expected = np.mean([direct(outputs, reference[i : i + 10]) for i in range(0, 160, 10)])
    assert kid.value == pytest.approx(expected, rel=1e-6)


def test_a_short_reference_uses_as_many_outputs(feature_bench: Any, score: Any) -> None:
    outputs, reference = draw(70, 1, 1.3, 0.2), draw(50, 2)
    kid = score(Kid(), feature_bench(reference, reference), outputs)["kid"]
    assert kid.value == pytest.approx(direct(outputs[:50], reference), rel=1e-6)
    assert kid.items is None


def test_interval_is_close_to_the_jackknife() -> None:
    features, reference = draw(150, 3, 1.2, 0.2), draw(1500, 4)
    found = kernel_distance(features.numpy(), blocks_of(reference.numpy(), 150))
    value, influence = found.value, found.influence

    def kernel(a: Any, b: Any) -> Any:
        return (a @ b.T / 16 + 1) ** 3

    same = kernel(features.numpy(), features.numpy())
    across = kernel(features.numpy(), reference.numpy())
    without = []
    for i in range(150):
        keep = np.delete(np.arange(150), i)
        inner = same[np.ix_(keep, keep)]
        off_diagonal = (inner.sum() - np.trace(inner)) / (149 * 148)
        without.append(off_diagonal - 2 * across[keep].mean())
    spread = np.std(without) * np.sqrt(149)
    assert influence.std(ddof=1) / np.sqrt(150) == pytest.approx(spread, rel=0.03)
    assert influence.mean() == pytest.approx(0.0, abs=1e-9)
    assert value > 0


def test_influence_of_an_image_is_what_it_has_in_common_with_each_side() -> None:
    features, reference = draw(12, 3, 1.2, 0.2).numpy(), draw(24, 4).numpy()
    influence = kernel_distance(features, blocks_of(reference, 12)).influence
    own = []
    for i in range(12):
        others = [(features[i] @ features[j] / 16 + 1) ** 3 for j in range(12) if j != i]
        real = [(features[i] @ y / 16 + 1) ** 3 for y in reference]
        own.append(2 * (np.mean(others) - np.mean(real)))
    assert influence.tolist() == pytest.approx((own - np.mean(own)).tolist(), rel=1e-9)


def test_equal_distributions_are_around_zero(feature_bench: Any, score: Any) -> None:
    bench = feature_bench(draw(6000, 5), draw(2, 6))
    scores = [score(Kid(), bench, draw(60, 100 + i))["kid"] for i in range(40)]
    values = np.array([kid.value for kid in scores])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(40) + 1e-3
    assert (values < 0).any()
    assert np.mean([kid.low <= 0 <= kid.high for kid in scores]) >= 0.8


def test_the_biased_estimate_is_the_squared_distance_of_mean_embeddings() -> None:
    features, reference = draw(30, 3).numpy(), draw(30, 4).numpy()
    blocks = blocks_of(reference, 30)
    found = kernel_distance(features, blocks)

    def kernel(a: Any, b: Any) -> Any:
        return (a @ b.T / 16 + 1) ** 3

    real = kernel(reference, reference)
    within = (real.sum() - np.trace(real)) / (30 * 29)
    expected = kernel(features, features).mean() - 2 * kernel(features, reference).mean() + within
    assert found.value + found.bias == pytest.approx(expected, rel=1e-9)
    low, high = kernel_interval(found)[1:]
    assert low is not None
    assert high is not None
    assert -found.bias < low < found.value < high


def test_bad_features(feature_bench: Any, score: Any) -> None:
    bench = feature_bench(draw(50, 1), draw(50, 2))
    assert score(Kid(), bench, draw(1, 3).expand(20, 16))["kid"].value is None
    with pytest.raises(BridgebenchError, match="at least 2 outputs"):
        score(Kid(), bench, draw(1, 3))


def kernel(first: Any, second: Any) -> Any:
    """The kernel between all of both, by torch-fidelity."""
    return kernel_poly(
        first, second, kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1
    )


@pytest.mark.parametrize("numbers", [1, 150, 10**9])
def test_sums_in_tiles_are_the_estimate_of_whole_matrices(numbers: int) -> None:
    x, y = draw(30, 1, 1.3, 0.2).numpy(), draw(95, 2).numpy()
    found = kernel_distance(x, blocks_of(y, 30, numbers), numbers)
    blocks = [y[i : i + 30] for i in (0, 30, 60)]
    same, across = kernel(x, x), np.mean([kernel(x, block) for block in blocks], axis=0)
    within = np.mean([kernel(block, block) for block in blocks], axis=0)
    assert found.value == pytest.approx(mmd2(same, across, within), rel=1e-9)
    biased = mmd2(same, across, within, mmd_est="biased")
    of_reference = within.mean() - (within.sum() - np.trace(within)) / (30 * 29)
    assert found.bias == pytest.approx(biased - of_reference - found.value, rel=1e-9)
    own = (same.sum(axis=1) - same.diagonal()) / 29 - across.mean(axis=1)
    assert found.influence.tolist() == pytest.approx((2 * (own - own.mean())).tolist(), rel=1e-9)


def test_float32_features_are_scored_in_float64(feature_bench: Any, score: Any) -> None:
    outputs, reference = draw(40, 1, 1.3, 0.2).float(), draw(130, 2).float()
    single = score(Kid(), feature_bench(reference, reference), outputs)["kid"]
    real = reference.double()
    double = score(Kid(), feature_bench(real, real), outputs.double())["kid"]
    assert single[:3] == double[:3]
    assert single.items.dtype == torch.float64
    assert torch.equal(single.items, double.items)
