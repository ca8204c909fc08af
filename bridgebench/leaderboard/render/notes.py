"""The sentences below the table of a board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bridgebench.leaderboard.csv.columns import MetricColumns
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.csv.text_cells import UNUSED
from bridgebench.leaderboard.table.flags import meaning
from bridgebench.leaderboard.table.pairs import PairCount
from bridgebench.tasks.task_file import TaskFile

FLOOR = "_floor"
"""The column NAME_floor is what real images score in the metric NAME."""


def notes(
    section: Sequence[Row], task: TaskFile, metrics: MetricColumns, pairs: PairCount | None = None
) -> Iterator[str]:
    """The sentences below the table of rows of one seed and fingerprint.

    `pairs` is the count of these rows, None where their per-image statistics are not available.
    """
    yield from _differences(section, task, pairs)
    yield from _floors(section, metrics)
    yield from _flagged(section, task)
    yield from _without_results(section)


def _differences(section: Sequence[Row], task: TaskFile, pairs: PairCount | None) -> Iterator[str]:
    if pairs is not None:
        yield (
            f"{pairs.significant} of all {pairs.pairs} pairs of ranked rows "
            f"({100 * pairs.share:.0f} %) differ significantly in {task.ranked_by} (paired test at "
            "5 %, Holm over all pairs)."
        )
    groups = [row.cells["tie_group"] for row in section if row.cells["tie_group"] is not None]
    if groups:
        count = len(set(groups))
        yield (
            f"The {len(groups)} ranked rows form {count} tie group{'s' * (count > 1)}: a row does "
            f"not differ significantly in {task.ranked_by} from the best of its group."
        )


def _floors(section: Sequence[Row], metrics: MetricColumns) -> Iterator[str]:
    names = {column.name for column in metrics.all}
    for column in metrics.primary:
        floor = f"{column.name}{FLOOR}"
        if floor not in names:
            continue
        found = [value for row in section if (value := row.value(floor)) is not None]
        if found:
            low, high = f"{min(found):.4g}", f"{max(found):.4g}"
            shown = low if low == high else f"{low} to {high}"
            yield f"Real images at the same n have a {column.name} of {shown}."


def _flagged(section: Sequence[Row], task: TaskFile) -> Iterator[str]:
    counts = Counter(name for row in section for name in set(row.cells["flags"].split()))
    for rule in task.flags:
        count = counts[rule.name]
        if count:
            rows = "1 row is" if count == 1 else f"{count} rows are"
            yield f"{rows} flagged {rule.name}: {meaning(rule)}."


def _without_results(section: Sequence[Row]) -> Iterator[str]:
    for status in sorted({row.cells["status"] for row in section} - {"ok"}):
        first, *others = (row for row in section if row.cells["status"] == status)
        names = (first.cells[axis] for axis in ("method", "solver", "transform"))
        used = " ".join(name for name in names if name != UNUSED)
        yield f"{len(others) + 1} {status}, such as {used}: {first.cells['reason']}"
