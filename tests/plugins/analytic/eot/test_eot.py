"""The entropic plan: against its definition, its own samples, and a run of each baseline."""

import math
from importlib.resources import files

import numpy as np
import pytest
import torch

from bridgebench import BridgebenchError, Draw, InvalidOption
from bridgebench.api import run_choices
from bridgebench.interfaces.method import Batch
from bridgebench.plan.choices import choices_of
from bridgebench.tasks.task_file import parse_task
from bridgebench_analytic.eot.baselines import ConstantMean, ExactPlan, LinearMap
from bridgebench_analytic.eot.bures import (
    distance_squared,
    influence,
    optimal_linear,
    overlap,
    symmetric_root,
)
from bridgebench_analytic.eot.dataset import EotMixture
from bridgebench_analytic.eot.options import draws_of, point_of
from bridgebench_analytic.eot.plan import COMPONENTS, entropic_plan, even_scaling
from bridgebench_analytic.eot.uvp import scores

CASES = [(dim, eps) for dim in (2, 16, 64, 128) for eps in (0.1, 1.0, 10.0)]


def log_density(mixture, x):
    """The density of a FullMixture by the textbook formula, (n,)."""
    parts = []
    for w, m, C in zip(mixture.weights, mixture.means, mixture.covariances, strict=True):
        normal = torch.distributions.MultivariateNormal(m, C)
        parts.append(w.log() + normal.log_prob(x))
    return torch.stack(parts).logsumexp(0)


@pytest.mark.parametrize(("dim", "eps"), CASES)
def test_components_have_even_weight_on_both_sides(dim, eps):
    pairs = entropic_plan(dim, eps).pairs
    even = torch.full((COMPONENTS,), 1 / COMPONENTS, dtype=torch.float64)
    torch.testing.assert_close(pairs.sum(0), even, rtol=0, atol=1e-11)
    torch.testing.assert_close(pairs.sum(1), even, rtol=0, atol=1e-11)


@pytest.mark.parametrize(("dim", "eps"), [(2, 0.1), (16, 1.0)])
def test_the_plan_is_a_product_of_functions_times_the_kernel(dim, eps):
    plan = entropic_plan(dim, eps)
    x = plan.source.sample(0, "x", [str(i) for i in range(5)])
    y = plan.target.sample(0, "y", [str(i) for i in range(4)])
    weights, means, covariances = plan.conditional(x)
    log_pi = torch.empty(5, 4, dtype=torch.float64)
    for i in range(5):
        parts = [
            weights[i, k].log()
            + torch.distributions.MultivariateNormal(means[i, k], covariances[k]).log_prob(y)
            for k in range(COMPONENTS)
        ]
        log_pi[i] = torch.stack(parts).logsumexp(0) + log_density(plan.source, x[i])
    potentials = log_pi + 0.5 * torch.cdist(x, y).square() / eps
    # f(x) + g(y) has no mixed differences: this is what makes a plan the entropic optimum
    mixed = potentials - potentials[:1] - potentials[:, :1] + potentials[:1, :1]
    torch.testing.assert_close(mixed, torch.zeros_like(mixed), rtol=0, atol=1e-7)


def test_the_conditionals_add_up_to_the_target_and_the_cost():
    plan = entropic_plan(2, 1.0)
    ids = [str(i) for i in range(40_000)]
    x = plan.source.sample(1, "x", ids)
    mean, covariance = plan.conditional_moments(x)
    target_mean, target_covariance = plan.target.moments()
    torch.testing.assert_close(mean.mean(0), target_mean, rtol=0, atol=0.03)
    total = covariance.mean(0) + torch.cov(mean.T)
    torch.testing.assert_close(total, target_covariance, rtol=0, atol=0.06)
    way = (x - mean).square().sum(1) + covariance.diagonal(dim1=1, dim2=2).sum(1)
    assert 0.5 * way.mean().item() == pytest.approx(plan.cost, rel=0.02)
    source_mean, source_covariance = plan.source.moments()
    torch.testing.assert_close(x.mean(0), source_mean, rtol=0, atol=0.03)
    torch.testing.assert_close(torch.cov(x.T), source_covariance, rtol=0, atol=0.06)


