from __future__ import annotations

import json
from pathlib import Path

import pytest

from bridgebench.errors import IntegrityError
from bridgebench.leaderboard.audit import verifications
from bridgebench.leaderboard.audit.verifications import (
    Trust,
    beside,
    read_verifications,
    trust_of,
    write_verifications,
)

ROW, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "board.csv"


def test_a_row_is_self_reported_until_somebody_gets_it_again(verification) -> None:
    assert trust_of(ROW, [verification(OTHER)]) is Trust.SELF_REPORTED
    assert trust_of(ROW, [verification(ROW)]) is Trust.VERIFIED


def test_a_row_that_was_scored_again_alone_is_not_verified(verification) -> None:
    rescored = verification(ROW, verdict="rescored")
    assert trust_of(ROW, [rescored]) is Trust.RESCORED
    assert trust_of(ROW, [rescored, verification(ROW, verdict="differs")]) is Trust.DISPUTED


def test_one_other_result_disputes_a_row(verification) -> None:
    said = [verification(ROW), verification(ROW, verdict="differs", differing=("fid",))]
    assert trust_of(ROW, said) is Trust.DISPUTED


def test_what_is_written_reads_back_and_is_added_to(csv: Path, verification) -> None:
    first, second = verification(ROW), verification(OTHER, by="grace")
    write_verifications(csv, [ROW], [first, second])
    assert read_verifications(csv) == (first,), "rows that are not asked for are left out"
    write_verifications(csv, [ROW, OTHER], [first, second])
    assert read_verifications(csv) == (first, second), "nothing is lost, nothing is there twice"


def test_no_file_is_no_verification(csv: Path) -> None:
    assert read_verifications(csv) == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verdict": "good"}, "verdict"),
        ({"row_sha256": "xyz"}, "row_sha256"),
        ({"by": "=cmd()"}, "formula"),
        ({"by": ""}, "by"),
        ({"date": "yesterday"}, "date"),
        ({"more": 1}, "unknown key"),
    ],
)
def test_a_damaged_file_is_one_line(csv: Path, verification, change, message: str) -> None:
    entry = verification(ROW).model_dump(mode="json") | change
    beside(csv).write_text(json.dumps({"version": 1, "verifications": [entry]}), encoding="utf-8")
    with pytest.raises(IntegrityError) as caught:
        read_verifications(csv)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_junk_and_what_is_too_large_are_refused(csv: Path, monkeypatch) -> None:
    beside(csv).write_bytes(b"\xff junk")
    with pytest.raises(IntegrityError, match="not sound JSON"):
        read_verifications(csv)
    monkeypatch.setattr(verifications, "MAX_BYTES", 3)
    with pytest.raises(IntegrityError, match="more than 3 bytes"):
        read_verifications(csv)
