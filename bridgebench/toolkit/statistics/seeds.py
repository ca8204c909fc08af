"""One number of several seeds, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bridgebench.errors import InvalidOption
from bridgebench.toolkit.statistics.intervals import Estimate
from bridgebench.toolkit.statistics.paired import student_quantile


def across_seeds(estimates: Sequence[Estimate]) -> Estimate:
    """The mean of a number over seeds, with an interval for what images and seeds add to its error.

    Two sources: the images, whose error each seed's own interval tells; and the seeds, in which
    other noise and other hues are drawn. The spread of the numbers between seeds has both in it,
    but few seeds tell it badly, and so it is taken with Student's quantile for as many seeds less
    one. The interval is the wider of that one and of the one by the images alone: it does not get
    narrower because two seeds happened to agree.

    Args:
        estimates: one a seed, at least one, each with a value.

    Returns:
        No interval where some seed has none. For one seed, its own.

    >>> across_seeds([Estimate(1.0, 0.5, 1.5), Estimate(1.0, 0.5, 1.5)])
    Estimate(value=1.0, low=0.6464466094067263, high=1.3535533905932737)
    """
    values = np.array([estimate.value for estimate in estimates], dtype=np.float64)
    if len(values) == 0 or np.isnan(values).any():
        raise InvalidOption("a mean over seeds needs a value of each; leave out seeds without one")
    if len(values) == 1:
        return estimates[0]
    mean = float(values.mean())
    halves = [
        (estimate.high - estimate.low) / 2
        for estimate in estimates
        if estimate.low is not None and estimate.high is not None
    ]
    if len(halves) < len(values):
        return Estimate(mean)
    of_images = math.sqrt(float(np.mean(np.square(halves))) / len(values))
    spread = float(values.std(ddof=1)) / math.sqrt(len(values))
    half = max(of_images, student_quantile(len(values) - 1) * spread)
    return Estimate(mean, mean - half, mean + half)
