"""Paired tests: whether two rows differ on the images that they share.

On `scipy.special`: the tests of `scipy.stats` differ from the published boards in the last bits,
and take 50 times as long for the pairs of a board.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from bridgebench.errors import InvalidOption

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def mcnemar(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """The two-sided p-value of McNemar's exact test for two paired shares.

    Only images on which the rows disagree say anything: if the shares are equal, each is a coin
    toss (McNemar, Psychometrika 1947; exact binomial form).

    Args:
        first, second: (n,) 0 or 1 for each image, in the same order of images.

    >>> mcnemar([1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0])
    0.0625
    """
    one, other = _pair(first, second)
    if not (np.isin(one, (0.0, 1.0)).all() and np.isin(other, (0.0, 1.0)).all()):
        raise InvalidOption("McNemar's test compares 0 and 1; use paired_t for other values")
    return mcnemar_p(int((one > other).sum()), int((one < other).sum()))


def mcnemar_p(gained: int, lost: int) -> float:
    """McNemar's exact p-value from the counts of images that only one of the two rows gets right.

    >>> mcnemar_p(5, 0)
    0.0625
    """
    return float(mcnemar_ps(np.array(gained), np.array(lost)))


def mcnemar_ps(gained: Counts, lost: Counts) -> Floats:
    """McNemar's exact p-values of many pairs at once; two arrays of counts of one shape."""
    from scipy.special import bdtr

    tail = bdtr(np.minimum(gained, lost).astype(np.float64), gained + lost, 0.5)
    return np.minimum(1.0, 2.0 * np.asarray(tail, dtype=np.float64))


def paired_t(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """The two-sided p-value of Student's t-test for two paired means.

    An image whose value is NaN (missing) in either row is left out. Differences that are all equal
    have no spread to compare with: p is 1 where they are 0, and 0 where they are not. With fewer
    than two images p is 1.

    Args:
        first, second: (n,) the statistic of each image, in the same order of images.
    """
    one, other = _pair(first, second)
    return float(t_ps((one - other)[None])[0])


def t_ps(differences: Floats) -> Floats:
    """The two-sided p-values of Student's t-test for many paired means at once.

    Args:
        differences: (K, n), NaN for an image that either row lacks.

    Returns:
        (K,) as `paired_t` has each.
    """
    from scipy.special import stdtr

    if differences.shape[1] == 0:
        return np.ones(len(differences))
    present = ~np.isnan(differences)
    n = present.sum(axis=1)
    filled = np.where(present, differences, 0.0)
    mean = filled.sum(axis=1) / np.maximum(n, 1)
    deviation = np.where(present, differences - mean[:, None], 0.0)
    error = np.sqrt((deviation**2).sum(axis=1) / np.maximum(n - 1, 1) / np.maximum(n, 1))
    highest = np.fmax.reduce(differences, axis=1)
    spread = highest > np.fmin.reduce(differences, axis=1)
    t = np.abs(mean) / np.where(spread, error, 1.0)
    tails = 2.0 * stdtr(np.maximum(n - 1, 1), -t)
    without_spread = np.where(highest == 0.0, 1.0, 0.0)
    return np.where(n < 2, 1.0, np.where(spread, tails, without_spread))


@cache
def student_quantile(degrees: int) -> float:
    """The 97.5 % quantile of Student's t with a whole number of degrees of freedom, at least 1.

    >>> round(student_quantile(127), 4)
    1.9788
    """
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.975))


def holm(p_values: npt.ArrayLike) -> tuple[float, ...]:
    """P-values adjusted for the number of comparisons, in the order given (Holm, 1979).

    Calling every adjusted p-value below 0.05 a difference is wrong about any of them at most one
    time in twenty, whatever the dependence between the tests.

    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    left = len(p) - np.arange(len(p))
    adjusted = np.empty(len(p))
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, left * p[order]))
    return tuple(adjusted.tolist())


def hochberg_with_best(p_values: npt.ArrayLike) -> tuple[float, ...]:
    """P-values of the comparisons of all other rows with the best one, adjusted for the choice.

    The best row was chosen by the numbers that are then compared, and any row could have been it.
    So the k-th largest p-value is multiplied by k(k+1)/2, the number of pairs of the k + 1 rows
    that are left when all smaller ones are set apart: Holm's correction for all pairs. It is
    applied from the largest p-value up, as Hochberg does (Biometrika 1988). Hence a row that beats
    each of the others at 5 % is the best whatever their number, and needs no correction for having
    been chosen (Gutmann and Maymin, Annals of Statistics 1987; Hung and Fithian, ibid. 2019).

    If some rows are drawn equal and the best is one of them, calling adjusted p-values below 0.05 a
    difference is wrong about any of them at most one time in twenty: simulated with normal rows, in
    5 % of the cases for two and 3 % for 200, and in no more whatever their correlations.

    >>> hochberg_with_best([0.001, 0.04, 0.02])
    (0.006, 0.04, 0.04)
    >>> hochberg_with_best([0.001, 0.06, 0.02])
    (0.006, 0.06, 0.06)
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")[::-1]
    k = np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum.accumulate(np.minimum(1.0, k * (k + 1) // 2 * p[order]))
    return tuple(adjusted.tolist())


def _checked(p_values: npt.ArrayLike) -> Floats:
    p = np.asarray(p_values, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise InvalidOption("p-values lie in [0, 1]; a comparison that cannot be made has none")
    return p


def _pair(
    first: npt.ArrayLike, second: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.ndim != 1 or one.shape != other.shape:
        raise InvalidOption(
            f"a paired test needs two values an image, got {one.shape} and {other.shape}; "
            "compare rows on the images that they share"
        )
    return one, other
