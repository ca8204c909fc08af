"""By how much two rows differ on the images that they share, and how sure that is."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bridgebench.toolkit.statistics.intervals import Z95, Estimate
from bridgebench.toolkit.statistics.paired import Floats, mcnemar_p, paired_t, student_quantile


class PairedDifference(NamedTuple):
    """The mean difference of two rows with its interval of 95 %.

    p       the two-sided p-value of the paired test, not adjusted for other comparisons
    images  how many images both rows have a value for
    """

    difference: Estimate
    p: float
    images: int


def paired_difference(row: npt.ArrayLike, reference: npt.ArrayLike) -> PairedDifference:
    """The mean of row - reference over the images that both have, with its interval and test.

    Where every statistic is 0 or 1: McNemar's exact test, and the interval of Bonett and
    Price (Journal of Educational and Behavioral Statistics 2012), the normal one with one image
    more won and one more lost. Otherwise: Student's paired test and its interval. The statistics of
    a number with an influence function, such as FID, are the number plus each influence, so that
    their mean difference is that of the two numbers.

    Args:
        row, reference: (n,) the statistic of each image in the same order, NaN for a missing one.

    Returns:
        No interval below two images, and p = 1.

    >>> found = paired_difference([1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0])
    >>> round(found.difference.value, 3), found.p, found.images
    (0.833, 0.0625, 6)
    """
    one, other = (np.asarray(values, dtype=np.float64) for values in (row, reference))
    p = paired_t(one, other)
    both = ~np.isnan(one - other)
    one, other = one[both], other[both]
    n = len(one)
    if n == 0:
        return PairedDifference(Estimate(None), 1.0, 0)
    value = float((one - other).mean())
    if n == 1:
        return PairedDifference(Estimate(value), 1.0, 1)
    if np.isin(one, (0.0, 1.0)).all() and np.isin(other, (0.0, 1.0)).all():
        gained, lost = int((one > other).sum()), int((one < other).sum())
        ends = _of_shares(gained, lost, n)
        return PairedDifference(Estimate(value, *ends), mcnemar_p(gained, lost), n)
    return PairedDifference(Estimate(value, *_of_means(one - other)), p, n)


def _of_shares(gained: int, lost: int, n: int) -> tuple[float, float]:
    gains, losses, images = gained + 1, lost + 1, n + 2
    center = (gains - losses) / images
    variance = ((gains + losses) / images - center**2) / images
    half = Z95 * math.sqrt(variance)
    return max(-1.0, center - half), min(1.0, center + half)


def _of_means(differences: Floats) -> tuple[float, float]:
    n, mean = len(differences), float(differences.mean())
    error = float(differences.std(ddof=1)) / math.sqrt(n)
    half = student_quantile(n - 1) * error
    return mean - half, mean + half
