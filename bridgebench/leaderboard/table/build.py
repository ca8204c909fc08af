"""Records of finished cells into the rows of a board."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bridgebench.errors import IntegrityError, PluginError
from bridgebench.execute.records import Record
from bridgebench.leaderboard.csv.columns import (
    AXES,
    COST,
    FACTS,
    PROVENANCE,
    RECORD_COST,
    ROW_HASH,
    MetricColumns,
)
from bridgebench.leaderboard.csv.fields import Cell
from bridgebench.leaderboard.csv.json_cells import JSON_COLUMNS, to_json
from bridgebench.leaderboard.csv.row import Items, Row, as_shares, row_hash, short_fingerprint
from bridgebench.leaderboard.csv.text_cells import UNUSED, plain_reason

ReadItems = Callable[[Record], Mapping[str, npt.NDArray[np.generic]]]

_MADE_HERE = {"baseline", "reason", "fingerprint", "fingerprint_parts", ROW_HASH}


def row_of(
    record: Record, items: ReadItems, wanted: Collection[str], metrics: MetricColumns
) -> Row:
    """The row of a record, with the per-image statistics of the wanted columns.

    Its standing among other rows is empty.

    Raises:
        PluginError: a metric gave a statistic that is not one number an image.
        IntegrityError: the record has a fact that has no column.
    """
    _check_keys(record, "facts", record.facts, FACTS)
    _check_keys(record, "cost", record.cost, RECORD_COST)
    _check_keys(record, "provenance", record.provenance, PROVENANCE)
    cells: dict[str, Cell] = {
        **{axis: _axis(record, axis) for axis in AXES},
        "status": record.status,
        **{"tie_group": None, "pareto": None, "flags": ""},
        **_numbers(record, metrics),
        "supervision": str(record.facts.get("supervision") or ""),
        "baseline": record.baseline,
        "latent_std": _float(record.facts.get("latent_std")),
        "reason": plain_reason(record.reason),
        **{name: _float(record.cost.get(name)) for name in COST},
        **{name: _text(record.provenance.get(name), name) for name in PROVENANCE},
        "fingerprint": short_fingerprint(record.fingerprint),
        "fingerprint_parts": to_json(record.fingerprint),
        "batch": record.provenance.get("batch"),
    }
    return Row(cells | {ROW_HASH: row_hash(cells)}, _items(record, items, wanted))


def _items(record: Record, items: ReadItems, wanted: Collection[str]) -> dict[str, Items]:
    if record.status != "ok" or not set(wanted) & set(record.items):
        return {}
    found = items(record)
    kept: dict[str, Items] = {}
    for name in wanted:
        if name not in found:
            continue
        values = found[name].astype(np.float64)
        if values.shape != (record.axes["n"],):
            raise PluginError(
                f"the metric of column '{name}' gave per-image statistics of shape "
                f"{values.shape} for {record.axes['n']} images; it must give one number an image"
            )
        shares = as_shares(values)
        kept[name] = values if shares is None else shares
    return kept


def _numbers(record: Record, metrics: MetricColumns) -> dict[str, float | None]:
    cells: dict[str, float | None] = {}
    for column in metrics.all:
        value = record.values.get(column.name) if record.status == "ok" else None
        cells[column.name] = value.value if value else None
        if column.interval:
            cells[f"{column.name}_low"] = value.low if value else None
            cells[f"{column.name}_high"] = value.high if value else None
    return cells


def _axis(record: Record, axis: str) -> Cell:
    value = record.axes[axis]
    return UNUSED if value is None and axis != "nfe" else value


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _text(value: object, name: str) -> str:
    if name in JSON_COLUMNS:
        return to_json(json.loads(value) if isinstance(value, str) else value or {})
    return "" if value is None else str(value)


def _check_keys(
    record: Record, part: str, found: Mapping[str, object], known: Sequence[str]
) -> None:
    unknown = sorted(set(found) - (set(known) - _MADE_HERE))
    if unknown:
        raise IntegrityError(
            f"record {record.identity} has {part} '{unknown[0]}', for which the board has no "
            "column; delete the record to compute the cell again"
        )
