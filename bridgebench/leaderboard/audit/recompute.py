"""Running the plans of single rows."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bridgebench.execute.clock import Clock
from bridgebench.execute.folder import RunFolder
from bridgebench.execute.progress import Progress
from bridgebench.execute.run import child_process, run_plan, this_process
from bridgebench.files.canonical_json import digest
from bridgebench.leaderboard.audit.rerun import Rerun
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.table.board import Board
from bridgebench.leaderboard.table.build import row_of
from bridgebench.plan.model import Group, Plan, PlannedCell


@dataclass(frozen=True)
class Recomputed:
    """A row computed again, with the statistic of each image, and why it failed if it did."""

    row: Row
    reason: str


def recompute(
    reruns: Mapping[int, Rerun], board: Board, progress: Progress, limit: float | None
) -> dict[int, Recomputed]:
    """The result of each rerun, by its number; none for one whose process ended before it began.

    Args:
        reruns: the rows.
        board: where they are from; the statistics of the column that ranks it are kept.
        progress: told of each cell.
        limit: seconds that a row may take, each then in a process of its own; None for no limit,
            rows of equal items and metrics then run together.
    """
    if limit is None:
        plans = {number: each.plan for number, each in reruns.items()}
        return _together(plans, board, progress)
    return _each(reruns, board, progress)


def _together(plans: Mapping[int, Plan], board: Board, progress: Progress) -> dict[int, Recomputed]:
    alike: dict[str, dict[int, Plan]] = {}
    for number, plan in plans.items():
        same = {name: part for name, part in plan.contract.items() if name != "seeds"}
        alike.setdefault(digest(same), {})[number] = plan
    found: dict[int, Recomputed] = {}
    for members in alike.values():
        with tempfile.TemporaryDirectory(prefix="bridgebench-verify-") as place:
            folder = RunFolder(Path(place))
            joined = _joined(tuple(members.values()))
            run_plan(joined, this_process(joined), folder, progress, Clock())
            found |= _read(folder, members, board)
    return found


def _each(reruns: Mapping[int, Rerun], board: Board, progress: Progress) -> dict[int, Recomputed]:
    found: dict[int, Recomputed] = {}
    for number, rerun in reruns.items():
        with tempfile.TemporaryDirectory(prefix="bridgebench-verify-") as place:
            folder = RunFolder(Path(place))
            workers = child_process(rerun.plan, rerun.choices)
            run_plan(rerun.plan, workers, folder, progress, Clock())
            found |= _read(folder, {number: rerun.plan}, board)
    return found


def _read(folder: RunFolder, plans: Mapping[int, Plan], board: Board) -> dict[int, Recomputed]:
    """The records of a folder that is about to go."""
    store = folder.records
    found = {}
    for number, plan in plans.items():
        record = store.read(plan.cells[0].identity)
        if record is not None:
            row = row_of(record, store.items, {board.task.ranked_by}, board.metrics)
            found[number] = Recomputed(row, record.reason)
    return found


def _joined(plans: Sequence[Plan]) -> Plan:
    """One plan of the cells of several, which share their encodes again."""
    groups: dict[tuple[object, ...], list[PlannedCell]] = {}
    for plan in plans:
        (planned,) = plan.cells
        keys = tuple(key for _, key in planned.shared) or (planned.identity,)
        groups.setdefault((planned.cell.seed, *keys), []).append(planned)
    joined = tuple(
        Group(members[0].cell.seed, members[0].shared, tuple(members))
        for members in groups.values()
    )
    seeds = tuple(dict.fromkeys(group.seed for group in joined))
    return replace(plans[0], groups=joined, seeds=seeds)
