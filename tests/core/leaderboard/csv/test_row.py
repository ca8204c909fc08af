from __future__ import annotations

import pytest

from bridgebench.leaderboard.csv.columns import COST, COUNTS
from bridgebench.leaderboard.csv.row import row_hash


def cells(bench) -> dict:
    bench.add("ddib", 0.5)
    return dict(bench.board().rows[0].cells)


@pytest.mark.parametrize("column", ["success", "fid_low", "nfe_total", "options", "torch", "n"])
def test_what_was_measured_and_how_is_hashed(bench, column: str) -> None:
    own = cells(bench)
    assert row_hash(own) == own["row_sha256"]
    assert row_hash({**own, column: "else"}) != own["row_sha256"]


@pytest.mark.parametrize("column", ["tie_group", "pareto", *sorted(set(COST) - set(COUNTS))])
def test_standing_seconds_and_memory_are_not(bench, column: str) -> None:
    own = cells(bench)
    assert row_hash({**own, column: 3}) == own["row_sha256"]


def test_an_empty_column_more_changes_nothing(bench) -> None:
    own = cells(bench)
    assert row_hash({**own, "kid": None}) == own["row_sha256"]
    assert row_hash({**own, "kid": 0.5}) != own["row_sha256"]
