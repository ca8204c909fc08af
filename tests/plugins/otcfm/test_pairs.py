"""The paths of training: which images, in which order, and how far along them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from scipy.stats import kstest

from bridgebench import Dataset, Solver
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.plugins.specs import build
from bridgebench.toolkit.color import hue_difference, mean_hue
from bridgebench.toolkit.nn.training import Schedule, Shard
from bridgebench.toolkit.nn.unet import UNetConfig
from bridgebench_otcfm.pairs import (
    PathStream,
    coupled_paths,
    draw_sigma,
    drawn_images,
    flow_paths,
)
from bridgebench_otcfm.recipe import FlowRecipe

RECIPE = FlowRecipe(
    network=UNetConfig(channels=(16, 16), blocks=(1, 1), attention=(False, True), embedding=16),
    schedule=Schedule(steps=6, warmup=2),
    coupling=16,
    color_weight=0.0,
    batch=8,
)


@pytest.fixture(scope="module")
def cmnist() -> Dataset:
    return build(load_registry(), Kind.DATASET, Dataset, "cmnist")


def test_a_coupling_batch_has_images_of_both_domains_at_least_cost(cmnist: Dataset) -> None:
    source, target = drawn_images(cmnist, RECIPE, 0, 3)
    start, end = coupled_paths(cmnist, RECIPE, 0, 3)
    assert torch.equal(start, source)
    cost = (source[:, None] - target[None]).double().square().sum(dim=(2, 3, 4)).numpy()
    assert torch.equal(end, target[linear_sum_assignment(cost)[1]])


def test_each_coupling_batch_has_hues_of_its_own(cmnist: Dataset) -> None:
    hues = [
        mean_hue(drawn_images(cmnist, RECIPE, seed, n)[0]) for seed, n in ((0, 0), (0, 1), (1, 0))
    ]
    assert hue_difference(hues[0], hues[1]).max() > 20
    assert hue_difference(hues[0], hues[2]).max() > 20


def test_steps_go_through_a_coupling_batch_before_the_next(cmnist: Dataset) -> None:
    made: list[int] = []

    def make(number: int) -> tuple[torch.Tensor, torch.Tensor]:
        made.append(number)
        return torch.arange(16.0) + 100 * number, torch.zeros(16)

    stream = PathStream(make, RECIPE)
    seen = [stream.part(Shard(step, index, 2))[0] for step in range(4) for index in range(2)]
    assert torch.cat(seen).tolist() == [*range(16), *range(100, 116)]
    assert made == [0, 1]
    again = PathStream(make, RECIPE, distinct=1)
    assert torch.equal(again.part(Shard(2))[0], again.part(Shard(0))[0])
    assert made == [0, 1, 0]


def test_the_times_are_uniform_and_of_their_own_in_each_step() -> None:
    recipe = replace(RECIPE, batch=20_000, coupling=20_000)
    sigma = draw_sigma(recipe, 0, Shard(0)).numpy()
    assert kstest(sigma, "uniform").pvalue > 0.01
    for seed, shard in ((0, Shard(1)), (1, Shard(0)), (0, Shard(0, 1, 2))):
        assert not np.isin(draw_sigma(recipe, seed, shard).numpy()[:10], sigma).all()


def test_a_reflow_round_pairs_a_source_with_where_the_first_flow_ends(cmnist: Dataset) -> None:
    """The velocity -x shrinks the state as e^-t: known, and curved."""
    solver = build(load_registry(), Kind.SOLVER, Solver, "heun")
    start, end = flow_paths(lambda x, noise: -x, solver, cmnist, RECIPE, 0, 2)
    assert torch.equal(start, drawn_images(cmnist, RECIPE, 0, 2)[0])
    torch.testing.assert_close(end, start * np.exp(-0.999), rtol=0, atol=2e-3)


def test_a_coupling_that_cannot_be_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="coupling=16 is cut into batches of 5"):
        replace(RECIPE, batch=5)
