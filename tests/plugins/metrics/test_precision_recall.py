from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor
from torch_fidelity.metric_prc import prc_features_to_metric

from bridgebench import BridgebenchError
from bridgebench_metrics.precision_recall import PrecisionRecall


def draw(n: int, seed: int, scale: float = 1.0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(scale=scale, size=(n, 4)))


@pytest.mark.parametrize("k", [1, 3, 5])
def test_shares_are_those_of_torch_fidelity(feature_bench: Any, score: Any, k: int) -> None:
    outputs, reference = draw(80, 1, 0.8), draw(300, 2)
    scores = score(PrecisionRecall(k=k), feature_bench(reference, reference), outputs)
    expected = prc_features_to_metric(
        outputs, reference[:80], prc_neighborhood=k, prc_batch_size=7, verbose=False
    )
    assert scores["feature_precision"].value == pytest.approx(expected["precision"], rel=1e-6)
    assert scores["feature_recall"].value == pytest.approx(expected["recall"], rel=1e-6)
    assert 0 < scores["feature_recall"].value < scores["feature_precision"].value < 1
    interval = stats.binomtest(round(80 * expected["precision"]), 80).proportion_ci(method="exact")
    assert scores["feature_precision"][1:3] == pytest.approx(
        (interval.low, interval.high), abs=1e-9
    )


def test_by_brute_force(feature_bench: Any, score: Any) -> None:
    outputs, reference = draw(30, 3, 0.7), draw(30, 4)

    def inside(points: Tensor, others: Tensor) -> float:
        radii = [sorted((o - x).norm().item() for x in others)[3] for o in others]
        hits = [
            any((p - o).norm().item() <= r for o, r in zip(others, radii, strict=True))
            for p in points
        ]
        return float(np.mean(hits))

    scores = score(PrecisionRecall(), feature_bench(reference, reference), outputs)
    assert scores["feature_precision"].value == pytest.approx(inside(outputs, reference), rel=1e-6)
    assert scores["feature_recall"].value == pytest.approx(inside(reference, outputs), rel=1e-6)


def test_bad_features(feature_bench: Any, score: Any) -> None:
    bench = feature_bench(draw(50, 1), draw(50, 2))
    alike = score(PrecisionRecall(), bench, draw(1, 3).expand(20, 4))
    assert alike["feature_precision"].value is None
    assert alike["feature_recall"].value is None
    with pytest.raises(BridgebenchError, match="need more than 3 images on each side, got 3"):
        score(PrecisionRecall(), bench, draw(3, 3))
