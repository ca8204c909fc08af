"""Adapters against the exact denoiser of Gaussian data, which is known in closed form."""

import math

import pytest
import torch
from torch import Tensor

from bridgebench import Denoiser
from bridgebench.toolkit.nn.preconditioning import (
    EDMDenoiser,
    EDMScaling,
    EpsilonDenoiser,
    Guide,
    VelocityDenoiser,
    edm_loss,
    over_images,
)

MEAN, STD = 0.3, 0.7
LEVELS = (0.01, 0.3, 1.0, 9.0, 80.0)
RANGE = (0.01, 80.0)


def exact(x: Tensor, sigma: Tensor) -> Tensor:
    """E[x0 | x] for x0 ~ N(MEAN, STD²): the posterior mean."""
    s = over_images(sigma, x)
    return (STD**2 * x + s**2 * MEAN) / (STD**2 + s**2)


def exact_epsilon(scaled: Tensor, sigma: Tensor) -> Tensor:
    """E[noise | state], the state being variance-preserving: x / sqrt(1 + σ²)."""
    s = over_images(sigma, scaled)
    x = scaled * (1 + s**2).sqrt()
    return s * (x - MEAN) / (STD**2 + s**2)


def exact_velocity(scaled: Tensor, sigma: Tensor) -> Tensor:
    """E[α·noise - β·x0 | state] with α = 1/sqrt(1 + σ²) and β = σ·α."""
    s = over_images(sigma, scaled)
    alpha = 1 / (1 + s**2).sqrt()
    x = scaled / alpha
    return alpha * exact_epsilon(scaled, sigma) - s * alpha * exact(x, sigma)


@pytest.fixture
def state() -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    sigma = torch.tensor(LEVELS, dtype=torch.float64)
    x = torch.randn(len(LEVELS), 2, 3, 3, generator=random, dtype=torch.float64)
    return MEAN + over_images((STD**2 + sigma**2).sqrt(), x) * x, sigma


def test_epsilon_adapter_gives_the_exact_denoiser(state: tuple[Tensor, Tensor]) -> None:
    x, sigma = state
    denoiser = EpsilonDenoiser(exact_epsilon, lambda s: s, *RANGE)
    torch.testing.assert_close(denoiser(x, sigma), exact(x, sigma), rtol=0, atol=1e-11)


def test_velocity_adapter_gives_the_exact_denoiser(state: tuple[Tensor, Tensor]) -> None:
    x, sigma = state
    denoiser = VelocityDenoiser(exact_velocity, lambda s: s, *RANGE)
    torch.testing.assert_close(denoiser(x, sigma), exact(x, sigma), rtol=0, atol=1e-11)


def test_edm_adapter_gives_the_exact_denoiser(state: tuple[Tensor, Tensor]) -> None:
    x, sigma = state

    def network(scaled: Tensor, c_noise: Tensor) -> Tensor:
        """Solve D = c_skip·x + c_out·F for F, from the network's own inputs alone."""
        level = torch.exp(4 * c_noise)
        s = over_images(level, scaled)
        norm = (s**2 + 0.5**2).sqrt()
        noisy = scaled * norm
        return (exact(noisy, level) - 0.25 / norm**2 * noisy) / (s * 0.5 / norm)

    denoiser = EDMDenoiser(network, EDMScaling(0.5), *RANGE)
    torch.testing.assert_close(denoiser(x, sigma), exact(x, sigma), rtol=0, atol=1e-11)


def test_denoisers_keep_the_dtype_of_the_state_over_a_bfloat16_network() -> None:
    x = torch.randn(2, 3, 4, 4, dtype=torch.float64)
    sigma = torch.tensor([0.1, 5.0], dtype=torch.float64)

    def network(scaled: Tensor, _: Tensor) -> Tensor:
        return scaled.bfloat16()

    for denoiser in (
        EDMDenoiser(network, EDMScaling(), *RANGE),
        EpsilonDenoiser(network, lambda s: s, *RANGE),
        VelocityDenoiser(network, lambda s: s, *RANGE),
    ):
        assert denoiser(x, sigma).dtype == torch.float64
        assert isinstance(denoiser, Denoiser)
        assert (denoiser.sigma_min, denoiser.sigma_max) == RANGE


def test_edm_coefficients_scale_input_and_target_to_unit_variance() -> None:
    scaling, data = EDMScaling(0.5), 0.5
    for level in LEVELS:
        sigma = torch.tensor(level, dtype=torch.float64)
        spread = math.sqrt(data**2 + level**2)
        assert float(scaling.c_in(sigma)) * spread == pytest.approx(1)
        skip, out = float(scaling.c_skip(sigma)), float(scaling.c_out(sigma))
        # Var(x0 - c_skip·x) / c_out²
        variance = ((1 - skip) * data) ** 2 + (skip * level) ** 2
        assert variance / out**2 == pytest.approx(1)


def test_loss_is_zero_for_a_network_that_knows_the_answer_and_one_for_zero() -> None:
    random = torch.Generator().manual_seed(1)
    clean = 0.5 * torch.randn(4000, 1, 2, 2, generator=random)
    noise = torch.randn(clean.shape, generator=random)
    sigma = torch.full((4000,), 0.8)
    scaling = EDMScaling(0.5)

    def knowing(_: Tensor, c_noise: Tensor) -> Tensor:
        level = over_images(torch.exp(4 * c_noise), clean)
        noisy = clean + level * noise
        skip = over_images(scaling.c_skip(sigma), clean)
        return (clean - skip * noisy) / over_images(scaling.c_out(sigma), clean)

    assert edm_loss(knowing, clean, noise, sigma, scaling).item() < 1e-9
    nothing = edm_loss(lambda x, _: torch.zeros_like(x), clean, noise, sigma, scaling)
    assert nothing.item() == pytest.approx(1, abs=0.05)


def test_a_learned_guide_ends_at_the_guided_denoiser() -> None:
    clean, noise = torch.full((8, 1, 1, 1), 0.4), torch.zeros(8, 1, 1, 1)
    sigma, scaling = torch.full((8,), 1.0), EDMScaling(0.5)
    null, strength = -0.3, 0.5
    guide = Guide(lambda x, _: torch.full_like(x, null), strength)
    learned = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.SGD([learned], lr=0.2)
    for _ in range(200):
        optimizer.zero_grad()
        loss = edm_loss(lambda x, _: learned.expand_as(x), clean, noise, sigma, scaling, guide)
        loss.backward()
        optimizer.step()
    conditional = (1 - scaling.c_skip(sigma[0])) * 0.4 / scaling.c_out(sigma[0])
    guided = null + (conditional - null) / (1 - strength)
    assert learned.item() == pytest.approx(guided.item(), abs=1e-4)


def test_a_guide_says_nothing_to_a_network_that_ignores_the_condition() -> None:
    random = torch.Generator().manual_seed(2)
    clean, noise = (torch.randn(4, 1, 2, 2, generator=random) for _ in range(2))
    sigma, scaling = torch.tensor([0.1, 0.5, 1.0, 9.0]), EDMScaling(0.5)

    def network(x: Tensor, _: Tensor) -> Tensor:
        return x.tanh()

    plain = edm_loss(network, clean, noise, sigma, scaling)
    guided = edm_loss(network, clean, noise, sigma, scaling, Guide(network, 0.5))
    assert guided.item() == plain.item()
