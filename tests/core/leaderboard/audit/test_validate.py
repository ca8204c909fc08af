from __future__ import annotations

import dataclasses

import pytest

from bridgebench.errors import IntegrityError
from bridgebench.execute.records import Value
from bridgebench.leaderboard.audit.validate import validate_board
from bridgebench.leaderboard.table.board import Board

from ..conftest import edited


def complaint(board: Board) -> str:
    with pytest.raises(IntegrityError) as caught:
        validate_board(board)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_board_of_a_run_is_valid(full_bench) -> None:
    validate_board(full_bench.board())


def test_an_empty_board_is_valid(bench) -> None:
    validate_board(bench.board())


# The rows of the full board: 1 and 2 ddib, in one tie group; 3 ddib heun; 4 without success;
# 5 identity; 6 recolor; 7 failed; 8 skipped.
EDITS = {
    "options of another method": (
        0,
        "options",
        '{"method": {"name": "identity"}}',
        "row 1, column options: has method identity, but the row has ddib",
    ),
    "options of another budget": (
        0,
        "options",
        '{"nfe": 11}',
        "row 1, column options: has nfe 11, but the row has 10",
    ),
    "options of another seed": (0, "options", '{"seed": 7}', "has seed 7, but the row has 0"),
    "a budget that fills the memory": (
        0,
        "options",
        f'{{"nfe": {10**400}}}',
        "row 1, column options: 'nfe': Input should be less than or equal to 1000000",
    ),
    "a letter that shows nothing": (6, "reason", "a\u3164", "column reason: has the control"),
    "a selector of variations": (0, "device", "cpu\ufe0f", "row 1, column device: has the control"),
    "another task": (0, "task", "large", "row 1, column task: must be one of small"),
    "another protocol": (1, "protocol", "slow", "row 2, column protocol: must be one of quick"),
    "an empty axis": (1, "solver", "", "row 2, column solver: must not be empty"),
    "a missing axis": (1, "solver", None, "row 2, column solver: must not be empty"),
    "no evaluations": (2, "nfe", 0, "row 3, column nfe: must be at least 1"),
    "a negative seed": (0, "seed", -1, "row 1, column seed: must be at least 0"),
    "no seed": (0, "seed", None, "row 1, column seed: must not be empty"),
    "an unknown status": (0, "status", "good", "row 1, column status: must be one of ok, failed"),
    "a share above 1": (0, "success", 1.5, "row 1, column success: must be at most 1, it is 1.5"),
    "a negative distance": (2, "fid", -1.0, "row 3, column fid: must be at least 0, it is -1.0"),
    "a negative time": (0, "seconds", -1.0, "row 1, column seconds: must be at least 0"),
    "numbers of a failed row": (
        6,
        "fid_floor",
        1.0,
        "row 7, column fid_floor: must be empty where status is not ok",
    ),
    "an unknown supervision": (0, "supervision", "divine", "row 1, column supervision"),
    "a value below its interval": (
        0,
        "fid_low",
        41.0,
        "row 1, column fid: 40.0 lies outside its interval 41.0 to 50.0",
    ),
    "half an interval": (0, "fid_high", None, "row 1, column fid_low: an interval needs both ends"),
    "an interval of nothing": (
        3,
        "success_low",
        0.1,
        "row 4, column success_low: an interval needs",
    ),
    "a formula": (0, "device", "=1+1", "row 1, column device: starts with ="),
    "a formula for a method": (4, "method", "@identity", "row 5, column method: starts with @"),
    "a letter of no width": (0, "device", "c\u200bpu", "row 1, column device: has the control"),
    "a look-alike": (0, "method", "dd\u0456b", "row 1, column method: has the letter"),
    "a look-alike device": (0, "device", "\u0441pu", "row 1, column device: has the letter"),
    "a path": (
        0,
        "source_score",
        "labels:weights=/home/ada/w",
        "column source_score: shows the path",
    ),
    "a step up": (0, "transform", "../../etc/passwd", "row 1, column transform: shows the path"),
    "a path in JSON": (
        0,
        "options",
        '{"w":"/home/ada/w"}',
        "row 1, column options: shows the path",
    ),
    "a line break": (6, "reason", "a\nb", "row 7, column reason: has the control character"),
    "what is no JSON": (0, "plugins", "{", "row 1, column plugins: not sound JSON"),
    "a JSON list": (0, "weights", "[]", "row 1, column weights: must be a JSON object"),
    "another fingerprint": (0, "fingerprint", "0123456789ab", "row 1, column fingerprint: must be"),
    "a malformed fingerprint": (
        0,
        "fingerprint",
        "xyz",
        "row 1, column fingerprint: must be 12 hex",
    ),
    "other parts": (0, "fingerprint_parts", '{"n":41}', "row 1, column fingerprint: must be"),
    "a failure without a reason": (
        6,
        "reason",
        "",
        "row 7, column reason: must say why the status",
    ),
    "a tie group of a baseline": (5, "tie_group", 1, "row 6, column tie_group: must be empty"),
    "a Pareto mark of a failure": (6, "pareto", False, "row 7, column pareto: must be empty"),
    "a tie group left out": (2, "tie_group", 3, "row 3, column tie_group: opens group 3 before"),
    "a flattering mark": (2, "pareto", True, "row 3, column pareto: must be false"),
    "a mark taken away": (0, "pareto", False, "row 1, column pareto: must be true"),
    "no mark": (0, "pareto", None, "row 1, column pareto: must be true"),
    "another total": (0, "nfe_total", 19.0, "row 1, column nfe_total: must be 20, nfe_encode and"),
    "another count": (3, "latent_std", 0.4, "row 4, column row_sha256: does not fit the row"),
    "another version": (3, "torch", "2.7", "row 4, column row_sha256: does not fit the row"),
    "another hash": (3, "row_sha256", "0" * 64, "row 4, column row_sha256: does not fit the row"),
    "no hash": (3, "row_sha256", "", "row 4, column row_sha256: must be a sha256"),
    "no batch size": (0, "batch", None, "row 1, column batch: must not be empty"),
    "a better number": (2, "success", 0.4, "row 3, column success: 0.4 lies outside its interval"),
}


