"""The solvers against the trajectories that reference samplers return."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor

from bridgebench import Denoiser, Solver, Spacing, sigma_grid
from bridgebench.toolkit.probability_flow import no_noise
from bridgebench_solvers.dpm import Dpm, DpmVariant
from bridgebench_solvers.euler import Euler
from bridgebench_solvers.heun import Heun

RELATIVE = 1e-9
SOLVERS: Mapping[str, Solver] = {
    "euler": Euler(),
    "heun": Heun(),
    "dpm_2m": Dpm(),
    "dpm_2s": Dpm(variant=DpmVariant.SINGLESTEP),
}
INTERVALS = (5, 10, 20, 40)


def assert_equal(ours: Tensor, theirs: Tensor) -> None:
    assert ours.dtype == torch.float64
    error = (ours - theirs).abs().max() / theirs.abs().max()
    assert error < RELATIVE


@pytest.mark.parametrize("intervals", INTERVALS)
@pytest.mark.parametrize("name", SOLVERS)
def test_decode(name: str, intervals: int, stored: dict[str, Tensor], mixture: Denoiser) -> None:
    sigmas = stored[f"sigmas_{intervals}"].tolist()
    x = SOLVERS[name].solve(mixture, 80.0 * stored["z"], sigmas, no_noise)
    assert_equal(x, stored[f"{name}_decode_{intervals}"])


@pytest.mark.parametrize("intervals", INTERVALS)
@pytest.mark.parametrize("name", ["euler", "heun", "dpm_2m"])
def test_encode(name: str, intervals: int, stored: dict[str, Tensor], mixture: Denoiser) -> None:
    sigmas = stored[f"sigmas_{intervals}"].tolist()[::-1]
    x = SOLVERS[name].solve(mixture, stored[f"{name}_decode_{intervals}"], sigmas, no_noise)
    assert_equal(x, stored[f"{name}_encode_{intervals}"])


@pytest.mark.parametrize("points", INTERVALS)
def test_heun_then_one_denoising_step_is_the_sampler_of_edm(
    points: int, stored: dict[str, Tensor], mixture: Denoiser
) -> None:
    sigmas = sigma_grid(Spacing.KARRAS, 0.02, 80.0, points - 1)[::-1]
    x = Heun().solve(mixture, 80.0 * stored["z"], sigmas, no_noise)
    last = mixture(x, x.new_full((len(x),), 0.02))
    assert_equal(last, stored[f"edm_decode_{points}"])


@pytest.mark.parametrize("intervals", INTERVALS)
def test_our_karras_grid_is_the_reference_grid(intervals: int, stored: dict[str, Tensor]) -> None:
    sigmas = sigma_grid(Spacing.KARRAS, 0.02, 80.0, intervals)[::-1]
    np.testing.assert_allclose(sigmas, stored[f"sigmas_{intervals}"].numpy(), rtol=1e-12)
