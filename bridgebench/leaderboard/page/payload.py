"""What the page is made of, as JSON values: boards, their columns and their rows."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.audit.verifications import Verification, trust_of
from bridgebench.leaderboard.csv.columns import AXES, COST, MetricColumns
from bridgebench.leaderboard.csv.row import Row, sections
from bridgebench.leaderboard.csv.text_cells import UNUSED
from bridgebench.leaderboard.render.console import ALWAYS_SHOWN
from bridgebench.leaderboard.render.notes import notes
from bridgebench.leaderboard.table.board import Board
from bridgebench.leaderboard.table.expectations import unmet
from bridgebench.leaderboard.table.flags import is_rankable, meaning
from bridgebench.leaderboard.table.merge import (
    all_columns,
    combined_rows,
    rank_again,
    without_repeats,
)
from bridgebench.leaderboard.table.pairs import PairCount
from bridgebench.plan.model import identity_of
from bridgebench.tasks.task_file import FlagRule, TaskFile

Group = tuple[str, str, int, str]


@dataclass(frozen=True)
class Shown:
    """A board on the page.

    name           the file that it came from, as the page calls it
    verifications  those beside that file
    strips         the folder of its rows' pictures, where there is one
    """

    name: str
    board: Board
    verifications: tuple[Verification, ...] = ()
    strips: Path | None = None


def payload(shown: Sequence[Shown]) -> dict[str, Any]:
    """All that the page's script is given."""
    tasks: dict[str, list[Shown]] = {}
    for each in shown:
        tasks.setdefault(each.board.task.name, []).append(each)
    boards = [board for members in tasks.values() for board in _boards_of(members)]
    return {"version": version("bridgebench"), "boards": boards}


def _boards_of(members: Sequence[Shown]) -> list[dict[str, Any]]:
    """The boards of one task: rows whose numbers mean the same, from whichever file."""
    named = [(each.name, each.board) for each in members]
    metrics = all_columns(named)
    groups: dict[Group, list[Row]] = {}
    for row in without_repeats(combined_rows(named)):
        task, protocol, fingerprint, n, _ = row.section
        groups.setdefault((task, protocol, n, fingerprint), []).append(row)
    verifications = [one for each in members for one in each.verifications]
    pairs = {each.name: each.board.pairs for each in members}
    own = members[0].board.task
    return [
        _board(own, group, rank_again(rows, own, metrics), metrics, verifications, pairs)
        for group, rows in sorted(groups.items())
    ]


def _board(
    task: TaskFile,
    group: Group,
    rows: Sequence[Row],
    metrics: MetricColumns,
    verifications: Sequence[Verification],
    pairs: Mapping[str, Sequence[PairCount]],
) -> dict[str, Any]:
    name, protocol, n, fingerprint = group
    return {
        "id": f"{name}-{protocol}-{fingerprint[:6]}",
        "task": name,
        "summary": task.summary,
        "protocol": protocol,
        "n": n,
        "fingerprint": fingerprint,
        "parts": json.loads(rows[0].cells["fingerprint_parts"]),
        "rankedBy": task.ranked_by,
        "pareto": list(task.pareto),
        "exact": task.convergence.column if task.convergence else "",
        "primary": [column.name for column in metrics.primary],
        "columns": [
            _column(column, own)
            for column, own in metrics.measured
            if any(row.value(column.name) is not None for row in rows)
        ],
        "flags": [_flag(rule) for rule in task.flags],
        "axes": [
            axis
            for axis in AXES
            if axis in ALWAYS_SHOWN or len({row.cells[axis] for row in rows} - {UNUSED}) > 1
        ],
        "notes": _notes(rows, task, metrics, pairs),
        "warnings": unmet(rows, task, metrics),
        "files": list(dict.fromkeys(row.file for row in rows)),
        "rows": list(_rows(rows, task, metrics, verifications)),
    }


def _column(column: Column, own: Column) -> dict[str, Any]:
    """A column; `of` names the one whose chance column it is, and is "" for any other."""
    return {
        "name": column.name,
        "of": "" if column is own else own.name,
        "unit": column.unit,
        "better": column.better,
        "about": column.description,
        "interval": column.interval,
    }


def _flag(rule: FlagRule) -> dict[str, Any]:
    return {"name": rule.name, "about": meaning(rule), "copying": rule.copying}


def _notes(
    rows: Sequence[Row],
    task: TaskFile,
    metrics: MetricColumns,
    pairs: Mapping[str, Sequence[PairCount]],
) -> list[str]:
    said = []
    for section, members in sections(rows).items():
        own = [rows[index] for index in members]
        files = {row.file for row in own if row.competes}
        counts = [count for file in files for count in pairs[file] if count.section == section]
        # The count is that of the section if one file has all of its ranked rows.
        count = counts[0] if len(files) == 1 and counts else None
        said.append((own[0].seed, list(notes(own, task, metrics, count))))
    if len(said) == 1:
        return said[0][1]
    return [f"Seed {seed}: {note}" for seed, part in said for note in part]


def _rows(
    rows: Sequence[Row],
    task: TaskFile,
    metrics: MetricColumns,
    verifications: Sequence[Verification],
) -> Iterable[dict[str, Any]]:
    seen: Counter[str] = Counter()
    ranks: Counter[int] = Counter()
    for row in rows:
        cells = row.cells
        identity = identity_of(row.axes)
        seen[identity] += 1
        ranked = is_rankable(row, task.flags) and row.value(task.ranked_by) is not None
        ranks[cells["seed"]] += ranked
        again = f"-{seen[identity]}" if seen[identity] > 1 else ""
        yield {
            "id": f"{identity[:12]}{again}",
            "strip": identity,
            "file": row.file,
            "number": row.number,
            "rank": ranks[cells["seed"]] if ranked else None,
            "command": _command(row),
            "axes": dict(row.axes),
            "flags": cells["flags"].split(),
            "values": {column.name: _value(row, column) for column in metrics.all},
            "cost": {name: cells[name] for name in COST},
            **{name: cells[name] for name in _AS_IT_STANDS},
            **{name: json.loads(cells[name]) for name in ("options", "plugins", "weights")},
            "trust": trust_of(cells["row_sha256"], verifications).value,
            "verifications": [
                one.model_dump(mode="json")
                for one in verifications
                if one.row_sha256 == cells["row_sha256"]
            ],
        }


def _command(row: Row) -> str:
    """The command that computes the row again, quoted for a shell."""
    file = f"./{row.file}" if row.file.startswith("-") else row.file
    return f"bridgebench leaderboard verify {shlex.quote(file)} --rows {row.number}"


_AS_IT_STANDS = (
    "status",
    "reason",
    "baseline",
    "tie_group",
    "pareto",
    "supervision",
    "latent_std",
    "torch",
    "bridgebench",
    "device",
    "precision",
    "batch",
    "row_sha256",
)


def _value(row: Row, column: Column) -> list[float | None]:
    """The number alone, or with both ends of its interval."""
    return [*row.estimate(column)] if column.interval else [row.value(column.name)]
