"""Benchmarks of what runs often. `pytest tests/benchmarks --benchmark-enable -n 0` prints figures.

In the suite each runs once, so that none can rot.
"""

import pytest
import torch
import torch_fidelity
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

from bridgebench.api import run_choices
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.registry import Kind, load_registry
from bridgebench.spacing import Spacing, sigma_grid
from bridgebench_metrics.frechet import frechet, gaussian

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
    out = benchmark(solver.solve, NoNetwork(), x, sigmas)
    assert torch.isfinite(out).all()


def features(width, seed):
    random = torch.Generator().manual_seed(seed)
    return torch.randn(2500, width, generator=random, dtype=torch.float64)


@pytest.mark.parametrize("width", [64, 512])
def test_fid_of_given_features(benchmark, width):
    reference = gaussian(features(width, 1))
    value, _ = benchmark(frechet, features(width, 0), reference)
    assert value > 0


@pytest.mark.parametrize("width", [64, 512])
def test_fid_of_given_features_by_torch_fidelity(benchmark, width):
    made, reference = features(width, 0), fid_features_to_statistics(features(width, 1))

    def reference_way():
        statistics = fid_features_to_statistics(made)
        return fid_statistics_to_metric(statistics, reference, verbose=False)

    result = benchmark(reference_way)
    ours, _ = frechet(made, gaussian(features(width, 1)))
    assert ours == pytest.approx(result[torch_fidelity.KEY_METRIC_FID], rel=1e-6)


def test_planning_the_board_of_the_study(benchmark):
    registry = load_registry()
    plan = benchmark(make_plan, registry, choices_of({"task": "cmnist_to7"}))
    assert len(plan.cells) == 240


def test_a_run_whose_cells_are_all_there(benchmark, tmp_path):
    choices = choices_of({"task": "world", "out": tmp_path / "out"})
    run_choices(choices)
    assert benchmark(run_choices, choices).clock.computed_cells == 0
