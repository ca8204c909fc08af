"""Training batches for the score models: part of a step -> images, noise levels, noise, labels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bridgebench.toolkit.nn.training import Shard
from bridgebench_cmnist.digits.coloring import color_digits
from bridgebench_cmnist.digits.files import Digits
from bridgebench_cmnist.score.family import NULL_LABEL
from bridgebench_cmnist.training.recipes import NoiseLevels, ScoreRecipe
from bridgebench_cmnist.training.streams import shuffled_indices, step_generator


@dataclass(frozen=True)
class NoisyBatch:
    """What one step learns from.

    Attributes:
        clean: (B, 3, 32, 32) float32 in [-1, 1].
        noise: (B, 3, 32, 32) standard normal.
        sigma: (B,) noise levels.
        label: (B,) int64, the digit or `NULL_LABEL`.
    """

    clean: Tensor
    noise: Tensor
    sigma: Tensor
    label: Tensor


def draw_sigma(random: np.random.Generator, count: int, levels: NoiseLevels) -> NDArray[np.float64]:
    """(count,) noise levels of the training distribution."""
    lognormal = levels.mean + levels.std * random.standard_normal(count)
    span = math.log(levels.high) - math.log(levels.low)
    uniform = math.log(levels.low) + span * random.random(count)
    chosen: NDArray[np.float64] = np.where(
        random.random(count) < levels.uniform_share, uniform, lognormal
    )
    return np.exp(chosen)


@dataclass(frozen=True)
class ScoreData:
    """Draws the batch of any step.

    Attributes:
        digits: what is learned.
        recipe: how it is drawn.
        seed: of the run.
    """

    digits: Digits
    recipe: ScoreRecipe
    seed: int

    def batch(self, shard: Shard) -> NoisyBatch:
        """A part of a step's batch, a function of (seed, shard); every digit gets a new hue."""
        recipe, size = self.recipe, self.recipe.batch // shard.count
        random = step_generator(self.seed, shard)
        chosen = shuffled_indices(self.seed, shard, recipe.batch, len(self.digits.images))
        clean = color_digits(self.digits.images[chosen], random.random(size) * 360.0)
        noise = torch.from_numpy(random.standard_normal(clean.shape, dtype=np.float32))
        sigma = torch.from_numpy(draw_sigma(random, size, recipe.noise_at(shard.step))).float()
        dropped = random.random(size) < recipe.label_dropout
        label = np.where(dropped, NULL_LABEL, self.digits.labels[chosen])
        return NoisyBatch(clean, noise, sigma, torch.from_numpy(label.astype(np.int64)))


def training_digits(train: Digits, digit: int | None) -> Digits:
    """The digits of a recipe: one class of the training split, or all of it."""
    if digit is None:
        return train
    kept = train.labels == digit
    return Digits(train.images[kept], train.labels[kept])
