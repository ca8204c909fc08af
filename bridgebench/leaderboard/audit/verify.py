"""Computing published rows again, from what the CSV says of them alone."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

from bridgebench.errors import InvalidOption
from bridgebench.execute.progress import Progress
from bridgebench.files.printable import printable
from bridgebench.leaderboard.audit.deviations import Deviation, deviations
from bridgebench.leaderboard.audit.recompute import Recomputed, recompute
from bridgebench.leaderboard.audit.recomputed_ties import Ties, compare_ties
from bridgebench.leaderboard.audit.rerun import Missing, Rerun, plan_of
from bridgebench.leaderboard.audit.verifications import Found, Verification
from bridgebench.leaderboard.csv.columns import ROW_HASH
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.table.board import Board
from bridgebench.plan.machine import device_type, resolve_device
from bridgebench.plugins.registry import Registry


class Verdict(StrEnum):
    """The result of computing a row again.

    REPRODUCED  its outputs were made again and scored the same
    RESCORED    its outputs, made elsewhere, were scored again; how they were made is not known
    DIFFERS     a number came out otherwise
    CANNOT      it could not be computed
    """

    REPRODUCED = "reproduced"
    RESCORED = "rescored"
    DIFFERS = "differs"
    CANNOT = "cannot"


@dataclass(frozen=True)
class Answer:
    """The result for a row.

    number       the row in the file, from 1
    deviations   every cell that was compared; none where the row could not be computed
    missing      why it could not
    differences  sources that are not those that the row names, a line each
    """

    number: int
    row: Row
    verdict: Verdict
    deviations: tuple[Deviation, ...] = ()
    missing: str = ""
    differences: tuple[str, ...] = ()

    @property
    def differing(self) -> tuple[Deviation, ...]:
        """The cells that came out otherwise."""
        return tuple(each for each in self.deviations if each.share > 1)

    def lines(self) -> Iterator[str]:
        """The row with its verdict and figures or what is missing; below it, other sources."""
        if self.verdict is Verdict.CANNOT:
            said = self.missing
        elif self.verdict is Verdict.DIFFERS:
            said = "; ".join(str(each) for each in self.differing)
        else:
            worst = max(self.deviations, key=lambda each: each.share)
            said = f"{len(self.deviations)} cells, the furthest: {worst}"
        yield printable(f"row {self.number}: {self.verdict}: {self.row}: {said}")
        for line in self.differences:
            yield printable(f"    other source: {line}")


@dataclass(frozen=True)
class Report:
    """The results for several rows.

    notes  what was not verified, a line each
    """

    answers: tuple[Answer, ...]
    notes: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """0 where no number differs, 1 where one does, 2 where a row could not be computed."""
        verdicts = {answer.verdict for answer in self.answers}
        if Verdict.DIFFERS in verdicts:
            return 1
        return 2 if Verdict.CANNOT in verdicts else 0


@dataclass(frozen=True)
class Verifier:
    """Computes rows of a board again.

    device        `auto`, or where to compute
    task_file     the file of a task that is not installed
    weights_path  folders to search for files that a row names by their hash
    limit         seconds that a row may take; each is then computed in a process of its own
    """

    board: Board
    registry: Registry
    progress: Progress
    device: str = "auto"
    task_file: Path | None = None
    weights_path: tuple[Path, ...] = ()
    limit: float | None = None

    def verify(self, numbers: Sequence[int]) -> Report:
        """An answer for each of the rows, counted from 1, in their order."""
        here = device_type(resolve_device(self.device))
        rows = self.board.rows
        reruns: dict[int, Rerun] = {}
        missing: dict[int, Missing] = {}
        for number in numbers:
            try:
                reruns[number] = self._rerun(rows[number - 1])
            except Missing as error:
                missing[number] = error
        found = recompute(reruns, self.board, self.progress, self.limit)
        again = {number - 1: each.row for number, each in found.items()}
        column = self.board.metrics.named(self.board.task.ranked_by)
        ties = compare_ties(rows, again, self.board.task, column)
        answers = []
        for number in numbers:
            answer = Answer(number, rows[number - 1], Verdict.CANNOT)
            if number in missing:
                why = missing[number]
                answer = replace(answer, missing=str(why), differences=why.differences)
            else:
                answer = replace(answer, differences=reruns[number].differences)
                answer = self._compared(answer, reruns[number], found.get(number), ties, here)
            answers.append(answer)
        other = sorted({rows[n - 1].cells["device"] for n in found} - {here})
        times = (f"seconds of rows from {', '.join(other)}: computed on {here}",) if other else ()
        return Report(tuple(answers), (*ties.notes, *times, "peak_memory_mb of all rows"))

    def _rerun(self, row: Row) -> Rerun:
        return plan_of(
            row,
            self.registry,
            self.board.task,
            task_file=self.task_file,
            device=self.device,
            weights_path=self.weights_path,
            limit=self.limit,
        )

    def _compared(
        self,
        answer: Answer,
        rerun: Rerun,
        found: Recomputed | None,
        ties: Ties,
        here: str,
    ) -> Answer:
        if found is None:
            return replace(answer, missing="its process ended before the row was begun")
        if not found.row.ok:
            status = found.row.cells["status"]
            return replace(answer, missing=f"status {status} here: {found.reason}")
        same_device = answer.row.cells["device"] == here
        compared = deviations(answer.row, found.row, self.board.metrics, same_device)
        group = ties.deviations.get(answer.number - 1)
        compared = compared if group is None else (*compared, group)
        same = Verdict.RESCORED if rerun.made_elsewhere else Verdict.REPRODUCED
        differs = any(each.share > 1 for each in compared)
        return replace(answer, verdict=Verdict.DIFFERS if differs else same, deviations=compared)


def chosen_rows(board: Board, rows: str, sample: int | None) -> list[int]:
    """The numbers of the rows to compute: those named, a random sample, or all that are ok.

    The sample is drawn from the operating system's randomness, so that the author of a board cannot
    know which rows will be checked.

    InvalidOption for a row that is not there.
    """
    with_numbers = [number for number, row in enumerate(board.rows, start=1) if row.ok]
    if rows:
        return _named_rows(rows, len(board.rows))
    if sample is None:
        return with_numbers
    if sample < 1:
        raise InvalidOption(f"--sample {sample} asks for no row; give 1 or more")
    drawn = random.SystemRandom().sample(with_numbers, min(sample, len(with_numbers)))
    return sorted(drawn)


def verifications_of(answers: Sequence[Answer], by: str, device: str) -> tuple[Verification, ...]:
    """The verdicts on the rows that could be computed, signed with a name."""
    return tuple(
        Verification(
            row_sha256=answer.row.cells[ROW_HASH],
            verdict=_WORDS[answer.verdict],
            by=by,
            date=datetime.datetime.now(datetime.UTC).date(),
            bridgebench=version("bridgebench"),
            torch=version("torch"),
            device=device_type(resolve_device(device)),
            sources="any" if answer.differences else "same",
            differing=tuple(each.column for each in answer.differing),
        )
        for answer in answers
        if answer.verdict in _WORDS
    )


_WORDS: dict[Verdict, Found] = {
    Verdict.REPRODUCED: "reproduced",
    Verdict.RESCORED: "rescored",
    Verdict.DIFFERS: "differs",
}


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
