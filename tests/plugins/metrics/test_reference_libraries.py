"""FID, KID, precision and recall against torch-fidelity and torchmetrics, on equal features.

The features are those that the digit classifier sees in colored digits, in float64 on every side.
Both libraries take a KID from random subsets; of subsets as large as both sides only one is there.
torchmetrics has no precision and recall of this kind.
"""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from bridgebench_cmnist.classifier.extractor import DigitExtractor
from bridgebench_cmnist.digits.dataset import ColoredMnist
from bridgebench_metrics.fid import Fid
from bridgebench_metrics.kid import Kid
from bridgebench_metrics.precision_recall import PrecisionRecall

RELATIVE = 1e-6


def seen(domain: str, split: str, n: int) -> Tensor:
    """What the digit classifier sees in colored digits, (n, 64) float64."""
    images = ColoredMnist().items(domain, split, n, 0).images
    return DigitExtractor().load(torch.device("cpu"))(images).features.double()


@pytest.fixture(scope="module")
def sevens() -> Tensor:
    return seen("digit:7", "train", 600)


@pytest.fixture(scope="module", params=["digit:7", "not_digit:7"])
def outputs(request: pytest.FixtureRequest) -> Tensor:
    """Features near those of the reference, and far from them."""
    return seen(request.param, "test", 200)


@pytest.fixture
def ours(feature_bench: Any, score: Any) -> Any:
    """The score of a column of a metric, of outputs against a reference."""

    def value(metric: Any, outputs: Tensor, reference: Tensor, column: str) -> float:
        number: float = score(metric, feature_bench(reference, reference), outputs)[column].value
        return number

    return value


def by_torchmetrics(metric: Any, outputs: Tensor, reference: Tensor) -> Any:
    metric.set_dtype(torch.float64)
    metric.update(reference, real=True)
    metric.update(outputs, real=False)
    return metric.compute()


def test_fid(ours: Any, outputs: Tensor, sevens: Tensor) -> None:
    fid = ours(Fid(), outputs, sevens, "fid")
    fidelity: Mapping[str, float] = fid_statistics_to_metric(
        fid_features_to_statistics(outputs), fid_features_to_statistics(sevens), verbose=False
    )
    assert fid == pytest.approx(fidelity["frechet_inception_distance"], rel=RELATIVE)
    extractor = torch.nn.Flatten()
    theirs = FrechetInceptionDistance(extractor, input_img_size=tuple(sevens.shape[1:]))
    assert fid == pytest.approx(by_torchmetrics(theirs, outputs, sevens).item(), rel=RELATIVE)


def test_kid(ours: Any, outputs: Tensor, sevens: Tensor) -> None:
    reference = sevens[: len(outputs)]
    kid = ours(Kid(), outputs, reference, "kid")
    fidelity: Mapping[str, float] = kid_features_to_metric(
        outputs, reference, kid_subsets=1, kid_subset_size=len(outputs), verbose=False
    )
    assert kid == pytest.approx(fidelity["kernel_inception_distance_mean"], rel=RELATIVE)
    theirs = KernelInceptionDistance(torch.nn.Identity(), subsets=1, subset_size=len(outputs))
    mean, _ = by_torchmetrics(theirs, outputs, reference)
    assert kid == pytest.approx(mean.item(), rel=RELATIVE)


@pytest.mark.parametrize("k", [3, 5])
def test_precision_and_recall(ours: Any, outputs: Tensor, sevens: Tensor, k: int) -> None:
    reference = sevens[: len(outputs)]
    fidelity: Mapping[str, float] = prc_features_to_metric(
        outputs, reference, prc_neighborhood=k, prc_batch_size=64, verbose=False
    )
    metric = PrecisionRecall(k=k)
    precision = ours(metric, outputs, reference, "feature_precision")
    assert precision == pytest.approx(fidelity["precision"], rel=RELATIVE)
    recall = ours(metric, outputs, reference, "feature_recall")
    assert recall == pytest.approx(fidelity["recall"], rel=RELATIVE)
