"""Random streams of training steps: a function of (seed, step), so that a run can resume."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridgebench.nn.training import Shard


def step_generator(seed: int, shard: Shard) -> np.random.Generator:
    """The random stream of a part of a training step, the same whenever the step is taken."""
    return np.random.Generator(np.random.Philox(key=[seed, shard.step * shard.count + shard.index]))


def epoch_indices(seed: int, shard: Shard, batch: int, count: int) -> NDArray[np.int64]:
    """The items of a part of a step: each epoch is a fresh permutation without its ragged end.

    Args:
        seed: of the run.
        shard: the part of the step.
        batch: items a step, at most `count` and a multiple of the number of parts.
        count: items there are.

    Returns:
        (batch / shard.count,) indices below `count`.
    """
    epoch, position = divmod(shard.step, count // batch)
    # Keys with the top bit set are the epochs', so that no step shares a stream with one.
    stream = np.random.Generator(np.random.Philox(key=[seed, 2**63 + epoch]))
    size = batch // shard.count
    start = position * batch + shard.index * size
    return stream.permutation(count)[start : start + size]
