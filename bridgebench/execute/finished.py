"""Which cells of a plan are finished already; imports no torch, so that a finished run is quick."""

from __future__ import annotations

import warnings

from bridgebench.errors import IntegrityError
from bridgebench.execute.records import Record, RecordStore, RecordWarning
from bridgebench.plan.model import Plan, PlannedCell


def all_finished(plan: Plan, records: RecordStore) -> bool:
    """Whether every cell of a plan has a valid record."""
    try:
        return all(_sound(records, cell) is not None for cell in plan.cells)
    except (IntegrityError, OSError):
        return False


def valid_record(records: RecordStore, cell: PlannedCell) -> Record | None:
    """The record of a cell if it is whole, succeeded, and was made from what the plan would use.

    A RecordWarning names one that is damaged.
    """
    try:
        return _sound(records, cell)
    except (IntegrityError, OSError) as error:
        warnings.warn(f"a cell is computed again: {error}", RecordWarning, stacklevel=2)
        return None


def _sound(records: RecordStore, cell: PlannedCell) -> Record | None:
    record = records.read(cell.identity)
    if record is None or record.key != cell.key or record.status in ("failed", "timeout"):
        return None
    records.check_items(record)
    return record
