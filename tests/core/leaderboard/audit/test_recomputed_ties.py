from __future__ import annotations

import dataclasses

import numpy as np

from bridgebench.leaderboard.audit.recomputed_ties import compare_ties


def computed(bench, counts=(38, 30, 4)):
    """Rows from the file, their tie groups, and the same rows with per-image statistics."""
    for count, solver in zip(counts, ("dpm", "heun", "euler"), strict=True):
        bench.add("ddib", np.arange(40) < count, solver=solver)
    board = bench.board()
    again = dict(enumerate(bench.rows("success")))
    return board.rows, again, board.task, board.metrics.named("success")


def with_groups(rows, *groups):
    return [
        dataclasses.replace(row, cells={**row.cells, "tie_group": group})
        for row, group in zip(rows, groups, strict=True)
    ]


def test_groups_that_come_out_again_agree(bench) -> None:
    found = compare_ties(*computed(bench))
    assert [each.share for each in found.deviations.values()] == [0, 0, 0]
    assert found.notes == ()


def test_a_false_group_differs(bench) -> None:
    rows, *others = computed(bench)
    assert [row.cells["tie_group"] for row in rows] == [1, 2, 3]
    found = compare_ties(with_groups(rows, 1, 1, 2), *others)
    assert [str(each) for each in found.deviations.values() if each.share > 1] == [
        "tie_group 2, published 1, tolerance 0",
        "tie_group 3, published 2, tolerance 0",
    ]


def test_a_sample_leaves_the_groups_open_and_says_so(bench) -> None:
    rows, again, *task = computed(bench)
    del again[1]
    found = compare_ties(rows, again, *task)
    assert found.deviations == {}
    assert found.notes == ("tie groups of seed 0: only 2 of its 3 ranked rows were computed",)


def test_other_numbers_leave_the_groups_open_and_say_so(bench) -> None:
    rows, again, *task = computed(bench)
    again[2] = dataclasses.replace(again[2], cells={**again[2].cells, "success": 0.125})
    found = compare_ties(rows, again, *task)
    assert found.deviations == {}
    assert "1 of its 3 rows have another success here, the first is row 3" in found.notes[0]


def test_a_board_without_groups_claims_none(bench) -> None:
    rows, *others = computed(bench)
    assert compare_ties(with_groups(rows, None, None, None), *others).notes == ()
