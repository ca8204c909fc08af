"""Training pairs: a step -> the starts and ends of paths, and how far along them to look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
import torch
from torch import Tensor

from bridgebench import Dataset, Solver, sigma_grid
from bridgebench.toolkit.nn.preconditioning import RawNetwork
from bridgebench.toolkit.nn.training import Shard
from bridgebench.toolkit.probability_flow import no_noise
from bridgebench_otcfm.coupling import coupled
from bridgebench_otcfm.recipe import FlowRecipe
from bridgebench_otcfm.velocity import FlowDenoiser

REFLOW_EVALUATIONS = 40
REFLOW_SIGMA_MIN = 0.001

_SEEDS = 1_000_000_007

Paths = tuple[Tensor, Tensor]
"""Where paths start and where they end, (N, C, H, W) each."""


def drawn_images(dataset: Dataset, recipe: FlowRecipe, seed: int, number: int) -> Paths:
    """The sources and targets of a coupling batch, (M, C, H, W) each, not yet paired.

    The seed that a dataset is given decides its order and all else that it draws for an item (a
    hue); each coupling batch has one of its own, so that no image is seen twice as it was.
    """
    # Far from the small seeds of tasks and from those of another run.
    drawn = (seed + 1) * _SEEDS + number
    source = dataset.items(recipe.source, "train", recipe.coupling, drawn).images
    target = dataset.items(recipe.target, "train", recipe.coupling, drawn).images
    return source, target


def coupled_paths(dataset: Dataset, recipe: FlowRecipe, seed: int, number: int) -> Paths:
    """A coupling batch: fresh items of both domains, paired by optimal transport."""
    source, target = drawn_images(dataset, recipe, seed, number)
    return source, coupled(source, target, recipe.color_weight)


def flow_paths(
    velocity: RawNetwork,
    solver: Solver,
    dataset: Dataset,
    recipe: FlowRecipe,
    seed: int,
    number: int,
) -> Paths:
    """A coupling batch of a reflow round: sources, and where a first flow carries them.

    Liu, Gong and Liu, "Flow Straight and Fast: Learning to Generate and Transfer Data with
    Rectified Flow", ICLR 2023: these paths do not cross, so that what learns them is straighter.
    """
    starts, _ = drawn_images(dataset, recipe, seed, number)
    denoiser = FlowDenoiser(velocity, REFLOW_SIGMA_MIN)
    intervals = solver.intervals(REFLOW_EVALUATIONS)
    sigmas = sigma_grid(solver.spacing, REFLOW_SIGMA_MIN, denoiser.sigma_max, intervals)
    with torch.no_grad():
        return starts, solver.solve(denoiser, starts, sigmas[::-1], no_noise).clamp(-1.0, 1.0)


@dataclass
class PathStream:
    """Cuts coupling batches into the batches of steps.

    Attributes:
        make: the number of a coupling batch -> its paths, a function of the number alone.
        recipe: the sizes.
        distinct: how many coupling batches there are, which are then used again and again and kept;
            None for a new one each time.
    """

    make: Callable[[int], Paths]
    recipe: FlowRecipe
    distinct: int | None = None
    _lock: Lock = field(default_factory=Lock)
    _kept: dict[int, Paths] = field(default_factory=dict)

    def part(self, shard: Shard) -> Paths:
        """The paths of a part of a step, (B, C, H, W) each: a function of the shard alone."""
        recipe, size = self.recipe, self.recipe.batch // shard.count
        number, place = divmod(shard.step * recipe.batch, recipe.coupling)
        start, end = self._made(number if self.distinct is None else number % self.distinct)
        first = place + shard.index * size
        return start[first : first + size], end[first : first + size]

    def _made(self, number: int) -> Paths:
        with self._lock:  # the parts of a step are asked for by threads of their own
            if number not in self._kept:
                if self.distinct is None:
                    self._kept.clear()
                self._kept[number] = self.make(number)
            return self._kept[number]


def draw_sigma(recipe: FlowRecipe, seed: int, shard: Shard) -> Tensor:
    """(B,) the part of the way that is left, uniform on [0, 1): a function of (seed, shard)."""
    size, key = recipe.batch // shard.count, shard.step * shard.count + shard.index
    random = np.random.Generator(np.random.Philox(key=[seed, key]))
    return torch.from_numpy(random.random(size)).float()
