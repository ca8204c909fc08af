"""Cells that follow from others, on boards whose author gave every row its hash again."""

from __future__ import annotations

import dataclasses

import pytest

from bridgebench.errors import IntegrityError
from bridgebench.execute.records import Value
from bridgebench.interfaces.metric import Metric
from bridgebench.leaderboard.audit.derived import count_of
from bridgebench.leaderboard.audit.validate import validate_board
from bridgebench.leaderboard.table.board import Board
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.toolkit.statistics.intervals import exact_share

from ..conftest import forged

SHARES = ("success", "accuracy")


@pytest.fixture
def shares(bench) -> Board:
    """Two rows of 40 images whose success and accuracy are shares."""
    bench.columns = tuple(dataclasses.replace(c, share=c.name in SHARES) for c in bench.columns)
    for solver, right in (("dpm", 30), ("heun", 10)):
        values = {name: Value(**exact_share(right, 40)._asdict()) for name in SHARES}
        cost = {
            "nfe_encode": 10,
            "nfe_decode": 10,
            "nfe_total": 20,
            "seconds": 2.0,
            "images_per_s": 20.0,
        }
        bench.add("ddib", solver=solver, values=values, cost=cost)
    return bench.board()


def test_an_honest_board_is_valid(shares: Board) -> None:
    validate_board(shares)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"success": 0.76}, "column success: 0.76 is no whole number of 40 images"),
        (
            {"success": 0.9, "success_low": 0.0, "success_high": 1.0},
            "column success_low: is 0, but the interval of 36 of 40 has 0.",
        ),
        (
            {"success_low": 0.74, "success_high": 0.76},
            "column success_low: is 0.74, but the interval of 30 of 40 has 0.",
        ),
        (
            {"success_low": None, "success_high": None},
            "column success_low: is nothing, but the interval of 30 of 40 has 0.",
        ),
        ({"accuracy_high": 1.0}, "column accuracy_high: is 1, but the interval of 30 of 40"),
        ({"seconds": 1.0}, "column images_per_s: must be 40 images over 1 seconds"),
        ({"images_per_s": 400.0}, "column images_per_s: must be 40 images over 2 seconds"),
        ({"nfe_total": 5.0}, "column nfe_total: must be 20, nfe_encode and nfe_decode"),
    ],
)
def test_a_forged_cell_is_refused(shares: Board, cells, message: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        validate_board(forged(shares, 0, **cells))
    assert f"row 1, {message}" in str(caught.value)


def test_a_number_that_is_no_share_has_the_interval_that_its_metric_gives(bench) -> None:
    bench.add("ddib", 0.33, fid=40.0)
    board = bench.board()
    validate_board(forged(board, 0, fid_low=0.0, fid_high=1000.0))


@pytest.mark.parametrize(
    ("share", "count"), [(0.0, 0), (1.0, 10), (0.3, 3), (0.35, None), (1.1, None)]
)
def test_a_share_is_a_whole_number_of_images(share: float, count: int | None) -> None:
    assert count_of(share, 10) == count


def test_every_built_in_share_says_so_and_no_other() -> None:
    registry = load_registry()
    declared = {}
    for name in registry.names(Kind.METRIC):
        if not registry.entry(Kind.METRIC, name).where.startswith("bridgebench_metrics."):
            continue
        cls = registry.load(Kind.METRIC, name)
        assert issubclass(cls, Metric)
        values = {int: 1, str: "cmnist_digits_2"}
        required = {o: f for o, f in cls.model_fields.items() if f.is_required()}
        needed = {option: values[field.annotation] for option, field in required.items()}
        declared |= {c.name: c for c in cls(**needed).columns()}
    of_the_outputs = {name for name, column in declared.items() if column.share}
    shares = {name for name, column in declared.items() if column.unit == "share"}
    assert "success" in of_the_outputs
    assert of_the_outputs == shares - {"feature_recall"}, "whose images are those of the reference"
