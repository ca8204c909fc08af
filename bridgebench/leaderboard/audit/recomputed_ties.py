"""Whether published tie groups are those of the recomputed rows.

A tie group depends on every row of its section, so it can be checked only where all ranked rows of
the section were computed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.audit.deviations import Deviation
from bridgebench.leaderboard.csv.row import Row, sections
from bridgebench.leaderboard.table.ranks import rank, rankable, tie_groups
from bridgebench.tasks.task_file import TaskFile

SAME = 1e-9
"""How far, relative to its size, a number may be from one that was computed alike."""


@dataclass(frozen=True)
class Ties:
    """The tie groups of a board, compared.

    deviations  index of a row -> its tie group as published and as recomputed
    notes       what was not verified, and why, a line each
    """

    deviations: Mapping[int, Deviation]
    notes: tuple[str, ...]


def compare_ties(
    rows: Sequence[Row],
    recomputed: Mapping[int, Row],
    task: TaskFile,
    column: Column,
) -> Ties:
    """Compare the tie groups of each section whose ranked rows were all recomputed.

    Args:
        rows: the rows of the board.
        recomputed: rows computed again, by their index in the board.
        task: whose rules say which rows are ranked.
        column: what they are ranked by.
    """
    found: dict[int, Deviation] = {}
    notes: list[str] = []
    for members in sections(rows).values():
        ranked = rank(rows, rankable(rows, members, task), column)
        if all(rows[index].cells["tie_group"] is None for index in ranked):
            continue
        computed = [index for index in ranked if index in recomputed]
        what = f"tie groups of seed {rows[members[0]].seed}"
        if len(computed) < len(ranked):
            notes.append(
                f"{what}: only {len(computed)} of its {len(ranked)} ranked rows were computed"
            )
            continue
        moved = [i for i in ranked if not _same(rows[i], recomputed[i], column.name)]
        if moved:
            notes.append(
                f"{what}: {len(moved)} of its {len(ranked)} rows have another {column.name} here, "
                f"the first is row {min(moved) + 1}"
            )
            continue
        found |= _section(rows, recomputed, ranked, column)
    return Ties(found, tuple(notes))


def _section(
    rows: Sequence[Row],
    recomputed: Mapping[int, Row],
    ranked: Sequence[int],
    column: Column,
) -> dict[int, Deviation]:
    again = [recomputed[index] for index in ranked]
    groups = tie_groups(again, rank(again, range(len(again)), column), column.name)
    return {
        index: Deviation("tie_group", rows[index].cells["tie_group"], groups.get(place))
        for place, index in enumerate(ranked)
    }


def _same(published: Row, here: Row, column: str) -> bool:
    ours, theirs = published.value(column), here.value(column)
    if ours is None or theirs is None:
        return False
    return abs(ours - theirs) <= SAME * max(1.0, abs(ours))
