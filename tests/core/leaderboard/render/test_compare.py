from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from bridgebench.errors import UsageError
from bridgebench.leaderboard.render.compare import compare, disjoint, print_comparison
from bridgebench.leaderboard.table.board import Board


def board(bench, *rows: tuple[str, float], **changes) -> Board:
    bench.records.clear()
    for solver, fid in rows:
        bench.add("ddib", 0.5, solver=solver, fid=fid, **changes)
    return bench.board()


def printed(left: Board, right: Board) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=200, color_system=None)
    print_comparison(compare(left, right), console, ("old.csv", "new.csv"))
    return stream.getvalue()


def test_rows_are_paired_by_what_they_combine(bench) -> None:
    left = board(bench, ("dpm", 40.0), ("heun", 50.0))
    right = board(bench, ("heun", 55.0), ("euler", 60.0))
    found = compare(left, right)
    assert [(p.left.cells["fid"], p.right.cells["fid"]) for p in found.pairs] == [(50.0, 55.0)]
    assert [row.cells["solver"] for row in found.only_left] == ["dpm"]
    assert [row.cells["solver"] for row in found.only_right] == ["euler"]
    assert found.difference == ""


@pytest.mark.parametrize(("other", "beyond"), [(50.0, False), (90.0, True), (20.0, True)])
def test_numbers_are_apart_where_their_intervals_are(bench, other: float, beyond: bool) -> None:
    left, right = board(bench, ("dpm", 40.0)), board(bench, ("dpm", other))
    fid = next(column for column in bench.columns if column.name == "fid")
    (pair,) = compare(left, right).pairs
    assert disjoint(fid, pair) is beyond


def test_each_change_is_shown_and_marked(bench) -> None:
    text = printed(board(bench, ("dpm", 40.0), ("heun", 50.0)), board(bench, ("dpm", 100.0)))
    assert "old.csv against new.csv: 1 rows in both" in text
    words = " ".join(text.split())
    assert "40 → 100 *+60" in words
    assert "0.5 → 0.5 +0" in words
    assert "1 rows in old.csv alone: ddib heun identity" in text


def test_numbers_that_mean_different_things_are_pointed_out(bench) -> None:
    left = board(bench, ("dpm", 40.0), n=40)
    text = printed(left, board(bench, ("dpm", 40.0), n=80))
    assert "the fingerprints differ in n: 40 and 80" in text


def test_a_number_that_one_row_lacks(bench) -> None:
    left = board(bench, ("dpm", 40.0))
    bench.records.clear()
    bench.add("ddib", 0.5, fid=None)
    assert "40 → -" in printed(left, bench.board())


def test_two_tasks_are_not_compared(bench, task) -> None:
    left = board(bench, ("dpm", 40.0))
    right = dataclasses.replace(left, task=task.model_copy(update={"name": "large"}))
    with pytest.raises(UsageError, match="small and large"):
        compare(left, right)


def test_the_command_takes_two_files(place: Path, call, refusal) -> None:
    result = call("show", "board.csv", "board.csv", "--compare", "task=small.yaml")
    assert result.exit_code == 0, result.output
    assert "8 rows in both" in result.stdout
    assert "two files" in refusal("show", "board.csv", "--compare", "task=small.yaml")
    assert "no words" in refusal("show", "board.csv", "board.csv", "--compare", "sort=fid")
