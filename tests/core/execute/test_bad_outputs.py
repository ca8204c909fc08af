"""Outputs that say little: a row with a status, with what can be said and nothing else."""

import pandas as pd

from bridgebench.api import run_choices
from bridgebench.leaderboard.audit.validate import validate_board
from bridgebench.plan.choices import choices_of


def run(out, **words):
    return run_choices(choices_of({"task": "world", "out": out, **words}))


def test_black_outputs_have_no_color_and_no_distance(tmp_path):
    words = {"method": "black", "metric": ["kid", "precision_recall", "saturation", "structure"]}
    finished = run(tmp_path / "out", **words)
    (row,) = finished.board.table.to_dict("records")
    assert row["status"] == "ok"
    for column in ("fid", "kid", "feature_precision", "feature_recall", "saturation"):
        assert pd.isna(row[column])
    assert pd.isna(row["color_deg"])
    assert (row["color_undefined"], row["color_within15"], row["success"]) == (1.0, 0.0, 0.0)
    assert row["structure"] == 0.0
    assert row["color_undefined_high"] == 1.0
    assert row["pareto"] is False
    validate_board(finished.board)


def test_one_image_is_too_few_for_a_distance(tmp_path):
    finished = run(tmp_path / "out", method="identity", n=1)
    (row,) = finished.board.table.to_dict("records")
    assert row["status"] == "failed"
    assert "needs at least 2 outputs, got 1; raise n" in row["reason"]
    assert pd.isna(row["fid"])
    assert pd.isna(row["success"])
    assert not finished.all_ok
