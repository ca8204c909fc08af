"""What a board says in words beside its table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from bridgebench.leaderboard.csv.columns import MetricColumns
from bridgebench.leaderboard.csv.text_cells import UNUSED
from bridgebench.leaderboard.table.flags import meaning
from bridgebench.leaderboard.table.pairs import PairCount
from bridgebench.tasks.task_file import TaskFile

FLOOR = "_floor"
"""A metric column NAME_floor is what real images get of NAME; it is printed beside it."""


def notes(
    section: pd.DataFrame, task: TaskFile, metrics: MetricColumns, pairs: PairCount | None = None
) -> Iterator[str]:
    """The sentences below the table of rows of one seed and fingerprint.

    `pairs` is the count of these rows, None where their per-image statistics are not at hand.
    """
    yield from _differences(section, task, pairs)
    yield from _floors(section, metrics)
    yield from _flagged(section, task)
    yield from _without_results(section)


def _differences(section: pd.DataFrame, task: TaskFile, pairs: PairCount | None) -> Iterator[str]:
    if pairs is not None:
        yield (
            f"{pairs.significant} of all {pairs.pairs} pairs of ranked rows "
            f"({100 * pairs.share:.0f} %) differ significantly in {task.ranked_by} (paired test at "
            "5 %, Holm over all pairs)."
        )
    groups = section["tie_group"].dropna()
    if len(groups):
        yield (
            f"The {len(groups)} ranked rows form {groups.nunique()} tie groups: a row does not "
            f"differ significantly in {task.ranked_by} from the best of its group."
        )


def _floors(section: pd.DataFrame, metrics: MetricColumns) -> Iterator[str]:
    names = {column.name for column in metrics.all}
    for column in metrics.primary:
        floor = f"{column.name}{FLOOR}"
        if floor not in names:
            continue
        found = section[floor].dropna()
        if len(found):
            low, high = float(found.min()), float(found.max())
            shown = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
            yield f"Real images at the same n have a {column.name} of {shown}."


def _flagged(section: pd.DataFrame, task: TaskFile) -> Iterator[str]:
    flagged = section["flags"].str.split()
    for rule in task.flags:
        count = int(flagged.map(lambda names, own=rule.name: own in names).sum())
        if count:
            rows = "1 row is" if count == 1 else f"{count} rows are"
            yield f"{rows} flagged {rule.name}: {meaning(rule)}."


def _without_results(section: pd.DataFrame) -> Iterator[str]:
    counts = section["status"].value_counts()
    for status in sorted(set(counts.index) - {"ok"}):
        rows = section[section["status"] == status]
        first = rows.iloc[0]
        yield (f"{counts[status]} {status}, such as {_named(first)}: {first['reason']}")


def _named(cells: pd.Series[Any]) -> str:
    """What a row is, less the axes that its method does not use."""
    names = (str(cells[axis]) for axis in ("method", "solver", "transform"))
    return " ".join(name for name in names if name != UNUSED)
