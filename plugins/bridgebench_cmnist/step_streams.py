"""Random streams of training steps: a function of (seed, step), so that a run can resume."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def step_generator(seed: int, step: int) -> np.random.Generator:
    """The random stream of one training step, the same whenever the step is taken."""
    return np.random.Generator(np.random.Philox(key=[seed, step]))


def epoch_indices(seed: int, step: int, batch: int, count: int) -> NDArray[np.int64]:
    """The items of a step: each epoch is a fresh permutation without its ragged end.

    Args:
        seed: of the run.
        step: from 0.
        batch: items a step, at most `count`.
        count: items there are.

    Returns:
        (batch,) indices below `count`.
    """
    epoch, position = divmod(step, count // batch)
    # Keys with the top bit set are the epochs', so that no step shares a stream with one.
    stream = np.random.Generator(np.random.Philox(key=[seed, 2**63 + epoch]))
    start = position * batch
    return stream.permutation(count)[start : start + batch]
