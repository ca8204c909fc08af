"""Merging files: nothing is written unless all of them are what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridgebench.errors import IntegrityError, OutputError
from bridgebench.leaderboard.audit.merge_files import merge_files
from bridgebench.leaderboard.audit.verifications import read_verifications, write_verifications
from bridgebench.leaderboard.csv.files import to_csv, write_text

from ..conftest import rows_in


def test_files_become_a_file_that_reads_back(bench, place: Path, dots_registry, verification):
    bench.records.clear()
    bench.add("ddib", solver="dpm")
    write_text(bench.board().csv, Path("a.csv"))
    bench.records.clear()
    bench.add("ddib", solver="heun")
    left = bench.board()
    write_text(left.csv, Path("b.csv"))
    known = verification(left.table["row_sha256"].iloc[0])
    write_verifications(Path("b.csv"), [known.row_sha256], [known])
    Path("new").mkdir()
    out = Path("new/ab.csv")
    board = merge_files([Path("a.csv"), Path("b.csv")], out, dots_registry, Path("small.yaml"))
    assert len(board.table) == 2
    assert to_csv(rows_in(out, board.task, board.metrics.all), board.metrics) == board.csv
    assert read_verifications(out) == (known,)


def test_nothing_is_overwritten(place: Path, dots_registry) -> None:
    before = Path("board.csv").read_bytes()
    with pytest.raises(OutputError, match="is there already"):
        merge_files([Path("board.csv")], Path("board.csv"), dots_registry, Path("small.yaml"))
    assert Path("board.csv").read_bytes() == before


def test_a_file_that_is_not_what_it_says_is_refused_by_name(place: Path, dots_registry) -> None:
    text = Path("board.csv").read_text("utf-8")
    Path("bad.csv").write_text(text.replace(",1.25,", ",-1.25,", 1), encoding="utf-8")
    with pytest.raises(IntegrityError, match=r"bad\.csv, row 1, column seconds"):
        merge_files(
            [Path("board.csv"), Path("bad.csv")],
            Path("out.csv"),
            dots_registry,
            Path("small.yaml"),
        )
    assert not Path("out.csv").exists()