def test_conditional_moments_are_those_of_the_exact_draws():
    plan, data = entropic_plan(2, 0.1), EotMixture(dim=2, eps=0.1)
    items = data.items("source", "test", 1, 0)
    ids = tuple(f"{items.ids[0]}{i}" for i in range(20_000))
    batch = Batch(items.images.expand(len(ids), -1), ids, ("source",) * len(ids), Draw(0, ids))
    drawn = ExactPlan(dim=2, eps=0.1).translate(None, batch, None, None)
    mean, covariance = plan.conditional_moments(items.images.double())
    torch.testing.assert_close(drawn.images.double().mean(0), mean[0], rtol=0, atol=0.02)
    torch.testing.assert_close(torch.cov(drawn.images.double().T), covariance[0], rtol=0, atol=0.02)


def test_scaling_that_does_not_converge_is_an_error():
    with pytest.raises(BridgebenchError, match="do not converge"):
        even_scaling(torch.tensor([[0.0, -torch.inf], [0.0, -torch.inf]], dtype=torch.float64))


def test_distances_and_maps_of_gaussians_are_those_of_dense_roots():
    random = np.random.default_rng(0)
    samples = torch.from_numpy(random.standard_normal((50, 4)) @ random.standard_normal((4, 4)))
    root = torch.from_numpy(random.standard_normal((4, 4)))
    mean, covariance = torch.ones(4, dtype=torch.float64), root @ root.T
    S = torch.cov(samples.T)
    cross = np.sqrt(np.linalg.eigvals((S @ covariance).numpy()).real).sum()
    expected = (samples.mean(0) - mean).square().sum() + S.trace() + covariance.trace() - 2 * cross
    assert distance_squared(samples, mean, covariance).item() == pytest.approx(expected.item())
    A = optimal_linear(S, covariance)
    torch.testing.assert_close(A @ S @ A, covariance)
    torch.testing.assert_close(symmetric_root(S) @ symmetric_root(S), S)


def test_the_influence_says_how_the_distance_moves():
    random = np.random.default_rng(1)
    samples = torch.from_numpy(random.standard_normal((400, 3)) + 0.3)
    mean, covariance = torch.zeros(3, dtype=torch.float64), 2 * torch.eye(3, dtype=torch.float64)
    moves = influence(samples, mean, covariance)
    value = distance_squared(samples, mean, covariance)
    for left_out in (0, 7, 100):
        rest = torch.cat([samples[:left_out], samples[left_out + 1 :]])
        moved = (value - distance_squared(rest, mean, covariance)) * 399
        assert moved.item() == pytest.approx(moves[left_out].item(), abs=0.05)
    assert influence(samples[:3], mean, covariance) is None


@pytest.mark.parametrize("n", [3, 4, 5, 40])
def test_the_overlap_is_the_same_by_either_matrix(n):
    random = np.random.default_rng(2)
    samples = torch.from_numpy(random.standard_normal((n, 4)))
    root = torch.from_numpy(random.standard_normal((4, 4)))
    covariance, centered = root @ root.T, samples - samples.mean(0)
    S = torch.cov(samples.T)
    expected = np.sqrt(np.linalg.eigvals((S @ covariance).numpy()).real.clip(0)).sum()
    assert overlap(centered, covariance).item() == pytest.approx(expected)


def test_a_block_is_a_point_of_many_items_and_as_many_points_of_one():
    data = EotMixture(dim=2, eps=1.0)
    items = data.items("source", "test", 300, 0)
    assert torch.equal(items.images[0], items.images[127])
    assert not torch.equal(items.images[127], items.images[128])
    assert len(items.images[128:256].unique(dim=0)) == 128
    assert torch.equal(items.images[256], items.images[299])
    assert len(set(items.ids)) == 300
    assert items.ids[33].startswith("eot_mixture/2/1/test/source/")
    assert items.ids[33].endswith("/33")
    assert items.ids[128].endswith("/only")
    assert len({point_of(item) for item in items.ids}) == 1 + 128 + 1
    assert data.items("source", "test", 33, 0).ids == items.ids[:33]
    with pytest.raises(InvalidOption, match="there are 1 to 512000"):
        data.items("source", "test", 512_001, 0)


