"""Tie groups that no outcome of the images can give.

The paired test depends on the images on which two rows disagree, and these are in no file. Two
shares bound their number: from below by the difference of the shares, from above by the images that
one row can have and the other lack. So p has a least and a greatest value, and what follows from
both of them is certain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.audit.derived import Fault, count_of
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.table.ranks import level_of_ties, rank
from bridgebench.toolkit.statistics.paired import hochberg_with_best, mcnemar_p

MOST_IMAGES = 10_000
MOST_ROWS = 2_000
"""Above these the tests take long, and the sender of a file chooses its size."""


def impossible_ties(
    rows: Sequence[Row],
    members: Sequence[int],
    column: Column,
) -> Iterator[Fault]:
    """The rows of a section that cannot be in the tie group that they name, best first.

    Args:
        rows: all rows of a board.
        members: those of the section.
        column: what rows are ranked by; nothing is known unless it is a share.
    """
    groups = {index: rows[index].cells["tie_group"] for index in members}
    ranked = rank(rows, [i for i in members if rows[i].competes], column)
    waiting = [index for index in ranked if groups[index] is not None]
    n = int(rows[waiting[0]].cells["n"]) if waiting else 0
    if not column.share or not 0 < n <= MOST_IMAGES or len(waiting) > MOST_ROWS:
        return
    counts = {index: count_of(rows[index].value(column.name) or 0.0, n) or 0 for index in waiting}
    ties = 0
    while waiting:
        leader, *others = waiting
        level = level_of_ties(ties + 1)
        bounds = [_bounds(counts[leader], counts[other], n) for other in others]
        least = hochberg_with_best([low for low, _ in bounds])
        most = hochberg_with_best([high for _, high in bounds])
        said = f"by {column.name} of the two rows it"
        for other, low, high in zip(others, least, most, strict=True):
            with_leader = groups[other] == groups[leader]
            if with_leader and high < level:
                message = (
                    f"{said} differs significantly from row {leader + 1}, which leads its group"
                )
                yield Fault(other, "tie_group", message)
            elif not with_leader and low >= level:
                message = f"{said} cannot differ significantly from row {leader + 1}, a tie"
                yield Fault(other, "tie_group", message)
        waiting = [other for other in others if groups[other] != groups[leader]]
        ties += len(waiting) < len(others)


def _bounds(first: int, second: int, n: int) -> tuple[float, float]:
    """The least and the greatest p-value of McNemar's test for two counts of n images."""
    difference, swapped = abs(first - second), min(first, second, n - max(first, second))
    return mcnemar_p(difference, 0), mcnemar_p(difference + swapped, swapped)
