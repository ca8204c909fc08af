"""Ancestral sampling: the step of the papers, the marginals, and draws of each item's own."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

import bridgebench
from bridgebench import Draw, InvalidOption, sigma_grid
from bridgebench.toolkit.probability_flow import no_noise
from bridgebench_solvers.ancestral import Ancestral
from bridgebench_solvers.euler import Euler

from .test_order import Gaussian

IDS = tuple(f"test/{i:05d}" for i in range(64))
SHAPE = (3, 8, 8)


def start(ids: tuple[str, ...] = IDS, sigma: float = 10.0) -> Tensor:
    """States at the top of the exact marginals of N(0.3, 0.5²)."""
    return 0.3 + math.hypot(0.5, sigma) * Draw(0, ids).each("start", SHAPE).double()


def solved(solver: Ancestral, x: Tensor, intervals: int, ids: tuple[str, ...] = IDS) -> Tensor:
    sigmas = sigma_grid(solver.spacing, 0.1, 10.0, intervals)[::-1]
    return solver.solve(Gaussian(), x, sigmas, Draw(0, ids).noise("decode", x))


@pytest.mark.parametrize("eta", [0.3, 1.0])
def test_the_marginals_are_those_of_the_diffusion(eta: float) -> None:
    """The denoiser gives the mean of an image alone, so that short steps are needed for this."""
    end = solved(Ancestral(eta=eta), start(), 400)
    assert end.mean().item() == pytest.approx(0.3, abs=0.02)
    assert end.std().item() == pytest.approx(math.hypot(0.5, 0.1), rel=0.02)


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
def test_the_variance_of_each_step_is_the_one_of_its_formula(eta: float) -> None:
    """Where D is linear in the state, so is a step: its gain and its noise are known."""
    sigmas = (10.0, 4.0, 1.0, 0.1)
    variance = 0.5**2 + sigmas[0] ** 2
    for sigma, after in pairwise(sigmas):
        s = eta * after * math.sqrt(1 - (after / sigma) ** 2)
        of_image, kept = 0.5**2 / (0.5**2 + sigma**2), math.sqrt(after**2 - s**2) / sigma
        variance = (of_image + kept * (1 - of_image)) ** 2 * variance + s**2
    x = start()
    end = Ancestral(eta=eta).solve(Gaussian(), x, sigmas, Draw(0, IDS).noise("decode", x))
    assert end.std().item() == pytest.approx(math.sqrt(variance), rel=0.02)


def test_a_step_is_the_posterior_of_ddpm() -> None:
    """q(x_{t-1} | x_t, x_0) of Ho et al. 2020, equation 7, in their variance-preserving state."""
    sigma, before = 3.0, 1.0
    x = start(sigma=sigma)
    abar, abar_before = 1 / (1 + sigma**2), 1 / (1 + before**2)
    alpha = abar / abar_before
    beta = 1 - alpha
    D = Gaussian()(x, torch.full((len(x),), sigma, dtype=x.dtype))
    mean = (
        math.sqrt(abar_before) * beta / (1 - abar) * D
        + math.sqrt(alpha) * (1 - abar_before) / (1 - abar) * math.sqrt(abar) * x
    )
    deviation = math.sqrt((1 - abar_before) / (1 - abar) * beta)
    noise = Draw(0, IDS).noise("decode", x)
    expected = (mean + deviation * noise(0)) / math.sqrt(abar_before)
    found = Ancestral().solve(Gaussian(), x, (sigma, before), noise)
    torch.testing.assert_close(found, expected)


def test_without_noise_it_is_ddim() -> None:
    x = start()
    sigmas = sigma_grid(Euler().spacing, 0.1, 10.0, 7)[::-1]
    ddim = Euler().solve(Gaussian(), x, sigmas, no_noise)
    torch.testing.assert_close(Ancestral(eta=0).solve(Gaussian(), x, sigmas, no_noise), ddim)


def test_an_item_has_its_own_noise_whatever_its_batch() -> None:
    whole = solved(Ancestral(), start(), 10)
    some = (IDS[40], IDS[3])
    part = solved(Ancestral(), start(some), 10, some)
    assert torch.equal(part, whole[[40, 3]])
    assert not torch.allclose(whole[0], whole[1])


def test_it_only_goes_down() -> None:
    with pytest.raises(InvalidOption) as caught:
        Ancestral().solve(Gaussian(), start(), (0.1, 1.0), no_noise)
    assert str(caught.value) == (
        "ancestral is stochastic and only goes down, but the noise levels rise from 0.1 to 1; "
        "encode with a solver of the ODE, such as heun"
    )


def test_who_encodes_skips_it_and_who_does_not_runs(tmp_path) -> None:
    words = {"transform": ["identity"], "nfe": 8, "out": tmp_path}
    methods = ["ddib", "ddib_single", "ddib_guided", "random_latent"]
    table = bridgebench.run("world", method=methods, solver=["ancestral"], **words)
    rows = table.set_index("method")
    for method in methods[:-1]:
        assert rows.loc[method, "status"] == "skipped"
        assert rows.loc[method, "reason"] == (
            "ancestral is stochastic, and a latent is encoded by an ODE solver"
        )
    assert rows.loc["random_latent", "status"] == "ok", rows.loc["random_latent", "reason"]
    assert rows.loc["random_latent", "nfe_decode"] == 8
    assert rows.loc["random_latent", "accuracy"] == 1
