"""Random streams of training steps: a function of (seed, step), so that a run can resume."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridgebench.toolkit.nn.training import Shard


def step_generator(seed: int, shard: Shard) -> np.random.Generator:
    """The random stream of a part of a training step, the same whenever the step is taken."""
    return np.random.Generator(np.random.Philox(key=[seed, shard.step * shard.count + shard.index]))


def shuffled_indices(seed: int, shard: Shard, batch: int, count: int) -> NDArray[np.int64]:
    """The items of a part of a step: one shuffled order without its ragged end, again and again.

    Args:
        seed: of the run.
        shard: the part of the step.
        batch: items a step, at most `count` and a multiple of the number of parts.
        count: items there are.

    Returns:
        (batch / shard.count,) indices below `count`.
    """
    # No step's key has the top bit set, so none shares this stream.
    order = np.random.Generator(np.random.Philox(key=[seed, 2**63])).permutation(count)
    size = batch // shard.count
    start = shard.step % (count // batch) * batch + shard.index * size
    return order[start : start + size]
