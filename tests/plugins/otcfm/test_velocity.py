"""The change of a velocity into what solvers take, where the whole flow is known."""

import pytest
import torch
from torch import Tensor

from bridgebench import Solver, sigma_grid
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.plugins.specs import build
from bridgebench.toolkit.probability_flow import no_noise
from bridgebench_otcfm.velocity import FlowDenoiser

SIGMA_MIN = 1e-3
SOLVERS = ["euler", "heun", "dpm", "dpm:variant=2s", "bdia", "euler:spacing=logsnr"]


def solver(spec: str) -> Solver:
    return build(load_registry(), Kind.SOLVER, Solver, spec)


def followed(spec: str, denoiser: FlowDenoiser, x: Tensor, nfe: int, up: bool = False) -> Tensor:
    its = solver(spec)
    sigmas = sigma_grid(its.spacing, denoiser.sigma_min, denoiser.sigma_max, its.intervals(nfe))
    return its.solve(denoiser, x, sigmas if up else sigmas[::-1], no_noise)


@pytest.fixture
def x() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(6, 3, 4, 4, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize("spec", SOLVERS)
@pytest.mark.parametrize("nfe", [2, 8])
def test_a_constant_velocity_is_followed_exactly(spec: str, nfe: int, x: Tensor) -> None:
    end = x.flip(0) * 2 + 1
    denoiser = FlowDenoiser(lambda state, noise: end - x, SIGMA_MIN)
    if spec != "bdia":  # which rounds its states to a lattice
        reached = followed(spec, denoiser, x, nfe)
        torch.testing.assert_close(reached, end + SIGMA_MIN * (x - end), rtol=0, atol=1e-12)
    reached = followed(spec, denoiser, followed(spec, denoiser, x, nfe), nfe, up=True)
    torch.testing.assert_close(reached, x, rtol=0, atol=1e-10)  # 1e-12, divided by SIGMA_MIN


def test_the_network_is_asked_for_the_time_on_its_own_scale(x: Tensor) -> None:
    asked: list[float] = []

    def network(state: Tensor, noise: Tensor) -> Tensor:
        asked.append(noise[0].item())
        return torch.zeros_like(state)

    followed("euler", FlowDenoiser(network, 0.25), x, 3)
    assert asked[0] == 1.0
    assert all(-0.5 < noise <= 1.0 for noise in asked)


def gaussian_velocity(mean: float, std: float):
    """E[x1 - x0 | x_t] for independent x0 ~ N(0, 1) and x1 ~ N(mean, std²), by conditioning."""

    def network(x: Tensor, noise: Tensor) -> Tensor:
        t = 1 - (noise.view(-1, 1, 1, 1) + 1) / 2
        variance = (1 - t) ** 2 + (t * std) ** 2
        return mean + (t * std**2 - (1 - t)) / variance * (x - t * mean)

    return network


@pytest.mark.parametrize(("spec", "order"), [("euler", 1), ("heun", 2), ("dpm", 2)])
def test_the_flow_between_gaussians_is_reached_with_the_solvers_order(
    spec: str, order: int, x: Tensor
) -> None:
    """Its map is x1 = mean + std·x0 and scales the deviation from the mean as √variance."""
    mean, std = 0.7, 0.3
    denoiser = FlowDenoiser(gaussian_velocity(mean, std), SIGMA_MIN)
    t = 1 - SIGMA_MIN
    exact = t * mean + ((1 - t) ** 2 + (t * std) ** 2) ** 0.5 * x
    errors = [
        (followed(f"{spec}:spacing=time_uniform", denoiser, x, nfe) - exact).abs().max().item()
        for nfe in (40, 160)
    ]
    assert errors[1] < 0.02
    assert errors[0] / errors[1] == pytest.approx(4**order, rel=0.4)
