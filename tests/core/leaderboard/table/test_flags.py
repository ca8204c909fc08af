"""Flags: rules of the task that make a row doubtful, and what follows from them everywhere."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from rich.console import Console

from bridgebench.errors import IntegrityError
from bridgebench.leaderboard.audit.validate import validate_board
from bridgebench.leaderboard.csv.columns import arrange
from bridgebench.leaderboard.csv.files import write_text
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.page.payload import Shown, payload
from bridgebench.leaderboard.render.compare import compare, print_comparison
from bridgebench.leaderboard.render.show import View, print_board
from bridgebench.leaderboard.table.board import Board
from bridgebench.leaderboard.table.flags import raised
from bridgebench.leaderboard.table.merge import merge_boards
from bridgebench.leaderboard.table.ranks import standings
from bridgebench.tasks.task_file import FlagRule, parse_task

from ..conftest import COLUMNS, TASK, Bench, forged, rows_in

BELOW_FLOOR = FlagRule(name="below_floor", column="fid", below="fid_floor")
COPIES = FlagRule(name="copies", column="color_deg", above=90, copying=True, description="why")
RULES = (BELOW_FLOOR, COPIES)


@pytest.fixture
def flagging(bench):
    """A bench whose task has rules; `fid_floor` is 9.5 in every row."""
    bench.task = bench.task.model_copy(update={"flags": RULES})
    return bench


@pytest.fixture
def cheats(flagging):
    """One honest row, one below the floor, one that copies and has the best number."""
    flagging.add("honest", hits(20), fid=40.0)
    flagging.add("smooth", hits(25), fid=5.0)
    flagging.add("copier", hits(40), fid=20.0, color_deg=120.0, accuracy=1.0)
    flagging.add("recolor", 1.0, fid=4.0, color_deg=1.0, accuracy=1.0, baseline=True)
    return flagging


def hits(right: int, n: int = 40) -> np.ndarray:
    return (np.arange(n) < right).astype(float)


def row(**values: Any) -> Row:
    return Row({"status": "ok", "baseline": False, **values})


def standing_of(bench) -> dict[str, Any]:
    rows = bench.rows("success")
    found = standings(rows, bench.task, arrange(bench.task, bench.columns))
    return {str(r.axes["method"]): stand for r, stand in zip(rows, found, strict=True)}


def by_method(board: Board) -> pd.DataFrame:
    return board.table.set_index("method")


def shown(board: Board, view: View | None = None) -> str:
    stream = io.StringIO()
    print_board(board, Console(file=stream), view)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"fid": 9.4, "fid_floor": 9.5}, ["below_floor"]),
        ({"fid": 9.5, "fid_floor": 9.5}, []),
        ({"fid": None, "fid_floor": 9.5}, []),
        ({"fid": 0.0, "fid_floor": None}, []),
        ({"fid": 0.0}, []),
        ({"color_deg": 90.0}, []),
        ({"color_deg": 90.1}, ["copies"]),
        ({"color_deg": 91.0, "fid": 1.0, "fid_floor": 2.0}, ["below_floor", "copies"]),
        ({}, []),
    ],
)
def test_a_rule_holds_on_one_side_of_its_limit_and_says_nothing_without_numbers(
    values: dict[str, float | None], names: list[str]
) -> None:
    assert [rule.name for rule in raised(row(**values), RULES)] == names


def test_a_row_without_results_is_not_flagged() -> None:
    failed = row(color_deg=180.0, status="failed")
    assert raised(failed, RULES) == ()


def test_a_row_flagged_for_copying_has_no_rank_even_with_the_best_number(cheats) -> None:
    found = standing_of(cheats)
    copier = found["copier"]
    assert (copier.rank, copier.tie_group, copier.pareto) == (None, None, None)
    assert copier.flags == (COPIES,)
    assert (found["smooth"].rank, found["honest"].rank) == (1, 2)


def test_a_flagged_row_takes_no_pareto_mark_from_another(cheats) -> None:
    found = standing_of(cheats)
    assert found["smooth"].pareto is None, "it would dominate the honest row"
    assert found["honest"].pareto is True
    cheats.task = cheats.task.model_copy(update={"flags": ()})
    without_rules = standing_of(cheats)
    assert (without_rules["smooth"].pareto, without_rules["honest"].pareto) == (True, False)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=10))
def test_others_stand_as_if_flagged_rows_were_not_there(
    points: list[tuple[int, int, bool]],
) -> None:
    def marks(kept: list[tuple[int, int, bool]]) -> list[tuple[int | None, bool | None]]:
        bench = Bench(parse_task(TASK, "TASK").model_copy(update={"flags": RULES}), COLUMNS)
        for number, (fid, right, copying) in enumerate(kept):
            degrees = 120.0 if copying else 20.0
            bench.add(f"m{number}", hits(right * 10), fid=10.0 + fid, color_deg=degrees)
        rows = bench.rows("success")
        found = standings(rows, bench.task, arrange(bench.task, COLUMNS))
        return [
            (stand.tie_group, stand.pareto)
            for stand, (_, _, copying) in zip(found, kept, strict=True)
            if not copying
        ]

    assert marks(points) == marks([point for point in points if not point[2]])


def test_the_board_has_the_names_and_baselines_have_them_too(cheats) -> None:
    cheats.add("broken", status="failed", reason="boom", transform="x")
    table = by_method(cheats.board())
    assert table["flags"].to_dict() == {
        "smooth": "below_floor",
        "honest": "",
        "copier": "copies",
        "recolor": "below_floor",
        "broken": "",
    }
    assert list(table.index) == ["smooth", "honest", "copier", "recolor", "broken"]
    assert not table.loc["copier", "baseline"]


def test_a_flag_is_no_part_of_the_row_hash_because_it_follows_from_the_row(cheats) -> None:
    flagged = cheats.board().table
    cheats.task = cheats.task.model_copy(update={"flags": ()})
    plain = cheats.board().table
    assert sorted(flagged["row_sha256"]) == sorted(plain["row_sha256"])


def complaint(board: Board, method: str, **cells: Any) -> str:
    """What is said of a board in which some cells of a row are others, under a new row hash."""
    (place,) = (i for i, own in enumerate(board.rows) if own.cells["method"] == method)
    with pytest.raises(IntegrityError) as caught:
        validate_board(forged(board, place, **cells))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_honest_board_is_valid_and_survives_a_file(cheats, tmp_path: Path) -> None:
    board = cheats.board()
    write_text(board.csv, tmp_path / "b.csv")
    again = rows_in(tmp_path / "b.csv", board.task, board.metrics.all)
    assert [own.cells for own in again] == [own.cells for own in board.rows]
    validate_board(dataclasses.replace(board, rows=again))


def test_a_forged_cell_is_refused(cheats) -> None:
    board = cheats.board()
    said = "column flags: must be 'below_floor' by the row's own numbers, it is ''"
    assert said in complaint(board, "smooth", flags="")
    assert "must be '' by the row's own" in complaint(board, "honest", flags="copies")
    assert "must be 'copies'" in complaint(board, "copier", flags="copies below_floor")
    assert "column flags: must not be empty" in complaint(board, "honest", flags=None)


def test_a_forged_standing_of_a_flagged_row_is_refused(cheats) -> None:
    board = cheats.board()
    copying = "must be empty for a row that is flagged for copying"
    assert copying in complaint(board, "copier", tie_group=1)
    assert copying in complaint(board, "copier", pareto=True)
    assert "column pareto: must be empty" in complaint(board, "smooth", pareto=True)


def test_boards_are_merged_by_the_numbers_of_all_rows(flagging) -> None:
    flagging.add("honest", hits(20), fid=40.0)
    first = flagging.board()
    flagging.records.clear()
    flagging.add("copier", hits(40), color_deg=120.0)
    second = flagging.board()
    merged = merge_boards([("a.csv", first), ("b.csv", second)])
    table = by_method(merged)
    assert list(table.index) == ["honest", "copier"]
    assert table["flags"].to_dict() == {"honest": "", "copier": "copies"}
    assert table.loc["honest", "tie_group"] == 1, "all that can be ranked are of one file"
    validate_board(merged)


def test_show_marks_flagged_rows_and_says_what_the_marks_mean(cheats) -> None:
    text = shown(cheats.board())
    lines = {name: line for line in text.splitlines() for name in line.split()[:2] if "±" in line}
    assert lines["smooth"].split()[0] == "1"
    assert lines["smooth"].split()[-1] == "A"
    assert lines["copier"].split()[0] == "copier"
    assert lines["copier"].split()[-1] == "B"
    assert text.index("honest") < text.index("copier") < text.index("recolor")
    assert "Flags: A below_floor, B copies." in text
    assert "2 rows are flagged below_floor: fid is below fid_floor; no Pareto mark." in text
    assert (
        "1 row is flagged copies: color_deg is above 90 (why); no rank and no Pareto mark." in text
    )


def test_show_has_no_column_of_flags_where_no_row_has_one(flagging) -> None:
    flagging.add("honest", hits(20))
    assert "flags" not in shown(flagging.board())


def test_rows_that_copy_do_not_take_the_places_of_others(flagging) -> None:
    for number in range(3):
        flagging.add(f"copier{number}", hits(40), color_deg=120.0)
    flagging.add("honest", hits(20))
    text = shown(flagging.board(), View(top=1))
    assert "honest" in text
    assert "1 of 3 rows flagged for copying are shown." in text


def test_means_over_seeds_have_the_flags_of_any_seed(flagging) -> None:
    flagging.add("ddib", 0.5, seed=0)
    flagging.add("ddib", 0.6, seed=1, fid=5.0)
    below = shown(flagging.board()).partition("Means over seeds")[2]
    (line,) = [line for line in below.splitlines() if line.split()[:1] == ["ddib"]]
    assert line.split()[-1] == "A"
    assert "Flags: A below_floor." in below


def test_a_comparison_shows_a_flag_that_is_gained(flagging) -> None:
    flagging.add("ddib", 0.5)
    left = flagging.board()
    flagging.records.clear()
    flagging.add("ddib", 0.5, fid=5.0)
    stream = io.StringIO()
    print_comparison(compare(left, flagging.board()), Console(file=stream, width=200), ("a", "b"))
    assert "- → A" in stream.getvalue()
    assert "Flags: A below_floor." in stream.getvalue()


def test_a_row_that_copies_is_not_the_best_of_its_method(flagging) -> None:
    flagging.add("ddib", hits(40), color_deg=120.0)
    flagging.add("random_latent", hits(30), baseline=True)
    (warning,) = flagging.board().warnings
    assert warning == (
        "no row of ddib that is not flagged for copying has success, by which ddib is to be better"
    )
    flagging.add("ddib", hits(2), transform="normalize")
    (warning,) = flagging.board().warnings
    assert "it is not: 0.05 against 0.75" in warning


def test_the_page_is_told_what_each_flag_means(cheats) -> None:
    (board,) = payload([Shown("b.csv", cheats.board())])["boards"]
    assert board["flags"][1] == {
        "name": "copies",
        "about": "color_deg is above 90 (why); no rank and no Pareto mark",
        "copying": True,
    }
    rows = {row["axes"]["method"]: row for row in board["rows"]}
    assert (rows["copier"]["flags"], rows["copier"]["rank"]) == (["copies"], None)
    assert (rows["smooth"]["flags"], rows["smooth"]["rank"]) == (["below_floor"], 1)
    assert (rows["honest"]["flags"], rows["honest"]["rank"]) == ([], 2)
