"""Euler and DPM-Solver++(2M) against the schedulers of diffusers.

Their tables are float32, so that the grid is read off them and the agreement ends near 1e-6. Their
state is x = √ᾱ·x̄; it stays float64 on both sides.
"""

from collections.abc import Sequence
from itertools import pairwise

import pytest
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepInverseScheduler
from torch import Tensor

from bridgebench import Denoiser
from bridgebench.toolkit.probability_flow import no_noise
from bridgebench_solvers.dpm import Dpm
from bridgebench_solvers.euler import Euler

RELATIVE = 1e-5
STEPS = (5, 10, 20, 50)
TRAINING_STEPS = 1000
VP = {"beta_start": 1e-4, "beta_end": 0.02, "beta_schedule": "linear", "prediction_type": "sample"}


def level(alphas_cumprod: Tensor, timestep: int) -> float:
    """σ = sqrt((1 - ᾱ)/ᾱ) of a timestep."""
    alpha = alphas_cumprod[timestep].item()
    return ((1 - alpha) / alpha) ** 0.5


def denoised(denoiser: Denoiser, x: Tensor, sigma: float) -> Tensor:
    """D of the state of the variance-preserving process."""
    return denoiser(x * (1 + sigma**2) ** 0.5, x.new_full((len(x),), sigma))


def assert_equal(ours: Tensor, theirs: Tensor, sigma: float) -> None:
    theirs = theirs * (1 + sigma**2) ** 0.5
    assert ours.dtype == theirs.dtype == torch.float64
    assert (ours - theirs).abs().max() / theirs.abs().max() <= RELATIVE


def rising(sigmas: Sequence[float]) -> bool:
    return all(a < b for a, b in pairwise(sigmas))


@pytest.mark.parametrize("steps", STEPS)
def test_euler_is_ddim(steps: int, stored: dict[str, Tensor], mixture: Denoiser) -> None:
    scheduler = DDIMScheduler(
        **VP, clip_sample=False, set_alpha_to_one=False, timestep_spacing="leading", steps_offset=1
    )
    scheduler.set_timesteps(steps)
    timesteps = scheduler.timesteps.tolist()
    # the last step goes to the first entry of the table, as with `set_alpha_to_one=False`
    sigmas = [level(scheduler.alphas_cumprod, t) for t in (*timesteps, 0)]
    assert rising(sigmas[::-1])

    x = stored["z"]
    for timestep, sigma in zip(timesteps, sigmas, strict=False):
        x = scheduler.step(denoised(mixture, x, sigma), timestep, x, eta=0.0).prev_sample
    start = stored["z"] * (1 + sigmas[0] ** 2) ** 0.5
    assert_equal(Euler().solve(mixture, start, sigmas, no_noise), x, sigmas[-1])


@pytest.mark.parametrize("steps", STEPS)
def test_dpm_up_is_the_inverse_scheduler(
    steps: int, stored: dict[str, Tensor], mixture: Denoiser
) -> None:
    scheduler = DPMSolverMultistepInverseScheduler(
        **VP,
        solver_order=2,
        solver_type="midpoint",
        timestep_spacing="linspace",
        lower_order_final=False,
    )
    scheduler.set_timesteps(steps)
    timesteps = scheduler.timesteps.tolist()
    sigmas = [level(scheduler.alphas_cumprod, t) for t in (*timesteps, TRAINING_STEPS - 1)]
    assert rising(sigmas)

    start = stored["means"] + 0.3 * stored["z"][:5]
    x = start / (1 + sigmas[0] ** 2) ** 0.5
    for timestep, sigma in zip(timesteps, sigmas, strict=False):
        x = scheduler.step(denoised(mixture, x, sigma), timestep, x).prev_sample
    assert_equal(Dpm().solve(mixture, start, sigmas, no_noise), x, sigmas[-1])
