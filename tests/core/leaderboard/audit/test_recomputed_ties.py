from __future__ import annotations

import dataclasses

import numpy as np

from bridgebench.leaderboard.audit.recomputed_ties import compare_ties
from bridgebench.leaderboard.audit.validate import rows_of_table
from bridgebench.leaderboard.csv.row import row_of


def computed(bench, counts=(38, 30, 4)):
    """Rows from the file, their tie groups, and the same rows with per-image statistics."""
    for count, solver in zip(counts, ("dpm", "heun", "euler"), strict=True):
        bench.add("ddib", np.arange(40) < count, solver=solver)
    board = bench.board()
    rows = rows_of_table(board.table, board.metrics)
    groups = board.table["tie_group"].tolist()
    again = [row_of(record, bench.read, {"success"}) for record in bench.records]
    return rows, groups, dict(enumerate(again)), board.task, board.metrics.named("success")


def test_groups_that_come_out_again_agree(bench) -> None:
    found = compare_ties(*computed(bench))
    assert [each.share for each in found.deviations.values()] == [0, 0, 0]
    assert found.notes == ()


def test_a_false_group_differs(bench) -> None:
    rows, groups, again, *task = computed(bench)
    assert groups == [1, 2, 3]
    found = compare_ties(rows, [1, 1, 2], again, *task)
    assert [str(each) for each in found.deviations.values() if each.share > 1] == [
        "tie_group 2, published 1, tolerance 0",
        "tie_group 3, published 2, tolerance 0",
    ]


def test_a_sample_leaves_the_groups_open_and_says_so(bench) -> None:
    rows, groups, again, *task = computed(bench)
    del again[1]
    found = compare_ties(rows, groups, again, *task)
    assert found.deviations == {}
    assert found.notes == ("tie groups of seed 0: only 2 of its 3 ranked rows were computed",)


def test_other_numbers_leave_the_groups_open_and_say_so(bench) -> None:
    rows, groups, again, *task = computed(bench)
    moved = again[2].values["success"].model_copy(update={"value": 0.125})
    again[2] = dataclasses.replace(again[2], values={"success": moved})
    found = compare_ties(rows, groups, again, *task)
    assert found.deviations == {}
    assert "1 of its 3 rows have another success here, the first is row 3" in found.notes[0]


def test_a_board_without_groups_claims_none(bench) -> None:
    rows, _, again, *task = computed(bench)
    assert compare_ties(rows, [None] * 3, again, *task).notes == ()
