"""How the rows of a board stand among each other: ranks, tie groups and Pareto marks.

Only rows that saw the same images (equal n and seed) and whose numbers mean the same (equal
fingerprint) are compared. Baselines, rows that a flag calls copies, and rows without results stand
outside.

**Ranks** follow the task's `ranked_by`; equal numbers are ordered by the axes, so that the order
does not depend on which cell finished first.

**Tie groups.** The best row without a group opens the next one, and is tested against every other
row that has none yet: McNemar's exact test where the statistic of an image is 0 or 1, Student's
paired test otherwise. P-values are adjusted for all pairs of the rows that are left, because any
of them could have come out best, and by Hochberg's step-up, because a row that beats each of the
others did not come out best by having been chosen (`hochberg_with_best`). The rows that cannot be
told apart from it, at 5 %, join. So two things hold of every row: it cannot be told apart from the
best row of its group, and it can be told apart from the best row of each earlier group. Groups
therefore need not be contiguous: a row may be certainly worse than the leader while one below it is
not, because the two do not fail on the same images. Cutting a group at its first member that can be
told apart would make the second of those statements false.

**Pareto.** A row is marked if no other is at least as good on all of the task's `pareto` columns
and better on one of them; a row that lacks one of the numbers is not marked. Flagged rows take no
part: they have no mark, and they take none from another row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.columns import MetricColumns
from bridgebench.leaderboard.flags import is_rankable, raised
from bridgebench.leaderboard.rows import Items, Row, Shares, as_shares, sections
from bridgebench.statistics.paired import hochberg_with_best, holm, mcnemar_p, paired_t
from bridgebench.taskfile import FlagRule, TaskFile

ALPHA = 0.05

AT_ONCE = 2**22
"""Below 2**24, up to which float32 counts without a gap."""


@dataclass(frozen=True)
class Standing:
    """How a row stands in its section.

    rank                 1 for the best; None for a row that is not ranked
    tie_group            None also where the ranked metric has no per-image statistic
    pareto               None for a row that stands outside or is flagged, or a task that marks none
    flags                the rules of the task that flag the row
    separable_from_next  whether it can be told apart from the row ranked next; None where there is
                         no such row or no per-image statistic
    """

    rank: int | None = None
    tie_group: int | None = None
    pareto: bool | None = None
    flags: tuple[FlagRule, ...] = ()
    separable_from_next: bool | None = None


def standings(rows: Sequence[Row], task: TaskFile, columns: MetricColumns) -> tuple[Standing, ...]:
    """The standing of each row, in the order given."""
    found = [Standing(flags=raised(row, task.flags)) for row in rows]
    front = [columns.named(name) for name in task.pareto]
    for members in sections(rows).values():
        rankable = [index for index in members if is_rankable(rows[index], task.flags)]
        ranked = rank(rows, rankable, columns.named(task.ranked_by))
        for position, index in enumerate(ranked):
            found[index] = replace(found[index], rank=position + 1)
        for index, group in tie_groups(rows, ranked, task.ranked_by).items():
            found[index] = replace(found[index], tie_group=group)
        for index, apart in separable_from_next(rows, ranked, task.ranked_by).items():
            found[index] = replace(found[index], separable_from_next=apart)
        if front:
            unflagged = [index for index in rankable if not found[index].flags]
            marked = pareto_front(rows, unflagged, front)
            for index in unflagged:
                found[index] = replace(found[index], pareto=index in marked)
    return tuple(found)


def rank(rows: Sequence[Row], members: Sequence[int], column: Column) -> list[int]:
    """The members that have a number in `column`, best first."""
    valued = [(signed(rows[i], column), i) for i in members]
    present = [(value, i) for value, i in valued if value is not None]
    return [i for _, i in sorted(present, key=lambda pair: (-pair[0], rows[pair[1]].order))]


def signed(row: Row, column: Column) -> float | None:
    """The row's number in a column, turned so that higher is better."""
    value = row.value(column.name)
    if value is None:
        return None
    return value if column.better == "higher" else -value


def tie_groups(rows: Sequence[Row], ranked: Sequence[int], column: str) -> dict[int, int]:
    """Tie group of each ranked row that has per-image statistics of `column`."""
    waiting = [index for index in ranked if column in rows[index].items]
    p_value = paired_p([rows[index].items[column] for index in waiting])
    unassigned = list(range(len(waiting)))
    groups: dict[int, int] = {}
    group = 0
    while unassigned:
        group += 1
        leader, *others = unassigned
        groups[waiting[leader]] = group
        adjusted = hochberg_with_best([p_value(leader, other) for other in others])
        unassigned = [other for other, p in zip(others, adjusted, strict=True) if p < ALPHA]
        for other, p in zip(others, adjusted, strict=True):
            if p >= ALPHA:
                groups[waiting[other]] = group
    return groups


def separable_from_next(rows: Sequence[Row], ranked: Sequence[int], column: str) -> dict[int, bool]:
    """For each ranked row whether it can be told apart from the next; Holm over all such pairs."""
    pairs = [
        (above, below)
        for above, below in pairwise(ranked)
        if column in rows[above].items and column in rows[below].items
    ]
    adjusted = holm(
        [paired_p([rows[a].items[column], rows[b].items[column]])(0, 1) for a, b in pairs]
    )
    return {above: p < ALPHA for (above, _), p in zip(pairs, adjusted, strict=True)}


def paired_p(items: Sequence[Items]) -> Callable[[int, int], float]:
    """The p-value of the paired test between two of several rows on the images they share.

    McNemar's exact test where every statistic is 0 or 1; the disagreements of all pairs are then
    counted at once, which keeps hundreds of rows of thousands of images within a second.
    """
    shares = [found for values in items if (found := as_shares(values)) is not None]
    if not items or len(shares) < len(items):
        return lambda first, second: paired_t(items[first], items[second])
    only_first = counts_of_one_alone(shares)
    return lambda first, second: mcnemar_p(
        int(only_first[first, second]), int(only_first[second, first])
    )


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


def pareto_front(
    rows: Sequence[Row], members: Sequence[int], columns: Sequence[Column]
) -> frozenset[int]:
    """The members that no other member dominates on `columns`."""
    complete: list[int] = []
    points: list[list[float]] = []
    for index in members:
        point = [signed(rows[index], column) for column in columns]
        present = [value for value in point if value is not None]
        if len(present) == len(columns):
            complete.append(index)
            points.append(present)
    if not complete:
        return frozenset()
    values = np.array(points)
    as_good = (values[:, None, :] >= values[None, :, :]).all(axis=2)
    better = (values[:, None, :] > values[None, :, :]).any(axis=2)
    free = np.flatnonzero(~np.logical_and(as_good, better).any(axis=0))
    return frozenset(complete[index] for index in free)
