"""The exact maps: against their definition, another integrator, and each other."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from bridgebench import BridgebenchError, InvalidOption, UnknownName
from bridgebench_analytic.images import gaussian_pair, mixture_pair
from bridgebench_analytic.images.bases import CosineBasis
from bridgebench_analytic.images.dataset import AnalyticImages
from bridgebench_analytic.images.diagonal_mixture import DiagonalMixture
from bridgebench_analytic.images.domain import SIGMA_MAX, SIGMA_MIN
from bridgebench_analytic.images.pairs import Pair, check_ids, exact_pair
from bridgebench_analytic.images.score import AnalyticScore


def test_the_closed_form_map_solves_the_ode_between_gaussians():
    x = AnalyticImages(pair="gaussian").items("source", "test", 1, 0).images.double()
    c = gaussian_pair.source().basis.coefficients(x)
    latent = mixture_pair.carried(gaussian_pair.source().mixture, c, SIGMA_MIN, SIGMA_MAX, 1e-11)
    turned = gaussian_pair.target().basis.coefficients(gaussian_pair.source().basis.images(latent))
    out = mixture_pair.carried(gaussian_pair.target().mixture, turned, SIGMA_MAX, SIGMA_MIN, 1e-11)
    expected = gaussian_pair.exact_map(x)
    torch.testing.assert_close(
        gaussian_pair.target().basis.images(out), expected, rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("index", [0, 1])
def test_two_integrators_agree_on_the_map_of_the_mixture(index):
    x = AnalyticImages(pair="mixture").items("source", "test", 2, 0).images[[index]].double()
    ours = other = CosineBasis().coefficients(x)
    for domain, start, stop in (
        (mixture_pair.source(), SIGMA_MIN, SIGMA_MAX),
        (mixture_pair.target(), SIGMA_MAX, SIGMA_MIN),
    ):
        ours = mixture_pair.carried(domain.mixture, ours, start, stop, 1e-12)
        other = _dop853(domain.mixture, other, start, stop)
    torch.testing.assert_close(ours, other, rtol=0, atol=1e-9)
    at_run_time = CosineBasis().coefficients(mixture_pair.exact_map(x))
    torch.testing.assert_close(at_run_time, ours, rtol=0, atol=1e-8 * ours.abs().max().item())


def _dop853(mixture, c, start, stop):
    """The same by Dormand and Prince's method of order 8, at a tolerance of 1e-12."""

    def slope(t, y):
        sigma = math.exp(t)
        scale = math.hypot(1, sigma)
        level = torch.tensor([sigma], dtype=torch.float64)
        clean = mixture.denoise(torch.from_numpy(y * scale)[None], level)[0].numpy()
        return y / scale**2 - clean / scale

    y = c[0].numpy() / math.hypot(1, start)
    span = (math.log(start), math.log(stop))
    y = solve_ivp(slope, span, y, method="DOP853", rtol=1e-12, atol=1e-12).y[:, -1]
    return torch.from_numpy(y * math.hypot(1, stop))[None]


def test_the_denoiser_is_the_posterior_mean_of_a_mixture():
    torch.manual_seed(0)
    mixture = DiagonalMixture(
        torch.tensor([0.3, 0.7], dtype=torch.float64),
        torch.tensor([[-1.0], [2.0]], dtype=torch.float64),
        torch.tensor([[0.25], [1.0]], dtype=torch.float64),
    )
    clean = torch.linspace(-12, 14, 200_001, dtype=torch.float64)
    density = sum(
        w * torch.exp(-((clean - m) ** 2) / (2 * v)) / v.sqrt()
        for w, m, v in zip(mixture.weights, mixture.means, mixture.variances, strict=True)
    )
    for sigma in (0.2, 1.5):
        x = torch.tensor([[-2.0], [0.4], [3.0]], dtype=torch.float64)
        weight = density * torch.exp(-((x - clean) ** 2) / (2 * sigma**2))
        expected = (weight @ clean / weight.sum(1))[:, None]
        got = mixture.denoise(x, torch.full((3,), sigma))
        torch.testing.assert_close(got, expected, rtol=1e-8, atol=1e-8)
    assert mixture.mean.item() == pytest.approx(1.1)
    assert mixture.total_variance == pytest.approx(0.3 * 0.25 + 0.7 * 1 + 0.21 * 9)


