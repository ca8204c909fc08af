"""What a board says in words beside its table."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from bridgebench.leaderboard.columns import MetricColumns
from bridgebench.leaderboard.flags import meaning
from bridgebench.taskfile import TaskFile

FLOOR = "_floor"
"""A metric column NAME_floor is what real images get of NAME; it is printed beside it."""


def notes(section: pd.DataFrame, task: TaskFile, metrics: MetricColumns) -> Iterator[str]:
    """The sentences below the table of rows of one seed and fingerprint."""
    yield from _separable(section, task)
    yield from _floors(section, metrics)
    yield from _flagged(section, task)
    yield from _without_results(section)


def _separable(section: pd.DataFrame, task: TaskFile) -> Iterator[str]:
    pairs = section["separable_from_next"].dropna()
    groups = section["tie_group"].dropna()
    if len(pairs):
        yield (
            f"{int(pairs.sum())} of the {len(pairs)} adjacent pairs can be told apart by "
            f"{task.ranked_by} at 5 % (paired test, Holm); the {len(groups)} rows form "
            f"{groups.nunique()} tie groups."
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
        yield (
            f"{counts[status]} {status}, such as {first['method']} {first['solver']} "
            f"{first['transform']}: {first['reason']}"
        )
