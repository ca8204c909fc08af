"""The hash of a row, by which a number that was changed afterwards is noticed.

It guards against damage and careless edits. It is no signature: whoever means to deceive computes
it anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bridgebench.files.canonical_json import digest
from bridgebench.leaderboard.csv.columns import COST, COUNTS

SEAL = "row_sha256"
STANDS = frozenset({"tie_group", "pareto", "flags"})
"""What follows from the numbers, the task and the other rows, which are checked instead."""

UNSEALED = STANDS | (set(COST) - set(COUNTS)) | {SEAL}
"""Columns that two runs of one cell need not agree on: standing, seconds and memory."""


def seal(cells: Mapping[Any, object]) -> str:
    """sha256 of what a row says, the same whenever and beside whatever its cell is computed.

    Standing, seconds and memory do not count, and neither do empty cells, so that a board may gain
    a column that the row does not have.

    >>> seal({"method": "ddib", "fid": 40.0}) == seal({"method": "ddib", "fid": 40.0, "kid": None})
    True
    """
    texts = {str(name): written(value, str(name)) for name, value in cells.items()}
    return digest({name: text for name, text in texts.items() if text and name not in UNSEALED})


def written(value: object, column: str) -> str:
    """A value as it stands in the file.

    >>> written(0.1, "fid"), written(20.0, "nfe_total"), written(True, "pareto"), written(None, "n")
    ('0.1', '20', 'true', '')
    """
    if value is pd.NA or value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, float):
        return str(value)
    return str(int(value)) if column in COUNTS and value.is_integer() else repr(value)
