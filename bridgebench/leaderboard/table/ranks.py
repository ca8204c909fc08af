"""How the rows of a board compare: ranks, tie groups and Pareto marks.

Only rows that saw the same images (equal n and seed) and whose numbers mean the same (equal
fingerprint) are compared. Baselines, rows that a flag calls copies, and rows without results are
not ranked.

**Ranks** follow the task's `ranked_by`; equal numbers are ordered by the axes, so that the order
does not depend on which cell finished first.

**Tie groups.** The best row without a group opens the next one, and is tested against every other
row that has none yet: McNemar's exact test where the statistic of an image is 0 or 1, Student's
paired test otherwise. P-values are adjusted for all pairs of the rows that are left, because any
of them could have come out best, and by Hochberg's step-up, because a row that beats each of the
others did not come out best by having been chosen (`hochberg_with_best`). The rows that do not
differ significantly from it join. The 5 % are shared among all groups that can have an equal row
split off (`level_of_ties`). So two things hold of every row: it does not differ significantly from
the best row of its group, and it differs significantly from the best row of each earlier group.
Groups therefore need not be contiguous: a row may differ significantly from the leader while one
below it does not, because the two do not fail on the same images. Cutting a group at its first
member that differs would make the second of those statements false.

**Pareto.** A row is marked if no other is at least as good on all of the task's `pareto` columns
and better on one of them; a row that lacks one of the numbers is not marked. Flagged rows take no
part: they have no mark, and they take none from another row.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import MetricColumns
from bridgebench.leaderboard.csv.row import Row, section_order, sections
from bridgebench.leaderboard.table.flags import flags_cell, is_rankable, raised
from bridgebench.leaderboard.table.pairs import ALPHA, PairCount, pair_count, pair_p_values
from bridgebench.tasks.task_file import FlagRule, TaskFile
from bridgebench.toolkit.statistics.paired import hochberg_with_best


@dataclass(frozen=True)
class Standing:
    """How a row compares with the others of its section.

    rank       1 for the best; None for a row that is not ranked
    tie_group  None also where the ranked metric has no per-image statistic
    pareto     None for a row that is not ranked or is flagged, or a task that marks none
    flags      the rules of the task that flag the row
    """

    rank: int | None = None
    tie_group: int | None = None
    pareto: bool | None = None
    flags: tuple[FlagRule, ...] = ()


def ranked_rows(rows: Sequence[Row], task: TaskFile, metrics: MetricColumns) -> tuple[Row, ...]:
    """The rows with their standing, in the order of the board.

    Ranked rows come first, best first, then competing rows without the ranked number, then rows
    flagged for copying, then baselines, then rows without results; with several seeds, the ranked
    rows of one seed follow those of another. The order is the same whichever cell finished first.
    A row without per-image statistics of the ranked column keeps the tie group that it has.
    """
    standing = standings(rows, task, metrics)
    order = sorted(range(len(rows)), key=lambda index: _place(rows[index], standing[index]))
    return tuple(_with_standing(rows[index], standing[index], task.ranked_by) for index in order)


def standings(rows: Sequence[Row], task: TaskFile, columns: MetricColumns) -> tuple[Standing, ...]:
    """The standing of each row, in the order given."""
    found = [Standing(flags=raised(row, task.flags)) for row in rows]
    front = [columns.named(name) for name in task.pareto]
    for members in sections(rows).values():
        able = rankable(rows, members, task)
        ranked = rank(rows, able, columns.named(task.ranked_by))
        for position, index in enumerate(ranked):
            found[index] = replace(found[index], rank=position + 1)
        for index, group in tie_groups(rows, ranked, task.ranked_by).items():
            found[index] = replace(found[index], tie_group=group)
        if front:
            unflagged = [index for index in able if not found[index].flags]
            marked = pareto_front(rows, unflagged, front)
            for index in unflagged:
                found[index] = replace(found[index], pareto=index in marked)
    return tuple(found)


def pair_counts(
    rows: Sequence[Row], task: TaskFile, metrics: MetricColumns
) -> tuple[PairCount, ...]:
    """How many pairs of ranked rows differ significantly, for each section that has such pairs."""
    column = metrics.named(task.ranked_by)
    counts = []
    for members in sections(rows).values():
        ranked = rank(rows, rankable(rows, members, task), column)
        counts.append(pair_count(rows, ranked, column.name))
    return tuple(count for count in counts if count is not None)


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


def rankable(rows: Sequence[Row], members: Iterable[int], task: TaskFile) -> list[int]:
    """The members that can have a rank: they compete, and are not flagged for copying."""
    return [index for index in members if is_rankable(rows[index], task.flags)]


def tie_groups(rows: Sequence[Row], ranked: Sequence[int], column: str) -> dict[int, int]:
    """Tie group of each ranked row that has per-image statistics of `column`."""
    tested = [index for index in ranked if column in rows[index].items]
    p_values = pair_p_values([rows[index].items[column] for index in tested])
    waiting = np.arange(len(tested))
    groups: dict[int, int] = {}
    group = ties = 0
    while len(waiting):
        group += 1
        leader, others = waiting[0], waiting[1:]
        adjusted = np.array(hochberg_with_best(p_values[leader, others]))
        tied = others[adjusted >= level_of_ties(ties + 1)]
        groups |= {tested[index]: group for index in (leader, *tied)}
        ties += len(tied) > 0
        waiting = np.setdiff1d(others, tied)
    return groups


def level_of_ties(ties: int) -> float:
    """The level at which rows are split off the group that would be the ties-th of several rows.

    An equal row can be split only off a group whose leader has an equal, and after that there is
    one more group of several rows, or an error was made. So the levels of such groups may add up to
    5 %, whatever the number of groups with one row: they are 0.05·6/(π k)² for k = 1, 2, ...

    >>> [round(level_of_ties(ties), 4) for ties in (1, 2, 3)]
    [0.0304, 0.0076, 0.0034]
    """
    return ALPHA * 6 / (math.pi * ties) ** 2


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


def _place(row: Row, stand: Standing) -> tuple[object, ...]:
    """A key that puts rows in the order of the board."""
    section = section_order(row.section)
    if stand.rank is not None:
        return (0, section, stand.rank)
    if not row.ok:
        return (4, section, row.order)
    copying = any(rule.copying for rule in stand.flags)
    kind = 3 if row.cells["baseline"] else 2 if copying else 1
    return (kind, section, row.order)


def _with_standing(row: Row, stand: Standing, ranked_by: str) -> Row:
    tested = stand.rank is None or ranked_by in row.items
    group = stand.tie_group if tested else row.cells["tie_group"]
    own = {"tie_group": group, "pareto": stand.pareto, "flags": flags_cell(stand.flags)}
    return replace(row, cells={**row.cells, **own})
