"""Records of finished cells into the leaderboard's table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bridgebench.errors import IntegrityError
from bridgebench.execute.records import Record
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import (
    AXES,
    BOOLEAN_COLUMNS,
    COST,
    FACTS,
    HEAD,
    INTEGER_COLUMNS,
    JSON_COLUMNS,
    PROVENANCE,
    TAIL,
    TEXT_AXES,
    MetricColumns,
)
from bridgebench.leaderboard.csv.row import Row, section_order, short_fingerprint
from bridgebench.leaderboard.csv.row_hash import SEAL, seal
from bridgebench.leaderboard.csv.text_cells import UNUSED, plain_reason
from bridgebench.leaderboard.table.flags import flags_cell
from bridgebench.leaderboard.table.ranks import Standing, standings
from bridgebench.tasks.task_file import TaskFile

FLOAT_COLUMNS = ("latent_std", *COST)
"""The numbers of a row that are neither metrics nor whole."""

_MADE_HERE = {
    "baseline",
    "reason",
    "fingerprint",
    "fingerprint_parts",
    SEAL,
}


def build_table(
    records: Sequence[Record], rows: Sequence[Row], task: TaskFile, metrics: MetricColumns
) -> pd.DataFrame:
    """The table of some records.

    Ranked rows come first, best first, then competing rows without the ranked number, then rows
    flagged for copying, then baselines, then rows without results; with several seeds, the ranked
    rows of one seed follow those of another. The order is the same whichever cell finished first.

    Args:
        records: finished cells of one task and protocol.
        rows: the same cells as the ranking sees them.
        task: what the rows are ranked by.
        metrics: the metric columns.

    Returns:
        Text columns of dtype `string`, `Int64` for whole numbers, `boolean` for yes and no,
        `float64` for the others. A number that a row does not have is missing.
    """
    standing = standings(rows, task, metrics)
    cells = [
        _cells(record, row, stand, metrics)
        for record, row, stand in zip(records, rows, standing, strict=True)
    ]
    order = sorted(range(len(rows)), key=lambda index: place(rows[index], standing[index]))
    return to_frame([cells[index] for index in order], metrics)


def to_frame(cells: Sequence[Mapping[str, Any]], metrics: MetricColumns) -> pd.DataFrame:
    """The table of rows of Python values, None where a row has none, with a dtype a column."""
    names = (*HEAD, *metrics.names, *TAIL)
    data = {
        name: pd.Series([row[name] for row in cells], dtype=dtype_of(name, metrics))
        for name in names
    }
    return pd.DataFrame(data, columns=list(names))


def dtype_of(name: str, metrics: MetricColumns) -> str:
    """The dtype of a column."""
    if name in BOOLEAN_COLUMNS:
        return "boolean"
    if name in INTEGER_COLUMNS:
        return "Int64"
    return "float64" if name in FLOAT_COLUMNS or name in metrics.names else "string"


def place(row: Row, stand: Standing) -> tuple[object, ...]:
    """A key that puts rows in the order of the board."""
    section = section_order(row.section)
    if stand.rank is not None:
        return (0, section, stand.rank)
    if row.status != "ok":
        return (4, section, row.order)
    copying = any(rule.copying for rule in stand.flags)
    kind = 3 if row.baseline else 2 if copying else 1
    return (kind, section, row.order)


def _cells(record: Record, row: Row, stand: Standing, metrics: MetricColumns) -> dict[str, Any]:
    _check_keys(record, "facts", record.facts, FACTS)
    _check_keys(record, "cost", record.cost, COST)
    _check_keys(record, "provenance", record.provenance, PROVENANCE)
    cells: dict[str, Any] = {axis: row.axes[axis] for axis in AXES}
    cells |= {axis: UNUSED for axis in TEXT_AXES if cells[axis] is None}
    cells |= {
        "status": record.status,
        "tie_group": stand.tie_group,
        "pareto": stand.pareto,
        "flags": flags_cell(stand.flags),
    }
    for column in metrics.all:
        cells |= _metric_cells(row, column)
    cells |= {name: record.facts.get(name) for name in FACTS}
    cells |= {
        "supervision": record.facts.get("supervision") or "",
        "baseline": record.baseline,
        "reason": plain_reason(record.reason),
    }
    cells |= {name: record.cost.get(name) for name in COST}
    cells |= {name: _text(record.provenance.get(name), name) for name in PROVENANCE}
    cells["batch"] = record.provenance.get("batch")
    cells["fingerprint"] = short_fingerprint(record.fingerprint)
    cells["fingerprint_parts"] = to_json(record.fingerprint)
    typed = {
        name: float(v) if name in FLOAT_COLUMNS and v is not None else v
        for name, v in cells.items()
    }
    return typed | {SEAL: seal(typed)}


def _metric_cells(row: Row, column: Column) -> dict[str, float | None]:
    value = row.values.get(column.name)
    found = {column.name: value.value if value else None}
    if column.interval:
        found[f"{column.name}_low"] = value.low if value else None
        found[f"{column.name}_high"] = value.high if value else None
    return found


def _text(value: object, name: str) -> str:
    if name in JSON_COLUMNS:
        return to_json(json.loads(value) if isinstance(value, str) else value or {})
    return "" if value is None else str(value)


def to_json(value: object) -> str:
    """The text of a cell that holds JSON: keys sorted, no spaces.

    >>> to_json({"b": 1, "a": [0.5]})
    '{"a":[0.5],"b":1}'
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def _check_keys(
    record: Record, part: str, found: Mapping[str, object], known: Sequence[str]
) -> None:
    unknown = sorted(set(found) - (set(known) - _MADE_HERE))
    if unknown:
        raise IntegrityError(
            f"record {record.identity} has {part} '{unknown[0]}', for which the board has no "
            "column; delete the record to compute the cell again"
        )
