"""Computing published rows again, from what the CSV says of them and nothing else."""

from __future__ import annotations

import datetime
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bridgebench.canonical import digest
from bridgebench.errors import InvalidOption
from bridgebench.execute.folder import RunFolder
from bridgebench.execute.guarded import GuardedRun
from bridgebench.execute.local import LocalRun
from bridgebench.execute.progress import Progress
from bridgebench.execute.records import Record
from bridgebench.leaderboard.board import Board
from bridgebench.leaderboard.columns import COUNTS, MetricColumns
from bridgebench.leaderboard.rerun import Missing, Rerun, Sources, plan_of
from bridgebench.leaderboard.rows import Row
from bridgebench.leaderboard.validate import rows_of_table
from bridgebench.leaderboard.verifications import Verification
from bridgebench.plan.machine import resolve_device
from bridgebench.plan.model import Group, Plan, PlannedCell
from bridgebench.registry import Registry

RELATIVE = 1e-3
OF_HALF_WIDTH = 0.25
"""A number is the same within 1e-3 of it, or a quarter of its interval's half-width."""

Cells = Mapping[Any, Any]


class Verdict(StrEnum):
    """What came of computing a row again."""

    REPRODUCED = "reproduced"
    DIFFERS = "differs"
    CANNOT = "cannot"


@dataclass(frozen=True)
class Deviation:
    """A number as published and as found here, None where the row has none."""

    column: str
    published: float | None
    found: float | None
    tolerance: float

    @property
    def share(self) -> float:
        """How much of the tolerance is used; above 1 the number differs."""
        if self.published is None or self.found is None:
            return 0.0 if self.published is self.found else float("inf")
        distance = abs(self.published - self.found)
        if distance <= self.tolerance:
            return distance / self.tolerance if self.tolerance else 0.0
        return distance / self.tolerance if self.tolerance else float("inf")

    def __str__(self) -> str:
        """The figures."""
        found, published = _figure(self.found), _figure(self.published)
        return f"{self.column} {found}, published {published}, tolerance {self.tolerance:.3g}"


@dataclass(frozen=True)
class Answer:
    """What can be said of a row.

    number      the row in the file, from 1
    deviations  every number that was compared; none where the row could not be computed
    missing     why it could not
    """

    number: int
    row: Row
    row_sha256: str
    verdict: Verdict
    deviations: tuple[Deviation, ...] = ()
    missing: str = ""

    @property
    def differing(self) -> tuple[Deviation, ...]:
        """The numbers that came out otherwise."""
        return tuple(each for each in self.deviations if each.share > 1)

    def __str__(self) -> str:
        """One line: the row, the verdict, and the figures or what is missing."""
        if self.verdict is Verdict.CANNOT:
            said = self.missing
        elif self.verdict is Verdict.DIFFERS:
            said = "; ".join(str(each) for each in self.differing)
        else:
            worst = max(self.deviations, key=lambda each: each.share)
            said = f"{len(self.deviations)} numbers, the furthest: {worst}"
        return f"row {self.number}: {self.verdict}: {self.row}: {said}"


@dataclass(frozen=True)
class Verifier:
    """Computes rows of a board again.

    device     `auto`, or where to compute
    task_file  the file of a task that is not installed
    limit      seconds that a row may take; each is then computed in a process of its own
    """

    board: Board
    registry: Registry
    progress: Progress
    device: str = "auto"
    sources: Sources = "same"
    task_file: Path | None = None
    limit: float | None = None

    def verify(self, numbers: Sequence[int]) -> list[Answer]:
        """An answer for each of the rows, counted from 1, in their order."""
        resolve_device(self.device)
        cells = self.board.table.to_dict("records")
        rows = rows_of_table(self.board.table, self.board.metrics)
        reruns: dict[int, Rerun] = {}
        missing: dict[int, str] = {}
        for number in numbers:
            try:
                reruns[number] = self._rerun(cells[number - 1])
            except Missing as error:
                missing[number] = str(error)
        if self.limit is None:
            records = _run({n: each.plan for n, each in reruns.items()}, self.progress)
        else:
            records = _run_guarded(reruns, self.progress, self.limit)
        answers = []
        for number in numbers:
            row, own = rows[number - 1], cells[number - 1]
            if number in records:
                answers.append(_answer(number, row, own, records[number], self.board.metrics))
            else:
                why = missing.get(number, "its process ended before the row was begun")
                answers.append(Answer(number, row, own["row_sha256"], Verdict.CANNOT, (), why))
        return answers

    def _rerun(self, cells: Cells) -> Rerun:
        return plan_of(
            cells,
            self.registry,
            self.board.task,
            task_file=self.task_file,
            device=self.device,
            sources=self.sources,
            limit=self.limit,
        )


