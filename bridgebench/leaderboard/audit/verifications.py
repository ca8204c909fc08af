"""Who reproduced which row: `verifications.json` beside the CSV files that it is about.

A row is found by its hash, so that what was verified stays with the row when boards are merged or
published, and is void when the row changes. The file is a claim: it is as good as the review that
it went through, and no signature.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from bridgebench.errors import IntegrityError, OutputError
from bridgebench.files.atomic import write_atomically
from bridgebench.files.printable import printable
from bridgebench.files.regular_files import read_untrusted
from bridgebench.files.strict_json import loads
from bridgebench.leaderboard.csv.text_cells import objection
from bridgebench.tasks.task_file import first_problem

FILE_NAME = "verifications.json"
MAX_BYTES = 8 * 2**20

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Found = Literal["reproduced", "rescored", "differs"]
Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Trust(StrEnum):
    """How far a row's numbers were confirmed."""

    SELF_REPORTED = "self-reported"
    RESCORED = "rescored"
    VERIFIED = "verified"
    DISPUTED = "disputed"


class Verification(BaseModel):
    """Somebody computed a row again.

    row_sha256   the row
    verdict      whether the numbers came out again; rescored: of outputs that were made elsewhere
    by           who says so
    date         when
    bridgebench, torch, device   with what
    sources      same: the plugins' sources are those that the row names; any: they may be others
    differing    the columns that came out otherwise
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    row_sha256: Sha256
    verdict: Found
    by: Word
    date: datetime.date
    bridgebench: Word
    torch: Word
    device: Word
    sources: Literal["same", "any"]
    differing: tuple[Word, ...] = Field((), max_length=1000)

    @field_validator("by", "bridgebench", "torch", "device")
    @classmethod
    def _plain(cls, text: str) -> str:
        fault = objection(text)
        if fault:
            raise ValueError(fault)
        return text


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    verifications: tuple[Verification, ...] = ()


def beside(csv: Path) -> Path:
    """The file that says who verified rows of a CSV."""
    return csv.with_name(FILE_NAME)


def read_verifications(csv: Path) -> tuple[Verification, ...]:
    """The verifications beside a CSV, none without a file; IntegrityError for a damaged file."""
    path = beside(csv)
    if not os.path.lexists(path):
        return ()
    value = loads(read_untrusted(path, MAX_BYTES), str(path))
    try:
        return _File.model_validate(value).verifications
    except ValidationError as error:
        raise IntegrityError(
            f"{path} is not a list of verifications: {printable(first_problem(error))}"
        ) from error


def write_verifications(csv: Path, rows: Iterable[str], found: Iterable[Verification]) -> None:
    """Add the verifications of some rows, by their hashes, to those beside a CSV."""
    there = read_verifications(csv)
    wanted = set(rows)
    new = [each for each in found if each.row_sha256 in wanted]
    every = tuple(dict.fromkeys([*there, *new]))
    if every == there:
        return
    try:
        text = _File(verifications=every).model_dump_json(indent=1)
        write_atomically(beside(csv), text.encode() + b"\n")
    except OSError as error:
        raise OutputError(f"{beside(csv)} cannot be written: {error.strerror}") from error


def trust_of(row_sha256: str, verifications: Iterable[Verification]) -> Trust:
    """Whether a row was verified; disputed where anybody got other numbers.

    Also with other sources: a dishonest author could name sources that nobody else has.
    """
    verdicts = {each.verdict for each in verifications if each.row_sha256 == row_sha256}
    if "differs" in verdicts:
        return Trust.DISPUTED
    if "reproduced" in verdicts:
        return Trust.VERIFIED
    return Trust.RESCORED if "rescored" in verdicts else Trust.SELF_REPORTED
