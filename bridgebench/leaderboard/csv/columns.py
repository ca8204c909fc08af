"""The columns of a leaderboard and their order.

What a row is comes first (the axes), then how it did (the task's primary columns), then the other
metrics, what else is known of the cell, its cost, and all that is needed to get the row again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bridgebench.errors import PluginError, UsageError
from bridgebench.interfaces.metric import Column
from bridgebench.plan.chance import with_chance, without_chance
from bridgebench.tasks.task_file import TaskFile

AXES = (
    "task",
    "protocol",
    "method",
    "source_score",
    "target_score",
    "solver",
    "nfe",
    "transform",
    "seed",
    "n",
)
"""What names a row; no two rows of a board agree on all of them."""

UNUSED = "-"
"""The cell of a text axis that the method does not use."""

PART_AXES = ("method", "source_score", "target_score", "solver", "nfe", "transform", "seed")
"""The axes on which rows of one task, protocol and n can differ."""

STANDING = ("status", "tie_group", "pareto", "flags")
"""Whether the row has results, and how it compares with the other rows."""

FACTS = ("supervision", "baseline", "latent_std", "reason")
COUNTS = ("nfe_encode", "nfe_decode", "nfe_total")
"""Network evaluations an image as counted: whole unless a method spends more on some images."""

COST = (*COUNTS, "seconds", "images_per_s", "peak_memory_mb")
PROVENANCE = (
    "fingerprint",
    "fingerprint_parts",
    "options",
    "plugins",
    "weights",
    "torch",
    "bridgebench",
    "device",
    "precision",
    "batch",
    "row_sha256",
)
ROW_HASH = "row_sha256"

HEAD = (*AXES, *STANDING)
TAIL = (*FACTS, *COST, *PROVENANCE)

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class MetricColumns:
    """The metric columns of a board, in order: those that lead it, then the others.

    Chance columns are in neither; each follows the column that it belongs to.
    """

    primary: tuple[Column, ...]
    secondary: tuple[Column, ...]

    @property
    def all(self) -> tuple[Column, ...]:
        """Every metric column, in order."""
        return with_chance((*self.primary, *self.secondary))

    @property
    def header(self) -> tuple[str, ...]:
        """The header of the file: the metric columns between those that every board has."""
        return (*HEAD, *(name for column in self.all for name in spread(column)), *TAIL)

    def named(self, name: str) -> Column:
        """The metric column of that name."""
        return next(column for column in self.all if column.name == name)

    @property
    def measured(self) -> Iterator[tuple[Column, Column]]:
        """Every metric column with the one that was measured: of a chance column, whose it is."""
        for column in (*self.primary, *self.secondary):
            yield from ((each, column) for each in with_chance((column,)))


def spread(column: Column) -> tuple[str, ...]:
    """The names that a column has in the file.

    >>> spread(Column("fid", "", "lower", "Fréchet distance", low=0, interval=True))
    ('fid', 'fid_low', 'fid_high')
    """
    if not column.interval:
        return (column.name,)
    return (column.name, f"{column.name}_low", f"{column.name}_high")


def arrange(task: TaskFile, columns: Sequence[Column]) -> MetricColumns:
    """The metric columns of a task's board in their order.

    UsageError where the task leads its board by a column that no metric gives, or ranks rows by one
    that is neither good nor bad; PluginError where two metrics, or a metric and the board itself,
    claim one name. `columns` may hold chance columns or not.
    """
    columns = without_chance(columns)
    _check_names(with_chance(columns))
    by_name = {column.name: column for column in columns}
    missing = [name for name in task.primary if name not in by_name]
    if missing:
        raise UsageError(
            f"task {task.name} has the primary column '{missing[0]}', but its metrics give only "
            f"{', '.join(by_name) or 'none'}; add the metric or drop the column"
        )
    for name in (task.ranked_by, *task.pareto):
        if not by_name[name].better:
            raise UsageError(
                f"task {task.name} ranks rows by '{name}', but its metric does not say whether "
                "higher or lower is better"
            )
    return MetricColumns(
        tuple(by_name[name] for name in task.primary),
        tuple(column for column in columns if column.name not in task.primary),
    )


def _check_names(columns: Sequence[Column]) -> None:
    taken = {*HEAD, *TAIL}
    for name in (name for column in columns for name in spread(column)):
        if not _NAME.fullmatch(name):
            raise PluginError(
                f"the metric column {name!r} must be lower case letters, digits and _, "
                "starting with a letter"
            )
        if name in taken:
            raise PluginError(
                f"the metric column '{name}' is claimed twice, or is a column that every board "
                "has; give it another name"
            )
        taken.add(name)
