"""The one schema of a board: its columns in order, and what each holds.

What a row is comes first (the axes), then how it did (the task's primary columns), then the other
metrics, what else is known of the cell, its cost, and all that is needed to compute it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from bridgebench.errors import PluginError, UsageError
from bridgebench.execute.records import Status
from bridgebench.interfaces.method import Supervision
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.fields import EMPTY, Boolean, Field, Float, Integer, Json, Text
from bridgebench.leaderboard.csv.json_cells import JSON_COLUMNS
from bridgebench.plan.chance import with_chance, without_chance
from bridgebench.tasks.task_file import TaskFile

FINGERPRINT_LENGTH = 12
ROW_HASH = "row_sha256"

_SPEC = Text(pattern=".+", rule=EMPTY, name=True)
_LABEL = Text(name=True)

_AXES: dict[str, Field] = {
    "task": _LABEL,
    "protocol": _LABEL,
    "method": _SPEC,
    "source_score": _SPEC,
    "target_score": _SPEC,
    "solver": _SPEC,
    "nfe": Integer(1),
    "transform": _SPEC,
    "seed": Integer(0, needed=True),
    "n": Integer(1, needed=True),
}
_STANDING: dict[str, Field] = {
    "status": Text(words=get_args(Status)),
    "tie_group": Integer(1),
    "pareto": Boolean(),
    "flags": Text(),
}
_FACTS: dict[str, Field] = {
    "supervision": Text(words=(*(level.value for level in Supervision), ""), name=True),
    "baseline": Boolean(needed=True),
    "latent_std": Float(0),
    "reason": Text(),
}
_PROVENANCE: dict[str, Field] = {
    "fingerprint": Text(
        pattern=f"([0-9a-f]{{{FINGERPRINT_LENGTH}}})?",
        rule=f"must be {FINGERPRINT_LENGTH} hexadecimal digits",
    ),
    **{column: Json(column) for column in JSON_COLUMNS},
    "torch": _LABEL,
    "bridgebench": _LABEL,
    "device": _LABEL,
    "precision": _LABEL,
    "batch": Integer(1, needed=True),
    ROW_HASH: Text(pattern="[0-9a-f]{64}", rule="must be a sha256"),
}

AXES = tuple(_AXES)
"""What names a row; no two rows of a board agree on all of them."""

PART_AXES = ("method", "source_score", "target_score", "solver", "nfe", "transform", "seed")
"""The axes on which rows of one task, protocol and n can differ."""

COUNTS = ("nfe_encode", "nfe_decode", "nfe_total")
"""Network evaluations an image as counted: whole unless a method spends more on some images."""

COST = (*COUNTS, "seconds", "images_per_s", "peak_memory_mb")
RECORD_COST = (*COST, "fit_seconds")
"""The cost that a record has: the board has no column for fits, which most methods lack."""

FACTS = tuple(_FACTS)
PROVENANCE = tuple(_PROVENANCE)

_HEAD = _AXES | _STANDING
_TAIL = _FACTS | dict.fromkeys(COST, Float(0)) | _PROVENANCE
HEAD, TAIL = tuple(_HEAD), tuple(_TAIL)

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

    def fields(self, task: TaskFile) -> dict[str, Field]:
        """What each column of a task's board holds, in the order of the header."""
        own = {
            "task": Text(words=(task.name,), name=True),
            "protocol": Text(words=tuple(task.protocols), name=True),
        }
        metrics: dict[str, Field] = {}
        for column in self.all:
            metrics |= dict.fromkeys(spread(column), Float())
            metrics[column.name] = Float(column.low, column.high)
        return {**_HEAD, **own, **metrics, **_TAIL}

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
