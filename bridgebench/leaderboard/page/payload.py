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
from bridgebench.leaderboard.audit.validate import rows_of_table
from bridgebench.leaderboard.audit.verifications import Verification, trust_of
from bridgebench.leaderboard.csv.columns import AXES, COST, MetricColumns
from bridgebench.leaderboard.csv.row import Row, sections
from bridgebench.leaderboard.render.notes import notes
from bridgebench.leaderboard.table.board import Board
from bridgebench.leaderboard.table.build import to_frame
from bridgebench.leaderboard.table.expectations import unmet
from bridgebench.leaderboard.table.flags import is_rankable, meaning
from bridgebench.leaderboard.table.merge import (
    NamedBoard,
    PlacedRow,
    all_columns,
    placed_rows,
    rank_anew,
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
    verifications  what stands beside that file
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
    named = [NamedBoard(each.name, each.board) for each in members]
    metrics = all_columns(named)
    groups: dict[Group, list[PlacedRow]] = {}
    for row in without_repeats(placed_rows(named)):
        groups.setdefault(_group(row.cells), []).append(row)
    verifications = [one for each in members for one in each.verifications]
    pairs = {each.name: each.board.pairs for each in members}
    task = members[0].board.task
    return [
        _board(task, group, rank_anew(rows, task, metrics), metrics, verifications, pairs)
        for group, rows in sorted(groups.items())
    ]


def _group(cells: Mapping[Any, Any]) -> Group:
    return (cells["task"], cells["protocol"], cells["n"], cells["fingerprint"])


def _board(
    task: TaskFile,
    group: Group,
    placed: Sequence[PlacedRow],
    metrics: MetricColumns,
    verifications: Sequence[Verification],
    pairs: Mapping[str, Sequence[PairCount]],
) -> dict[str, Any]:
    name, protocol, n, fingerprint = group
    table = to_frame([row.cells for row in placed], metrics)
    rows = rows_of_table(table, metrics)
    return {
        "id": f"{name}-{protocol}-{fingerprint[:6]}",
        "task": name,
        "summary": task.summary,
        "protocol": protocol,
        "n": n,
        "fingerprint": fingerprint,
        "parts": json.loads(placed[0].cells["fingerprint_parts"]),
        "rankedBy": task.ranked_by,
        "pareto": list(task.pareto),
        "exact": task.convergence.column if task.convergence else "",
        "primary": [column.name for column in metrics.primary],
        "columns": [
            _column(column, own)
            for column, own in metrics.measured
            if table[column.name].notna().any()
        ],
        "flags": [_flag(rule) for rule in task.flags],
        "axes": _telling(table[list(AXES)].to_dict("list")),
        "notes": _notes(table, task, metrics, _members(placed, rows, pairs)),
        "warnings": unmet(rows, task, metrics),
        "files": list(dict.fromkeys(row.file for row in placed)),
        "rows": list(_rows(placed, rows, task, metrics, verifications)),
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


def _telling(axes: Mapping[Any, Sequence[Any]]) -> list[str]:
    """The axes that tell rows apart."""
    used = {name: {str(v) for v in values} - {"-", "<NA>"} for name, values in axes.items()}
    return [name for name in AXES if name in ("method", "transform") or len(used[name]) > 1]


def _members(
    placed: Sequence[PlacedRow], rows: Sequence[Row], pairs: Mapping[str, Sequence[PairCount]]
) -> list[tuple[list[int], PairCount | None]]:
    """The rows of each section, with the count of its pairs if one file has all of them."""
    found = []
    for section, members in sections(rows).items():
        files = {placed[index].file for index in members if rows[index].competes}
        counts = [count for file in files for count in pairs[file] if count.section == section]
        found.append((list(members), counts[0] if len(files) == 1 and counts else None))
    return found


def _notes(
    table: Any,
    task: TaskFile,
    metrics: MetricColumns,
    members: Sequence[tuple[list[int], PairCount | None]],
) -> list[str]:
    said = [list(notes(table.iloc[own], task, metrics, pairs)) for own, pairs in members]
    if len(said) == 1:
        return said[0]
    seeds = [table["seed"].iloc[own[0]] for own, _ in members]
    return [f"Seed {seed}: {note}" for seed, part in zip(seeds, said, strict=True) for note in part]


def _rows(
    placed: Sequence[PlacedRow],
    rows: Sequence[Row],
    task: TaskFile,
    metrics: MetricColumns,
    verifications: Sequence[Verification],
) -> Iterable[dict[str, Any]]:
    seen: Counter[str] = Counter()
    ranks: Counter[int] = Counter()
    for row, own in zip(placed, rows, strict=True):
        cells = row.cells
        identity = identity_of(own.axes)
        seen[identity] += 1
        ranked = is_rankable(own, task.flags) and own.value(task.ranked_by) is not None
        ranks[cells["seed"]] += ranked
        again = f"-{seen[identity]}" if seen[identity] > 1 else ""
        yield {
            "id": f"{identity[:12]}{again}",
            "strip": identity,
            "file": row.file,
            "number": row.number,
            "rank": ranks[cells["seed"]] if ranked else None,
            "command": _command(row),
            "axes": dict(own.axes),
            "flags": cells["flags"].split(),
            "values": {column.name: _value(cells, column) for column in metrics.all},
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


def _command(row: PlacedRow) -> str:
    """What to type to compute the row again, in the quotes that a shell needs."""
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


def _value(cells: Mapping[Any, Any], column: Column) -> list[float | None]:
    """The number alone, or with both ends of its interval."""
    if not column.interval:
        return [cells[column.name]]
    return [cells[column.name], cells[f"{column.name}_low"], cells[f"{column.name}_high"]]
