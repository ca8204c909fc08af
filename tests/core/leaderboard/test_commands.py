from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.files import write_csv


def test_show_prints_the_board(place: Path, call) -> None:
    result = call("show", "board.csv", "task=small.yaml")
    assert result.exit_code == 0, result.output
    assert "3 ranked rows form 2 tie groups" in result.stdout
    assert result.stdout.count("ddib") >= 4


def test_show_filters_and_sorts(place: Path, call) -> None:
    result = call("show", "board.csv", "task=small.yaml", "solver=heun,euler", "sort=fid", "top=1")
    assert result.exit_code == 0, result.output
    assert "euler" in result.stdout
    assert "dpm" not in result.stdout.partition("tie groups")[0]
    assert "1 of 2 competing rows are shown." in result.stdout


def test_validate_says_ok_for_each_file(place: Path, call) -> None:
    result = call("validate", "board.csv", "board.csv", "task=small.yaml")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == ["board.csv: ok, 8 rows of task small"] * 2


def test_a_metric_that_was_asked_for_by_name_is_known(place: Path, full_bench, call) -> None:
    full_bench.columns = (*full_bench.columns, Column("cycle_rmse", "", "lower", "", low=0))
    write_csv(full_bench.board().table, Path("board.csv"))
    result = call("validate", "board.csv", "task=small.yaml")
    assert result.exit_code == 0, result.output


def test_validate_names_file_row_and_column(place: Path, refusal) -> None:
    text = Path("board.csv").read_text("utf-8")
    Path("edited.csv").write_text(text.replace("ddib:start=noised", "=cmd()"), encoding="utf-8")
    line = refusal("validate", "edited.csv", "task=small.yaml")
    assert "edited.csv, row 2, column method: starts with =" in line


def test_validate_goes_on_to_the_next_file(place: Path, call) -> None:
    Path("bad.csv").write_text("junk", encoding="utf-8")
    result = call("validate", "bad.csv", "board.csv", "task=small.yaml")
    assert result.exit_code == 2
    assert result.stdout == "board.csv: ok, 8 rows of task small\n"
    assert result.stderr.startswith("Error: bad.csv ")


def test_a_task_that_is_not_installed_is_named(place: Path, refusal) -> None:
    assert "unknown task 'small'" in refusal("validate", "board.csv")
    assert "unknown task 'small'" in refusal("show", "board.csv")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("show", "top=3"), "no file is named"),
        (("show", "board.csv", "top=many"), "top=many must be a whole number"),
        (("show", "board.csv", "top=0", "task=small.yaml"), "top=0 shows nothing"),
        (("show", "board.csv", "sovler=dpm"), "did you mean solver or sort?"),
        (("show", "board.csv", "sort=fib", "task=small.yaml"), "did you mean fid?"),
        (("show", "board.csv", "solver=dpm", "solver=heun"), "given once"),
        (("show", "board.csv", "task=none.yaml"), "none.yaml cannot be read"),
        (("validate", "board.csv", "sort=fid"), "unknown word of validate 'sort'"),
    ],
)
def test_a_wrong_word_is_one_line(
    place: Path, words: tuple[str, ...], message: str, refusal
) -> None:
    assert message in refusal(*words)


def test_help_names_the_words(place: Path, call) -> None:
    result: Any = call("show", "--help")
    assert result.exit_code == 0
    assert "sort=COLUMN" in result.stdout
