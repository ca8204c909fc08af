"""Training batches: a function of (seed, step, part), fresh hues, the noise levels asked for."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from bridgebench.toolkit.color import mean_hue
from bridgebench.toolkit.nn.training import Shard
from bridgebench_cmnist.digits.files import load_digits
from bridgebench_cmnist.score.family import NULL_LABEL
from bridgebench_cmnist.training.recipes import LABELS, SEVENS, NoiseLevels
from bridgebench_cmnist.training.score_data import (
    ScoreData,
    draw_sigma,
    training_digits,
)
from bridgebench_cmnist.training.streams import shuffled_indices

LEARNED = load_digits("test")


@pytest.fixture
def data() -> ScoreData:
    return ScoreData(LEARNED, LABELS, seed=5)


def test_a_batch_is_the_same_whenever_it_is_drawn(data: ScoreData) -> None:
    late = data.batch(Shard(70))
    data.batch(Shard(3))
    again = data.batch(Shard(70))
    assert torch.equal(late.clean, again.clean)
    assert torch.equal(late.noise, again.noise)
    assert torch.equal(late.sigma, again.sigma)
    assert not torch.equal(late.clean, data.batch(Shard(71)).clean)
    assert not torch.equal(late.noise, replace(data, seed=6).batch(Shard(70)).noise)


def test_the_parts_of_a_step_differ_and_make_up_its_digits(data: ScoreData) -> None:
    first, second = (data.batch(Shard(4, i, 2)) for i in range(2))
    assert len(first.clean) == len(second.clean) == LABELS.batch // 2
    assert not torch.equal(first.noise, second.noise)
    whole = shuffled_indices(5, Shard(4), LABELS.batch, 10_000)
    parts = [shuffled_indices(5, Shard(4, i, 2), LABELS.batch, 10_000) for i in range(2)]
    assert np.array_equal(np.concatenate(parts), whole)


def test_a_pass_shows_no_digit_twice_and_the_next_one_begins_anew() -> None:
    steps = 1000 // 64
    epoch = [shuffled_indices(0, Shard(s), 64, 1000) for s in range(steps)]
    assert len(set(np.concatenate(epoch).tolist())) == steps * 64
    assert np.array_equal(shuffled_indices(0, Shard(steps), 64, 1000), epoch[0])
    assert not np.array_equal(shuffled_indices(1, Shard(0), 64, 1000), epoch[0])


def test_hues_are_fresh_and_uniform(data: ScoreData) -> None:
    hues = torch.cat([mean_hue(data.batch(Shard(s)).clean) for s in range(12)])
    assert stats.kstest(hues.numpy() / 360, "uniform").pvalue > 1e-3


def test_labels_are_the_digits_but_for_the_dropped_ones() -> None:
    kept = ScoreData(LEARNED, replace(LABELS, label_dropout=0.0), seed=0).batch(Shard(0))
    chosen = shuffled_indices(0, Shard(0), LABELS.batch, 10_000)
    assert kept.label.tolist() == LEARNED.labels[chosen].tolist()
    labels = torch.cat([ScoreData(LEARNED, LABELS, 0).batch(Shard(s)).label for s in range(40)])
    assert 0.12 < (labels == NULL_LABEL).float().mean() < 0.18


def test_sigma_has_the_distribution_asked_for() -> None:
    random = np.random.default_rng(0)
    plain = draw_sigma(random, 20_000, NoiseLevels(mean=-0.6, std=1.5, uniform_share=0.0))
    assert stats.kstest(np.log(plain), "norm", args=(-0.6, 1.5)).pvalue > 1e-3
    spread = draw_sigma(random, 20_000, NoiseLevels(uniform_share=1.0, low=0.02, high=50.0))
    scaled = np.log(spread / 0.02) / np.log(50.0 / 0.02)
    assert stats.kstest(scaled, "uniform").pvalue > 1e-3


def test_sevens_are_all_the_sevens() -> None:
    sevens = training_digits(load_digits("train"), SEVENS.digit)
    assert len(sevens.images) == 6265
    assert set(sevens.labels.tolist()) == {7}


def test_noise_levels_change_where_the_recipe_says() -> None:
    early = NoiseLevels(mean=-5.0, std=0.1, uniform_share=0.0)
    late = NoiseLevels(mean=3.0, std=0.1, uniform_share=0.0)
    recipe = replace(LABELS, noise=early, shape_noise=late, shape_from=10)
    data = ScoreData(LEARNED, recipe, seed=0)
    assert data.batch(Shard(9)).sigma.max() < 0.1
    assert data.batch(Shard(10)).sigma.min() > 1.0
