"""Intervals of 95 % for shares, means and statistics with an influence function.

On `scipy.special`: the intervals of `scipy.stats` differ from the published boards in the last
bits, and its bootstrap has neither these levels nor draws that are the same on every machine.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bridgebench.errors import InvalidOption
from bridgebench.toolkit.randomness import generator
from bridgebench.toolkit.statistics.paired import student_quantile

Z95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""

OUTSIDE = 0.025
"""The chance that an interval of 95 % leaves outside at each end."""

RESAMPLES = 2000
"""How often `bootstrap_mean` draws; its ends then move by about 2 % of the width between seeds."""


MOST_PICKS = 2**22
"""How many picks of `bootstrap_mean` are in memory at once: all of them for up to 2,097 values."""


class Estimate(NamedTuple):
    """A number with its interval of 95 %; None where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None


def exact_share(successes: int, n: int) -> Estimate:
    """The share successes/n with the exact interval of Clopper and Pearson (Biometrika 1934).

    Each end is the share at which the count found, or one further out, has a chance of 2.5 %. It
    covers at least 95 % of the time for every true share and every n; near 0 and 1, where score
    and normal intervals do not, it is wider than they are. InvalidOption unless
    0 <= successes <= n and n >= 1.

    >>> [round(number, 4) for number in exact_share(0, 128)]
    [0.0, 0.0, 0.0284]
    """
    from scipy.special import betaincinv

    if not (n >= 1 and 0 <= successes <= n):
        raise InvalidOption(
            f"a share needs 0 <= successes <= n and n >= 1, got {successes} of {n}; count again"
        )
    low, high = 0.0, 1.0
    if successes > 0:
        low = float(betaincinv(successes, n - successes + 1, OUTSIDE))
    if successes < n:
        high = float(betaincinv(successes + 1, n - successes, 1 - OUTSIDE))
    return Estimate(successes / n, low, high)


def bootstrap_mean(values: npt.ArrayLike, seed: int) -> Estimate:
    """The mean of (n,) values with its expanded percentile bootstrap interval.

    The percentile interval of Efron (1979) is too narrow by what a normal interval is that takes
    n for n - 1 and the normal quantile for Student's. Its levels are moved out by that (Hesterberg,
    The American Statistician 2015).

    NaN marks a missing value and is left out. The draws are a function of the seed and of how many
    values there are, so that equal values give equal intervals on any machine.

    Returns:
        No value without any, and no interval below two.

    >>> bootstrap_mean([1.0, float("nan")], seed=0)
    Estimate(value=1.0, low=None, high=None)
    """
    present = _present(values)
    if len(present) == 0:
        return Estimate(None)
    if len(present) == 1:
        return Estimate(float(present[0]))
    means = _resampled_means(present, seed)
    n = len(present)
    tail = NormalDist().cdf(-math.sqrt(n / (n - 1)) * student_quantile(n - 1))
    low, high = np.quantile(means, [tail, 1 - tail])
    return Estimate(float(present.mean()), float(low), float(high))


def influence_interval(
    value: float, influence: npt.ArrayLike, low: float | None = None
) -> Estimate:
    """A statistic with the normal interval that its influence function gives.

    The influence function says how the statistic moves with the weight of each image; the variance
    of the statistic is that of the (n,) influence values over n (Hampel, JASA 1974).

    Args:
        value: the statistic.
        influence: its influence values, (n,), of mean 0.
        low: the least value that the statistic can have; the interval is cut there.

    Returns:
        No interval below two images.
    """
    values = np.asarray(influence, dtype=np.float64)
    if len(values) < 2:
        return Estimate(value)
    half = Z95 * math.sqrt(float(values.var(ddof=1)) / len(values))
    lowest = value - half if low is None else max(low, value - half)
    return Estimate(value, lowest, value + half)


def positive_interval(value: float, influence: npt.ArrayLike, excess: float = 0.0) -> Estimate:
    """A statistic above 0, such as a squared distance, with an interval made on its logarithm.

    Near its least value such a statistic is quadratic in the sample. Its distribution is skewed,
    its spread grows with it, and its influence function counts the variance of the quadratic part
    twice (Efron and Stein, Annals of Statistics 1981). So the ends are value·exp(±t·error/value),
    error² is the variance of the influence values over n less `excess`, and t is the quantile of
    Student with 2n/(kurtosis - 1) degrees of freedom, which is how well that variance is known
    (Satterthwaite, 1946). Beyond a factor of e the upper end goes on straight.

    Args:
        value: the statistic, at least 0 but for rounding.
        influence: its influence values, (n,), of mean 0.
        excess: what the influence function counts too much; at most half of the variance is taken.

    Returns:
        No interval below two images.

    >>> positive_interval(1.0, [0.0, 0.0])
    Estimate(value=1.0, low=1.0, high=1.0)
    """
    values = np.asarray(influence, dtype=np.float64)
    n = len(values)
    if n < 2:
        return Estimate(value)
    variance = float(values.var(ddof=1)) / n
    if variance == 0.0 or np.ptp(values) == 0.0:
        return Estimate(value, value, value)
    variance -= min(max(excess, 0.0), variance / 2)
    half = student_quantile(_degrees(values)) * math.sqrt(variance)
    if half >= value:
        low = value * math.exp(-half / value) if value > 0 else min(0.0, value)
        return Estimate(value, low, max(value, 0.0) + (math.e - 1.0) * half)
    return Estimate(value, value * math.exp(-half / value), value * math.exp(half / value))


def _degrees(values: npt.NDArray[np.float64]) -> int:
    """Degrees of freedom of the variance of (n,) values, from 1 to n - 1, by their kurtosis."""
    deviations = values - values.mean()
    squares = (deviations / np.abs(deviations).max()) ** 2  # no underflow, however small
    kurtosis = float((squares**2).mean() / squares.mean() ** 2)
    most = len(values) - 1
    if kurtosis <= 1.0 + 2.0 / most:
        return most
    return max(1, min(most, int(2 * len(values) / (kurtosis - 1.0))))


def _present(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise InvalidOption(f"a mean needs values of shape (n,), got {array.shape}; one an image")
    if np.isinf(array).any():
        raise InvalidOption("a mean needs finite values or NaN for a missing one, got infinity")
    return array[~np.isnan(array)]


def _resampled_means(present: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    """(RESAMPLES,) the mean of each draw, in memory that does not grow with (n,) values."""
    n = len(present)
    if RESAMPLES * n <= MOST_PICKS:
        return _resampling_weights(n, seed) @ present
    draw = generator(seed, "bootstrap", str(n))
    rows = max(1, MOST_PICKS // n)
    sizes = [min(rows, RESAMPLES - start) for start in range(0, RESAMPLES, rows)]
    picks = (draw.integers(n, size=(size, n)) for size in sizes)
    return np.concatenate([present[part].mean(axis=1) for part in picks])


@lru_cache(maxsize=4)
def _resampling_weights(n: int, seed: int) -> npt.NDArray[np.float64]:
    """(RESAMPLES, n): how often each draw takes each value, over n."""
    picks = generator(seed, "bootstrap", str(n)).integers(n, size=(RESAMPLES, n))
    flat = picks + n * np.arange(RESAMPLES)[:, None]
    counts = np.bincount(flat.ravel(), minlength=RESAMPLES * n)
    return counts.reshape(RESAMPLES, n) / n
