"""Tie groups that no outcome can give are refused; those of a run never are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.audit.possible_ties import impossible_ties
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.table.ranks import rank, tie_groups

SHARE = Column("success", "share", "higher", "", low=0, high=1, share=True)


def row(number: int, items: np.ndarray) -> Row:
    cells = {"method": f"m{number:03d}", "seed": 0, "n": len(items), "status": "ok"}
    return Row(
        {**cells, "baseline": False, "fingerprint": "f", "success": float(items.mean())},
        {"success": items.astype(bool)},
    )


def rows_of(counts, n=40):
    return [row(i, np.arange(n) < count) for i, count in enumerate(counts)]


def faults(rows, groups, column=SHARE):
    grouped = [
        replace(row, cells={**row.cells, "tie_group": group})
        for row, group in zip(rows, groups, strict=True)
    ]
    return list(impossible_ties(grouped, range(len(rows)), column))


def test_a_row_far_behind_cannot_share_the_group_of_the_best() -> None:
    (fault,) = faults(rows_of([39, 38, 2]), [1, 1, 1])
    assert (fault.index, fault.column) == (2, "tie_group")
    assert "differs significantly from row 1" in fault.message


def test_a_row_as_good_cannot_be_in_a_later_group() -> None:
    (fault,) = faults(rows_of([39, 38]), [1, 2])
    assert "cannot differ significantly from row 1" in fault.message


def test_what_the_images_decide_is_left_open() -> None:
    rows = rows_of([25, 15])
    assert faults(rows, [1, 1]) == []
    assert faults(rows, [1, 2]) == []


def test_nothing_is_known_of_a_number_that_is_no_share() -> None:
    assert faults(rows_of([39, 2]), [1, 1], Column("success", "", "higher", "")) == []


@pytest.mark.parametrize("empty", [[None, None], [1, None]])
def test_a_row_without_a_group_is_not_judged(empty) -> None:
    assert faults(rows_of([39, 2]), empty) == []


@given(st.integers(0, 10_000), st.integers(2, 12))
def test_the_groups_of_real_outcomes_are_possible(seed: int, count: int) -> None:
    draw = np.random.default_rng(seed)
    rows = [row(i, draw.random(60) < draw.random()) for i in range(count)]
    found = tie_groups(rows, rank(rows, range(count), SHARE), "success")
    assert faults(rows, [found[i] for i in range(count)]) == []
