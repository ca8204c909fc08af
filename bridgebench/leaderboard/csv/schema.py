"""What each column of a board may hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import pandas as pd
import pandera.pandas as pa

from bridgebench.execute.records import Status
from bridgebench.interfaces.method import Supervision
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import (
    AXES,
    COST,
    HEAD,
    PROVENANCE,
    TAIL,
    TEXT_AXES,
    MetricColumns,
    arrange,
)
from bridgebench.leaderboard.csv.row import FINGERPRINT_LENGTH
from bridgebench.leaderboard.csv.row_hash import SEAL
from bridgebench.leaderboard.table.build import dtype_of
from bridgebench.tasks.task_file import TaskFile


def board_schema(task: TaskFile, columns: Sequence[Column]) -> pa.DataFrameSchema:
    """The schema of a task's board whose metrics give `columns`.

    Types, ranges, allowed words, no two rows of equal axes, and no metric without status ok.
    """
    metrics = arrange(task, columns)
    checks = _checks(task, metrics)
    order = (*HEAD, *metrics.names, *TAIL)
    return pa.DataFrameSchema(
        {
            name: pa.Column(
                dtype_of(name, metrics), checks.get(name, []), nullable=name not in _ALWAYS
            )
            for name in order
        },
        checks=[_empty_unless_ok(name) for name in metrics.names],
        strict=True,
        ordered=True,
        unique=list(AXES),
        report_duplicates="exclude_first",
    )


_ALWAYS = {
    *TEXT_AXES,
    "seed",
    "n",
    "status",
    "flags",
    "supervision",
    "baseline",
    "reason",
    *PROVENANCE,
}


def _checks(task: TaskFile, metrics: MetricColumns) -> dict[str, list[pa.Check]]:
    filled = {axis: [_says(pa.Check.str_length(min_value=1), "must not be empty")] for axis in AXES}
    del filled["nfe"], filled["seed"], filled["n"]
    words = {
        "task": _one_of([task.name]),
        "protocol": _one_of(list(task.protocols)),
        "status": _one_of(list(get_args(Status))),
        "supervision": _one_of([*(word.value for word in Supervision), ""]),
        "fingerprint": _says(
            pa.Check.str_matches(rf"^([0-9a-f]{{{FINGERPRINT_LENGTH}}})?$"),
            f"must be {FINGERPRINT_LENGTH} hexadecimal digits",
        ),
        SEAL: _says(pa.Check.str_matches(r"^[0-9a-f]{64}$"), "must be a sha256"),
    }
    lows = {"nfe": 1, "seed": 0, "n": 1, "tie_group": 1, "batch": 1, "latent_std": 0}
    lows |= dict.fromkeys(COST, 0)
    return (
        filled
        | {name: [check] for name, check in words.items()}
        | {name: [_at_least(low)] for name, low in lows.items()}
        | {column.name: _range(column) for column in metrics.all}
    )


def _range(column: Column) -> list[pa.Check]:
    low = [] if column.low is None else [_at_least(column.low)]
    high = (
        []
        if column.high is None
        else [_says(pa.Check.le(column.high), f"must be at most {column.high:g}")]
    )
    return low + high


def _at_least(low: float) -> pa.Check:
    return _says(pa.Check.ge(low), f"must be at least {low:g}")


def _one_of(words: Sequence[str]) -> pa.Check:
    shown = ", ".join(word or "empty" for word in words)
    return _says(pa.Check.isin(words), f"must be one of {shown}")


def _says(check: pa.Check, message: str) -> pa.Check:
    check.error = message
    return check


def _empty_unless_ok(name: str) -> pa.Check:
    def holds(table: pd.DataFrame) -> pd.Series[bool]:
        return table["status"].eq("ok") | table[name].isna()

    return pa.Check(holds, name=name, error=f"{name}: must be empty where status is not ok")
