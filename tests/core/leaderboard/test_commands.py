from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.files import write_text


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
    write_text(full_bench.board().csv, Path("board.csv"))
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
        (("page", "board.csv", "out=board.csv", "task=small.yaml"), "must end in .html"),
        (("page", "board.csv", "out=page", "task=small.yaml"), "must end in .html"),
        (("validate", "board.csv", "sort=fid"), "unknown word of validate 'sort'"),
    ],
)
def test_a_wrong_word_is_one_line(
    place: Path, words: tuple[str, ...], message: str, refusal
) -> None:
    assert message in refusal(*words)


def test_a_page_never_takes_the_place_of_a_board(place: Path, refusal) -> None:
    before = Path("board.csv").read_bytes()
    Path("board.csv").rename("board.html")
    Path("link.html").symlink_to("board.html")
    for out in ("board.html", "./board.html", "link.html"):
        said = refusal("page", "board.html", f"out={out}", "task=small.yaml")
        assert "is the board board.html itself" in said
    assert Path("board.html").read_bytes() == before
    assert Path("link.html").is_symlink()


def test_what_a_terminal_would_obey_or_hide_is_refused_and_escaped(
    place: Path, full_bench, refusal
) -> None:
    full_bench.add("ddib\u202egpj\u200b", 0.6, reason="\u2066")
    write_text(full_bench.board().csv, Path("board.csv"))
    for command in ("show", "validate", "verify"):
        line = refusal(command, "board.csv", "task=small.yaml")
        assert r"control character '\u200b'" in line
        assert line.isprintable()


def test_the_name_of_a_file_moves_no_cursor_and_breaks_no_line(place: Path, call) -> None:
    name = "a\x1b[31m\nother.csv: ok.csv"
    Path("board.csv").replace(name)
    Path(f"no{name}").write_text("junk", encoding="utf-8")
    result: Any = call("validate", name, f"no{name}", "task=small.yaml")
    assert result.exit_code == 2
    for text in (result.stdout, result.stderr):
        (line,) = text.splitlines()
        assert line.isprintable()


def test_a_board_of_an_older_version_is_told_so(place: Path, refusal) -> None:
    table = pd.read_csv("board.csv", dtype=str, keep_default_na=False)
    table.drop(columns="flags").to_csv("old.csv", index=False)
    said = refusal("validate", "old.csv", "task=small.yaml")
    assert "lacks the column 'flags'" in said
    assert "older version; make it anew" in said


def test_help_names_the_words(place: Path, call) -> None:
    result: Any = call("show", "--help")
    assert result.exit_code == 0
    assert "sort=COLUMN" in result.stdout