def test_the_wasserstein_distance_is_that_of_dense_matrices():
    # any pair of blocks of coordinates that both domains share will do: the blocks add up
    ours, theirs = gaussian_pair.source(), gaussian_pair.target()
    first = torch.zeros(32, 3072, dtype=torch.float64)
    first[:, :32] = torch.eye(32)
    turn = theirs.basis.coefficients(ours.basis.images(first))[:, :32]  # source axis -> target axes
    S = torch.diag(ours.mixture.variances[0, :32])
    T = turn @ torch.diag(theirs.mixture.variances[0, :32]) @ turn.T
    values = np.linalg.eigvals((S @ T).numpy()).real  # of the same spectrum as S^½ T S^½
    dense = 2 * np.sqrt(values).sum()
    commuting = 2 * (S.diagonal() * T.diagonal()).sqrt().sum().item()
    root = ours.mixture.variances[0, :32].sqrt()
    overlap = 2 * torch.linalg.svdvals(
        root[:, None] * turn * theirs.mixture.variances[0, :32].sqrt()
    )
    assert overlap.sum().item() == pytest.approx(dense, rel=1e-10)
    assert abs(commuting - dense) > 0.01 * dense
    # the optimal transport goes less far than DDIB, and at least as far as the means and traces say
    x = AnalyticImages(pair="gaussian").items("source", "test", 64, 0).images.double()
    way = (gaussian_pair.exact_map(x) - x).square().flatten(1).sum(1).mean().sqrt().item()
    assert gaussian_pair.wasserstein() < way < 1.2 * gaussian_pair.wasserstein()


@pytest.mark.parametrize("pair", list(Pair))
def test_images_have_the_moments_of_their_domain(pair):
    domain = exact_pair(pair).domains["target"]
    images = AnalyticImages(pair=pair).items("target", "train", 400, 0).images.double()
    c = domain.basis.coefficients(images)
    variance = (c - domain.mixture.mean).square().sum(1).mean().item()
    assert variance == pytest.approx(domain.mixture.total_variance, rel=0.1)


def test_the_gaussian_covariance_is_ill_conditioned_and_full():
    domain = gaussian_pair.source()
    variances = domain.mixture.variances[0]
    assert (variances.max() / variances.min()).item() == pytest.approx(1e4)
    pixel = torch.zeros(1, 3, 32, 32, dtype=torch.float64)
    pixel[0, 0, 5, 7] = 1
    row = domain.basis.images(domain.basis.coefficients(pixel) * variances).flatten()
    assert (row.abs() > 1e-5).double().mean() > 0.99


def test_items_are_a_function_of_seed_split_and_id():
    data = AnalyticImages(pair="mixture")
    many, few = (data.items("source", "test", n, 3) for n in (6, 4))
    assert few.ids == many.ids[:4]
    assert torch.equal(few.images, many.images[:4])
    assert many.ids[0].startswith("mixture/test/source/")
    assert not torch.equal(few.images, data.items("source", "test", 4, 4).images)
    assert not set(many.ids) & set(data.items("source", "train", 6, 3).ids)
    with pytest.raises(InvalidOption, match="there are 1 to 2000"):
        data.items("source", "test", 2001, 0)
    with pytest.raises(UnknownName):
        data.items("nowhere", "test", 1, 0)


def test_the_score_knows_its_domains_and_keeps_the_dtype():
    family = AnalyticScore(pair="gaussian").load(torch.device("cpu"), "bf16")
    x = torch.randn(2, 3, 32, 32)
    assert family.denoiser(("source",) * 2)(x, torch.full((2,), 3.0)).dtype == torch.float32
    with pytest.raises(InvalidOption, match="one domain"):
        family.denoiser(("source", "target"))


def test_an_answer_is_given_for_the_own_items_alone():
    check_ids(Pair.GAUSSIAN, ["gaussian/test/source/00001"])
    with pytest.raises(BridgebenchError, match="none of its own"):
        check_ids(Pair.GAUSSIAN, ["mixture/test/source/00001"])