def chosen_rows(board: Board, rows: str, sample: int | None) -> list[int]:
    """The numbers of the rows to compute: those named, a random sample, or all that are ok.

    The sample is drawn from the operating system's randomness on purpose: nobody who publishes a
    board can know which rows will be looked at.

    InvalidOption for a row that is not there.
    """
    with_numbers = [
        number for number, status in enumerate(board.table["status"], start=1) if status == "ok"
    ]
    if rows:
        return _named_rows(rows, len(board.table))
    if sample is None:
        return with_numbers
    if sample < 1:
        raise InvalidOption(f"--sample {sample} asks for no row; give 1 or more")
    drawn = random.SystemRandom().sample(with_numbers, min(sample, len(with_numbers)))
    return sorted(drawn)


def deviations(cells: Cells, record: Record, metrics: MetricColumns) -> tuple[Deviation, ...]:
    """Every number of a row as published and as a record has it; counts must be equal.

    A chance value is as certain as the number it belongs to, whose interval says how much that is.
    """
    found = []
    for column, own in metrics.measured:
        value = record.values.get(column.name)
        published = _present(cells[column.name])
        interval = (
            (_present(cells[f"{own.name}_low"]), _present(cells[f"{own.name}_high"]))
            if own.interval
            else (None, None)
        )
        here = value.value if value else None
        found.append(Deviation(column.name, published, here, tolerance(published, *interval)))
    for name in COUNTS:
        count = record.cost.get(name)
        here = None if count is None else float(count)
        found.append(Deviation(name, _present(cells[name]), here, 0.0))
    return tuple(found)


def tolerance(published: float | None, low: float | None, high: float | None) -> float:
    """How far a number may lie from the published one and still be the same.

    >>> tolerance(40.0, 36.0, 44.0), tolerance(40.0, None, None)
    (1.0, 0.04)
    """
    relative = RELATIVE * abs(published or 0.0)
    if low is None or high is None:
        return relative
    return max(relative, OF_HALF_WIDTH * (high - low) / 2)


def verifications_of(
    answers: Sequence[Answer], by: str, device: str, sources: Sources
) -> tuple[Verification, ...]:
    """What somebody can say of the rows that could be computed."""
    return tuple(
        Verification(
            row_sha256=answer.row_sha256,
            verdict="differs" if answer.verdict is Verdict.DIFFERS else "reproduced",
            by=by,
            date=datetime.datetime.now(datetime.UTC).date(),
            bridgebench=version("bridgebench"),
            torch=version("torch"),
            device=resolve_device(device).type,
            sources=sources,
            differing=tuple(each.column for each in answer.differing),
        )
        for answer in answers
        if answer.verdict is not Verdict.CANNOT
    )


def exit_status(answers: Sequence[Answer]) -> int:
    """0 where every row was reproduced, 1 where one differs, 2 where one could not be computed."""
    verdicts = {answer.verdict for answer in answers}
    if Verdict.DIFFERS in verdicts:
        return 1
    return 2 if Verdict.CANNOT in verdicts else 0


def _named_rows(text: str, there: int) -> list[int]:
    numbers: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not (first.isdecimal() and (last.isdecimal() if dash else True)):
            raise InvalidOption(f"--rows {text} must be row numbers from 1, such as 1,4-6")
        begin, end = int(first), int(last or first)
        if not 1 <= begin <= end <= there:
            raise InvalidOption(f"--rows {text}: the file has the rows 1 to {there}")
        numbers += range(begin, end + 1)
    return list(dict.fromkeys(numbers))


def _run(plans: Mapping[int, Plan], progress: Progress) -> dict[int, Record]:
    """The record of each plan's cell, those of equal items and metrics run together."""
    together: dict[str, dict[int, Plan]] = {}
    for number, plan in plans.items():
        same = {name: part for name, part in plan.contract.items() if name != "seeds"}
        together.setdefault(digest(same), {})[number] = plan
    records = {}
    for members in together.values():
        with tempfile.TemporaryDirectory(prefix="bridgebench-verify-") as place:
            folder = RunFolder(Path(place))
            LocalRun(_joined(tuple(members.values())), folder, progress).run()
            for number, plan in members.items():
                record = folder.records.read(plan.cells[0].identity)
                if record is not None:
                    records[number] = record
    return records


def _run_guarded(
    reruns: Mapping[int, Rerun], progress: Progress, limit: float
) -> dict[int, Record]:
    """The record of each row's cell, each computed in a process of its own."""
    records = {}
    for number, rerun in reruns.items():
        with tempfile.TemporaryDirectory(prefix="bridgebench-verify-") as place:
            folder = RunFolder(Path(place))
            GuardedRun(rerun.plan, rerun.choices, folder, progress, limit).run()
            record = folder.records.read(rerun.plan.cells[0].identity)
            if record is not None:
                records[number] = record
    return records


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


def _answer(number: int, row: Row, cells: Cells, record: Record, metrics: MetricColumns) -> Answer:
    own = cells["row_sha256"]
    if record.status != "ok":
        reason = f"status {record.status} here: {record.reason}"
        return Answer(number, row, own, Verdict.CANNOT, (), reason)
    found = deviations(cells, record, metrics)
    differs = any(each.share > 1 for each in found)
    return Answer(number, row, own, Verdict.DIFFERS if differs else Verdict.REPRODUCED, found)


def _present(value: Any) -> float | None:
    return None if value != value or value is None else float(value)


def _figure(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.6g}"
