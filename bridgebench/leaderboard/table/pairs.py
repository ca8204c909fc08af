"""Paired tests between all rows of a board, and how many pairs differ significantly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bridgebench.leaderboard.csv.row import Items, Row, Section, Shares, as_shares
from bridgebench.toolkit.statistics.paired import Floats, holm, mcnemar_ps, t_ps

ALPHA = 0.05

AT_ONCE = 2**22
"""Below 2**24, up to which float32 counts without a gap."""


@dataclass(frozen=True)
class PairCount:
    """How many of all pairs of ranked rows of a section differ significantly.

    significant  pairs whose paired test has a p-value below 5 % after Holm's correction for `pairs`
    pairs        all pairs of ranked rows with per-image statistics
    """

    section: Section
    significant: int
    pairs: int

    @property
    def share(self) -> float:
        """The share that differs."""
        return self.significant / self.pairs


def pair_count(rows: Sequence[Row], ranked: Sequence[int], column: str) -> PairCount | None:
    """The count of pairs that differ in `column`; None below two ranked rows that have it.

    Args:
        rows: of a board.
        ranked: indices of ranked rows of one section.
        column: the metric column; rows without its per-image statistics are left out.
    """
    tested = [index for index in ranked if column in rows[index].items]
    if len(tested) < 2:
        return None
    p = pair_p_values([rows[index].items[column] for index in tested])
    adjusted = holm(p[np.triu_indices(len(tested), k=1)])
    return PairCount(
        rows[tested[0]].section, sum(value < ALPHA for value in adjusted), len(adjusted)
    )


def pair_p_values(items: Sequence[Items]) -> Floats:
    """(R, R): the p-value of the paired test between each two rows, on the images they share.

    McNemar's exact test where every statistic is 0 or 1, Student's paired test otherwise.

    Args:
        items: of R rows, (n,) each, in the same order of images.
    """
    shares = [found for values in items if (found := as_shares(values)) is not None]
    if not items or len(shares) < len(items):
        return _t_of_pairs(items)
    only_first = counts_of_one_alone(shares)
    return mcnemar_ps(only_first, only_first.T)


def counts_of_one_alone(items: Sequence[Shares], at_once: int = AT_ONCE) -> npt.NDArray[np.int64]:
    """(R, R): on how many images the first row of each pair has a 1 and the second has none.

    Args:
        items: of R rows, (n,) each.
        at_once: numbers in memory at a time, at least R.
    """
    rows, n = len(items), len(items[0])
    size = max(1, at_once // rows)
    counts = np.zeros((rows, rows), dtype=np.int64)
    for start in range(0, n, size):
        part = np.stack([values[start : start + size] for values in items]).astype(np.float32)
        counts += np.rint(part @ (1.0 - part).T).astype(np.int64)
    return counts


def _t_of_pairs(items: Sequence[Items]) -> Floats:
    p = np.ones((len(items), len(items)))
    if not items:
        return p
    values = np.stack([np.asarray(row, dtype=np.float64) for row in items])
    for first in range(len(values) - 1):
        p[first, first + 1 :] = p[first + 1 :, first] = t_ps(values[first] - values[first + 1 :])
    return p
