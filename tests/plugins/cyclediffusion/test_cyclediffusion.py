"""CycleDiffusion: its encoder against the formulas of the paper, and what comes back."""

import math
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor

import bridgebench
from bridgebench.conformance.analytic import GaussianDenoiser
from bridgebench_cyclediffusion.dpm_encoder import decode, encode

SIGMAS = (10.0, 3.0, 0.5)


@pytest.fixture
def x() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4000, 1, 2, 2, dtype=torch.float64, generator=generator)


def noise_like(x: Tensor):
    def noise(step: int) -> Tensor:
        return torch.randn(
            x.shape, dtype=x.dtype, generator=torch.Generator().manual_seed(step + 9)
        )

    return noise


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
def test_one_model_gives_its_input_back(eta: float, x: Tensor) -> None:
    latent = encode(GaussianDenoiser(), x, SIGMAS, eta, noise_like(x))
    back = decode(GaussianDenoiser(), latent, SIGMAS, eta)
    torch.testing.assert_close(back, x, rtol=0, atol=1e-12)


def test_a_step_is_the_posterior_of_ddpm(x: Tensor) -> None:
    """q(x_{t-1} | x_t, x_0) of Ho et al. 2020, equation 7, in their variance-preserving state."""
    noise, model = noise_like(x), GaussianDenoiser()
    latent = encode(model, x, SIGMAS, 1.0, noise)
    state = x + SIGMAS[0] * noise(0)
    torch.testing.assert_close(latent[:, 0], state)
    for i, (sigma, before) in enumerate(pairwise(SIGMAS), start=1):
        abar, abar_before = 1 / (1 + sigma**2), 1 / (1 + before**2)
        alpha = abar / abar_before
        beta = 1 - alpha

        x_t = state * math.sqrt(abar)
        of_clean = math.sqrt(abar_before) * beta / (1 - abar)
        of_noisy = math.sqrt(alpha) * (1 - abar_before) / (1 - abar)

        deviation = math.sqrt((1 - abar_before) / (1 - abar) * beta / abar_before)
        after = (of_clean * x + of_noisy * x_t) / math.sqrt(abar_before) + deviation * noise(i)
        D = model(state, torch.full((len(x),), sigma, dtype=x.dtype))
        mean = (of_clean * D + of_noisy * x_t) / math.sqrt(abar_before)
        torch.testing.assert_close(latent[:, i], after - mean)
        state = after


def test_the_trajectory_has_the_marginals_of_the_diffusion(x: Tensor) -> None:
    """The state at each level is x + σ·n: of standard deviation sqrt(1 + σ²) for unit x."""
    states: list[Tensor] = []

    def model(state: Tensor, sigma: Tensor) -> Tensor:
        states.append(state)
        return GaussianDenoiser()(state, sigma)

    encode(model, x, SIGMAS, 1.0, noise_like(x))
    for state, sigma in zip(states, SIGMAS, strict=True):
        assert state.std().item() == pytest.approx(math.hypot(1, sigma), rel=0.02)


def run(tmp_path: Path, **words: object):
    return bridgebench.run("world", method=["cyclediffusion"], out=tmp_path, **words)


def test_a_row_counts_both_directions_and_reaches_the_target(tmp_path: Path) -> None:
    (row,) = run(tmp_path, nfe=10).to_dict("records")
    assert (row["status"], row["nfe_encode"], row["nfe_decode"]) == ("ok", 10, 10)
    assert row["accuracy"] == 1
    assert row["latent_std"] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"nfe": 1}, "needs nfe=2"),
        ({"method": ["cyclediffusion:start_sigma=99"]}, "start_sigma=99 is not above 0.02"),
    ],
)
def test_what_cannot_be_run_says_why(words: dict[str, object], reason: str, tmp_path: Path) -> None:
    table = bridgebench.run(
        "world", out=tmp_path, **{"method": ["cyclediffusion"], "nfe": 4} | words
    )
    assert list(table["status"]) == ["skipped"]
    assert reason in table["reason"][0]
