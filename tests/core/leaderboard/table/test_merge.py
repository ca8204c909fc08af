from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bridgebench.errors import IntegrityError, UsageError
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.audit.validate import validate_board
from bridgebench.leaderboard.table.board import Board
from bridgebench.leaderboard.table.merge import combined_rows, merge_boards, without_repeats

HITS = np.array([1.0] * 30 + [0.0] * 10)


def part(bench, *names: str, **changes) -> Board:
    """A board of some solvers' rows, each with per-image statistics."""
    bench.records.clear()
    for name in names:
        bench.add("ddib", np.roll(HITS, len(name)), solver=name, **changes)
    return bench.board()


def merged(*boards: Board) -> Board:
    return merge_boards([(f"{i}.csv", board) for i, board in enumerate(boards)])


def test_rows_of_two_boards_are_ranked_together_and_valid(bench) -> None:
    left, right = part(bench, "dpm", fid=40.0), part(bench, "heun", "euler", fid=30.0)
    board = merged(left, right)
    assert board.table["solver"].tolist() == ["dpm", "euler", "heun"]
    assert board.table["pareto"].tolist() == [False, True, True]
    validate_board(board)


def test_tie_groups_of_several_boards_are_left_empty(bench) -> None:
    left, right = part(bench, "dpm"), part(bench, "heun")
    assert left.table["tie_group"].notna().all()
    board = merged(left, right)
    assert board.table["tie_group"].isna().all()


def test_a_seed_whose_rows_are_from_one_board_keeps_its_tie_groups(bench) -> None:
    left, right = part(bench, "dpm", "heun"), part(bench, "dpm", seed=1)
    board = merged(left, right, part(bench, "heun", seed=1))
    groups = board.table.set_index("seed")["tie_group"]
    assert groups[0].tolist() == left.table["tie_group"].tolist()
    assert groups[1].isna().all()


def test_the_same_cell_is_kept_once_whatever_it_cost(bench) -> None:
    left = part(bench, "dpm", "heun")
    right = part(bench, "heun", cost={"nfe_encode": 10, "nfe_decode": 10, "nfe_total": 20})
    board = merged(left, right)
    assert board.csv == left.csv


def test_two_rows_of_one_cell_that_differ_name_both_files_and_rows(bench) -> None:
    left, right = part(bench, "heun", "dpm", fid=40.0), part(bench, "dpm", fid=41.5)
    with pytest.raises(IntegrityError) as caught:
        merged(left, right)
    row = left.table["solver"].tolist().index("dpm") + 1
    assert f"row {row} of 0.csv and row 1 of 1.csv are the same cell" in str(caught.value)
    assert "differ in fid: 40.0 and 41.5" in str(caught.value)


def test_mixed_fingerprints_are_refused_by_the_part_that_differs(bench) -> None:
    parts = {"metrics": {"fid": {"options": {"name": "fid", "features": "digits"}}}}
    other = {"metrics": {"fid": {"options": {"name": "fid", "features": "inception"}}}}
    left, right = part(bench, "dpm", fingerprint=parts), part(bench, "heun", fingerprint=other)
    with pytest.raises(IntegrityError) as caught:
        merged(left, right)
    assert 'metrics.fid.options.features: "digits" and "inception"' in str(caught.value)
    assert "0.csv and 1.csv" in str(caught.value)


def test_a_column_that_one_board_has_is_empty_in_the_rows_of_the_other(bench) -> None:
    left = part(bench, "dpm")
    bench.columns = (*bench.columns, Column("kid", "", "lower", "", low=0))
    board = merged(left, part(bench, "heun"))
    assert "kid" in board.table.columns
    validate_board(board)


def test_boards_of_two_tasks_are_refused(bench, task) -> None:
    other = dataclasses.replace(part(bench, "heun"), task=task.model_copy(update={"name": "large"}))
    with pytest.raises(UsageError, match=r"0\.csv is of task small and 1\.csv of large"):
        merged(part(bench, "dpm"), other)


def test_the_page_keeps_rows_that_differ_and_drops_repeats(bench) -> None:
    boards = [part(bench, "dpm", fid=40.0), part(bench, "dpm", fid=40.0), part(bench, "dpm")]
    rows = combined_rows([(f"{i}.csv", board) for i, board in enumerate(boards)])
    assert [row.file for row in without_repeats(rows)] == ["0.csv", "2.csv"]
