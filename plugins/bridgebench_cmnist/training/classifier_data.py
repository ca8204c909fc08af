"""Training batches for the digit classifier: step -> colored, slightly distorted digits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bridgebench.toolkit.nn.training import Shard
from bridgebench_cmnist.digits.coloring import color_values, pad_digits
from bridgebench_cmnist.digits.files import Digits
from bridgebench_cmnist.training.streams import shuffled_indices, step_generator


def random_affine(value: Tensor, random: np.random.Generator) -> Tensor:
    """Rotate by up to 12°, scale and shear by up to a tenth, shift by up to 2 pixels.

    Args:
        value: (N, H, W) grey values, 0 outside.
        random: where the numbers come from.

    Returns:
        (N, H, W).
    """
    n, _, width = value.shape
    turn = random.uniform(-math.pi / 15, math.pi / 15, n)
    zoom = random.uniform(0.9, 1.1, n)
    shear = random.uniform(-0.1, 0.1, n)
    shift = random.uniform(-2.0, 2.0, (n, 2)) * 2 / width
    cos, sin = np.cos(turn) * zoom, np.sin(turn) * zoom
    rows = [
        np.stack([cos, shear - sin, shift[:, 0]], axis=1),
        np.stack([sin, cos, shift[:, 1]], axis=1),
    ]
    matrix = torch.from_numpy(np.stack(rows, axis=1)).float()  # (N, 2, 3)
    grid = F.affine_grid(matrix, [n, 1, width, width], align_corners=False)
    return F.grid_sample(value[:, None], grid, align_corners=False)[:, 0]


@dataclass(frozen=True)
class ClassifierData:
    """Draws the training batch of any step.

    Attributes:
        digits: the training split.
        batch: digits a step.
        seed: of the run.
    """

    digits: Digits
    batch: int
    seed: int

    def draw(self, shard: Shard) -> tuple[Tensor, Tensor]:
        """(B, 3, 32, 32) images in new hues, and (B,) int64 labels; a function of (seed, shard)."""
        random = step_generator(self.seed, shard)
        chosen = shuffled_indices(self.seed, shard, self.batch, len(self.digits.images))
        value = random_affine(pad_digits(self.digits.images[chosen]), random)
        hues = torch.from_numpy(random.random(len(chosen)) * 360.0)
        labels = torch.from_numpy(self.digits.labels[chosen].astype(np.int64))
        return color_values(value, hues), labels
