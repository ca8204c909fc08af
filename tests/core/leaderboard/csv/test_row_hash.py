from __future__ import annotations

import pytest

from bridgebench.leaderboard.csv.columns import COST, COUNTS
from bridgebench.leaderboard.csv.row_hash import seal


def cells(bench) -> dict:
    bench.add("ddib", 0.5)
    return bench.board().table.to_dict("records")[0]


@pytest.mark.parametrize("column", ["success", "fid_low", "nfe_total", "options", "torch", "n"])
def test_what_was_measured_and_how_is_sealed(bench, column: str) -> None:
    own = cells(bench)
    assert seal(own) == own["row_sha256"]
    assert seal({**own, column: "else"}) != own["row_sha256"]


@pytest.mark.parametrize("column", ["tie_group", "pareto", *sorted(set(COST) - set(COUNTS))])
def test_standing_seconds_and_memory_are_not(bench, column: str) -> None:
    own = cells(bench)
    assert seal({**own, column: 3}) == own["row_sha256"]


def test_an_empty_column_more_changes_nothing(bench) -> None:
    own = cells(bench)
    assert seal({**own, "kid": None}) == own["row_sha256"]
    assert seal({**own, "kid": 0.5}) != own["row_sha256"]