def test_the_mean_of_each_conditional_leaves_its_variance():
    plan = entropic_plan(2, 1.0)
    items = EotMixture(dim=2, eps=1.0).items("source", "test", 20 * 256, 0)
    x = items.images.double()
    mean, covariance = plan.conditional_moments(x)
    point = torch.tensor([point_of(item) for item in items.ids])
    repeated = torch.tensor([not item.endswith("/only") for item in items.ids])
    got = scores(plan, x, mean, point, 0)
    variance = plan.target.moments()[1].trace()
    left = 100 * covariance[repeated].diagonal(dim1=1, dim2=2).sum(1).mean() / variance
    assert got["l2_uvp"].value == pytest.approx(0, abs=1e-20)
    assert got["cbw_uvp"].value == pytest.approx(left.item(), rel=1e-9)
    assert int((~got["cbw_uvp"].items.isnan()).sum()) == 20
    assert got["plan_cost_exact"].value == plan.cost
    with pytest.raises(BridgebenchError, match="no point has two"):
        scores(plan, x[~repeated], mean[~repeated], point[~repeated], 0)
    alone = scores(plan, x[repeated], mean[repeated], point[repeated], 0)
    assert alone["bw_uvp"].value is None
    assert alone["cbw_uvp"].value == pytest.approx(got["cbw_uvp"].value)


@pytest.mark.parametrize(("dim", "eps"), CASES)
def test_the_exact_plan_is_near_0_in_every_dimension(dim, eps):
    plan = entropic_plan(dim, eps)
    draws, points = draws_of(dim), 2
    ids = tuple(f"eot_mixture/{dim}/{eps:g}/test/source/{number:05d}" for number in range(points))
    x = plan.source.sample(0, "eot_mixture", ids).repeat_interleave(draws, 0)
    singles = plan.source.sample(1, "eot_mixture", ids)
    point = torch.cat([torch.arange(points).repeat_interleave(draws), torch.tensor([7, 8])])
    items = tuple(f"{ids[0][:-5]}{number:05d}/{i}" for i, number in enumerate(point.tolist()))
    images = torch.cat([x, singles])
    batch = Batch(images.float(), items, ("source",) * len(items), Draw(0, items))
    made = ExactPlan(dim=dim, eps=eps).translate(None, batch, None, None)
    found = scores(plan, images, made.images.double(), point, 0)["cbw_uvp"].value
    assert 0 < found <= 3


@pytest.mark.parametrize("method", [ConstantMean, LinearMap, ExactPlan])
def test_a_baseline_knows_the_items_of_its_plan_alone(method):
    ids = ("eot_mixture/2/1/test/source/00000/00",)
    batch = Batch(torch.zeros(1, 2), ids, ("source",), Draw(0, ids))
    translation = method(dim=2, eps=1.0).translate(None, batch, None, None)
    assert translation.images.shape == (1, 2)
    with pytest.raises(BridgebenchError, match="none of its own"):
        method(dim=2, eps=0.1).translate(None, batch, None, None)


def test_a_run_puts_the_baselines_in_order(tmp_path):
    words = {"task": "eot_mixture_d2_eps1", "n": 2560, "batch": 640, "nfe": 10}
    finished = run_choices(choices_of({**words, "device": "cpu", "out": tmp_path / "out"}))
    assert finished.all_ok
    table = finished.board.table.set_index(finished.board.table["method"].str.partition(":")[0])
    cbw = table["cbw_uvp"]
    assert cbw["exact_plan"] < 6
    assert cbw["exact_plan"] < cbw["linear_map"] < cbw["constant_mean"]
    assert cbw["constant_mean"] == pytest.approx(100, rel=0.3)
    assert table["l2_uvp"]["constant_mean"] == pytest.approx(100, abs=1e-3)
    assert table["bw_uvp"]["constant_mean"] == pytest.approx(100, abs=1e-3)
    assert table["bw_uvp"]["ddib"] < table["bw_uvp"]["identity"]
    assert math.isclose(
        table["plan_cost"]["exact_plan"], table["plan_cost_exact"].iloc[0], rel_tol=0.3
    )
    assert not (finished.folder.path / "strips").exists()


@pytest.mark.parametrize(("dim", "eps"), CASES)
def test_each_task_is_of_one_plan(dim, eps):
    name = f"eot_mixture_d{dim}_eps{eps:g}".replace("0.1", "0p1")
    text = files("bridgebench").joinpath(f"../tasks/{name}.yaml").read_text(encoding="utf-8")
    task = parse_task(text, name)
    plan = f"dim={dim}:eps={eps:g}"
    assert task.name == name
    assert task.item.shape == (dim,)
    specs = [task.dataset, *task.metrics, *task.scores_of("ddib").source]
    specs += [*task.scores_of("ddib").target, *task.axes.method[2:]]
    assert {spec.partition(":")[2] for spec in specs} == {plan}
