import numpy as np
import pytest
import torch
from torch import Tensor

from bridgebench_metrics.formulas.frechet import moments_of


def draw(n: int, shift: float = 0.0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(n).normal(shift, 1.0, size=(n, 5)))


@pytest.mark.parametrize("numbers", [1, 40, 10**6])
def test_a_set_has_its_mean_and_covariance(numbers: int) -> None:
    features = draw(90, 3.0)
    order = torch.randperm(90, generator=torch.Generator().manual_seed(0))
    means, covariances = moments_of(features, [order[:20], order[20:]], numbers).fitted()
    for part, mean, covariance in zip(order.split([20, 70]), means, covariances, strict=True):
        expected = features[part].numpy()
        assert mean.tolist() == pytest.approx(expected.mean(axis=0).tolist(), rel=1e-12)
        np.testing.assert_allclose(covariance, np.cov(expected, rowvar=False), rtol=1e-11)


def test_a_union_has_what_its_images_have() -> None:
    features = draw(60)
    parts = moments_of(features, torch.arange(60).split([10, 20, 30]))
    united = parts.unions(torch.tensor([[True, False, True], [True, True, True]]))
    assert united.n.tolist() == [40, 60]
    means, covariances = united.fitted()
    for images, mean, covariance in zip(
        (torch.cat([features[:10], features[30:]]), features), means, covariances, strict=True
    ):
        np.testing.assert_allclose(mean, images.mean(dim=0), rtol=1e-12)
        np.testing.assert_allclose(covariance, np.cov(images, rowvar=False), rtol=1e-11)


def test_far_from_zero_nothing_is_lost() -> None:
    features = draw(500)
    _, near = moments_of(features).fitted()
    _, far = moments_of(features + 2.0**20).fitted()  # all digits of which are kept but 2^-32
    np.testing.assert_allclose(far, near, atol=1e-8)