@pytest.mark.parametrize("case", EDITS)
def test_an_edited_board_is_refused_by_row_and_column(full_bench, case: str) -> None:
    board = full_bench.board()
    row, column, value, message = EDITS[case]
    assert message in complaint(edited(board, row, **{column: value}))


def test_an_edited_number_moves_the_rank(full_bench) -> None:
    board = full_bench.board()
    better = edited(board, 2, success=0.9, success_low=0.8, success_high=1.0)
    assert "row 3, column success: ranks before row 1" in complaint(better)


def test_the_same_cell_twice(full_bench) -> None:
    board = full_bench.board()
    twice = dataclasses.replace(board, rows=(*board.rows, board.rows[4]))
    assert complaint(twice) == "row 9 is the same cell as row 5; keep one"


def test_fingerprints_must_not_be_mixed(bench) -> None:
    bench.add("ddib", 0.9)
    bench.add("ddib", 0.1, solver="heun", fingerprint={"n": 40, "resize": True})
    board = bench.board()
    assert "of row" in complaint(board)
    assert "different files" in complaint(board)


def test_seeds_are_compared_each_by_itself(bench) -> None:
    for seed in (0, 1):
        bench.add("ddib", 0.9 - 0.5 * seed, seed=seed, fid=40.0 + seed)
        bench.add("ddib", 0.8 - 0.5 * seed, seed=seed, fid=50.0, solver="heun")
    board = bench.board()
    assert board.table["pareto"].tolist() == [True, False, True, False]
    validate_board(board)


def test_a_rounding_error_is_no_contradiction(bench) -> None:
    bench.add("ddib", values={"success": Value(value=0.1 + 0.2, low=0.2, high=0.3)})
    board = bench.board()
    validate_board(board)
