"""Benchmarks of what runs often. `pytest tests/benchmarks --benchmark-enable -n 0` prints figures.

In the suite each runs once, so that none can rot.
"""

import pytest
import torch
from figures.frechet import given_features
from torch_fidelity.metric_fid import (
    KEY_METRIC_FID,
    fid_features_to_statistics,
    fid_statistics_to_metric,
)

from bridgebench.api import run_choices
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.toolkit.noise_levels import Spacing, sigma_grid
from bridgebench.toolkit.probability_flow import no_noise
from bridgebench_metrics.formulas.finite_n import measured
from bridgebench_metrics.formulas.frechet import frechet_distance, gaussian

STEPS = 20


class NoNetwork:
    """A denoiser that costs nothing, so that the solver alone is timed."""

    sigma_min, sigma_max = 0.02, 80.0

    def __call__(self, x, sigma):
        return x


@pytest.mark.parametrize("name", ["euler", "heun", "dpm"])
def test_a_solver_without_its_network(benchmark, name):
    solver = load_registry().load(Kind.SOLVER, name)()
    sigmas = sigma_grid(Spacing.KARRAS, 0.02, 80.0, STEPS)[::-1]
    x = torch.randn(64, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    out = benchmark(solver.solve, NoNetwork(), x, sigmas, no_noise)
    assert torch.isfinite(out).all()


WIDTHS = [64, 512, pytest.param(2048, marks=pytest.mark.slow)]


@pytest.mark.parametrize("width", WIDTHS)
def test_fid_alone_of_given_features(benchmark, width):
    made, reference = given_features(width, 0), gaussian(given_features(width, 1))
    value = benchmark(frechet_distance, made, reference)
    theirs = torch_fidelitys(made, fid_features_to_statistics(given_features(width, 1)))
    assert value == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("width", WIDTHS)
def test_fid_of_given_features_by_torch_fidelity(benchmark, width):
    reference = fid_features_to_statistics(given_features(width, 1))
    assert benchmark(torch_fidelitys, given_features(width, 0), reference) > 0


@pytest.mark.parametrize("width", WIDTHS)
def test_fid_of_given_features_with_all_that_its_columns_need(benchmark, width):
    made, reference = given_features(width, 0), gaussian(given_features(width, 1))
    found = benchmark(measured, made, 0, reference)
    assert found.value == pytest.approx(frechet_distance(made, reference), rel=1e-9)


def torch_fidelitys(made, reference):
    statistics = fid_features_to_statistics(made)
    return fid_statistics_to_metric(statistics, reference, verbose=False)[KEY_METRIC_FID]


def test_planning_the_board_of_the_study(benchmark):
    registry = load_registry()
    plan = benchmark(make_plan, registry, choices_of({"task": "cmnist_to7"}))
    assert len(plan.cells) == 244


def test_a_run_whose_cells_are_all_there(benchmark, tmp_path):
    choices = choices_of({"task": "world", "out": tmp_path / "out"})
    run_choices(choices)
    assert benchmark(run_choices, choices).clock.computed_cells == 0
