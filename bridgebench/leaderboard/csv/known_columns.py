"""Which metric columns may stand in a file: those of the task, and of what else was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from bridgebench.errors import BridgebenchError
from bridgebench.interfaces.metric import Column, Metric
from bridgebench.leaderboard.csv.columns import spread
from bridgebench.leaderboard.csv.json_cells import parse_json
from bridgebench.leaderboard.csv.raw import RawTable
from bridgebench.plugins.registry import Kind, Registry
from bridgebench.plugins.specs import build
from bridgebench.tasks.task_file import TaskFile

PARTS = "fingerprint_parts"


def known_columns(registry: Registry, task: TaskFile, raw: RawTable) -> tuple[Column, ...]:
    """The columns of the task's metrics, and those of other metrics that stand in the header.

    The rows say with which options each metric was measured. A metric that they do not name is
    taken with its defaults, if it has one for each option.
    """
    own = [build(registry, Kind.METRIC, Metric, spec) for spec in task.metrics]
    measured = list(_measured(registry, raw))
    used = {metric.name for metric in (*own, *measured)}
    columns = [column for metric in own for column in metric.columns()]
    _add(columns, (column for metric in measured for column in metric.columns()), raw.header)
    for name in registry.names(Kind.METRIC):
        known = {name for column in columns for name in spread(column)}
        if name in used or known.issuperset(raw.header):
            continue
        try:
            others = build(registry, Kind.METRIC, Metric, name).columns()
        except BridgebenchError:
            # A metric that is broken, or needs an option that no row names, gives no column. If the
            # header has a column of it, the reader refuses that column as unknown.
            continue
        _add(columns, others, raw.header)
    return tuple(columns)


def _add(columns: list[Column], others: Iterable[Column], header: Sequence[str]) -> None:
    """Add the columns that stand in the header and claim no name that is taken."""
    taken = {name for column in columns for name in spread(column)}
    for column in others:
        if column.name in header and taken.isdisjoint(spread(column)):
            columns.append(column)
            taken |= set(spread(column))


def _measured(registry: Registry, raw: RawTable) -> Iterator[Metric]:
    """The metrics that the rows name with their options, as far as they are installed."""
    if PARTS not in raw.header:
        return
    at = raw.header.index(PARTS)
    done: set[str] = set()
    for text in dict.fromkeys(row[at] for row in raw.rows):
        for name, resolved in _named(text).items():
            if name not in done and (metric := _metric(registry, resolved)) is not None:
                done.add(name)
                yield metric


def _named(text: str) -> dict[str, Mapping[str, Any]]:
    """Metric to its options; empty for a damaged text, which is refused with its row later."""
    try:
        metrics = parse_json(text, PARTS).get("metrics", {})
    except BridgebenchError:
        return {}
    return {name: part["options"] for name, part in metrics.items() if part.get("options")}


def _metric(registry: Registry, resolved: Mapping[str, Any]) -> Metric | None:
    options = {name: value for name, value in resolved.items() if name != "name"}
    try:
        cls = registry.load(Kind.METRIC, str(resolved["name"]))
        return cls(**options) if issubclass(cls, Metric) else None
    except (BridgebenchError, ValidationError, TypeError):
        # Another version of the plugin, or none: its columns are then not known.
        return None
