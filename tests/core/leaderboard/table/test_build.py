from __future__ import annotations

import json
import random

import numpy as np
import pandas as pd
import pytest

from bridgebench.errors import IntegrityError, PluginError


def test_ranked_rows_then_unranked_then_baselines_then_rows_without_results(full_bench) -> None:
    table = full_bench.board().table
    assert list(zip(table["method"], table["solver"], table["status"], strict=True)) == [
        ("ddib", "dpm", "ok"),
        ("ddib:start=noised", "dpm", "ok"),
        ("ddib", "heun", "ok"),
        ("ddib", "euler", "ok"),
        ("identity", "-", "ok"),
        ("recolor", "-", "ok"),
        ("ddib", "dpm", "failed"),
        ("ddib", "dpm", "skipped"),
    ]
    assert table["tie_group"].tolist() == [1, 1, 2, *[pd.NA] * 5]
    assert table["pareto"].tolist() == [True, True, False, False, *[pd.NA] * 4]
    assert table["baseline"].tolist() == [False] * 4 + [True] * 2 + [False] * 2


def test_the_order_does_not_depend_on_which_cell_finished_first(full_bench) -> None:
    expected = full_bench.board().csv
    for seed in range(5):
        random.Random(seed).shuffle(full_bench.records)
        assert full_bench.board().csv == expected


def test_seeds_follow_one_another(bench) -> None:
    for seed in (2, 0, 1):
        bench.add("ddib", 0.1 * seed, seed=seed)
        bench.add("ddib", 0.1 * seed + 0.05, seed=seed, solver="heun")
    table = bench.board().table
    assert table["seed"].tolist() == [0, 0, 1, 1, 2, 2]
    assert table["solver"].tolist() == ["heun", "dpm"] * 3


def test_an_unused_axis_is_a_dash_and_an_unused_number_is_missing(bench) -> None:
    bench.add("identity", 0.0, baseline=True)
    row = bench.board().table.iloc[0]
    axes = ["source_score", "target_score", "solver", "transform"]
    assert row[axes].tolist() == ["-"] * 4
    assert row["nfe"] is pd.NA


def test_a_failed_row_has_a_reason_and_no_numbers(full_bench) -> None:
    table = full_bench.board().table
    row = table[table["status"] == "failed"].iloc[0]
    assert row["reason"] == "boom at x.py"
    metrics = [column.name for column in full_bench.columns]
    assert row[metrics].isna().all()


def test_each_column_has_its_dtype(full_bench) -> None:
    dtypes = full_bench.board().table.dtypes.astype(str)
    assert dtypes[["nfe", "seed", "n", "tie_group"]].tolist() == ["Int64"] * 4
    assert dtypes[["pareto", "baseline"]].tolist() == ["boolean"] * 2
    assert dtypes[["success", "fid_low", "fid_floor", "seconds"]].tolist() == ["float64"] * 4
    assert dtypes[["task", "method", "reason", "plugins"]].tolist() == ["string"] * 4


def test_an_empty_board_has_its_columns(bench) -> None:
    empty = bench.board().table
    bench.add("ddib")
    full = bench.board().table
    assert (len(empty), len(full)) == (0, 1)
    assert empty.dtypes.tolist() == full.dtypes.tolist()
    assert empty.columns.tolist() == full.columns.tolist()


def test_provenance_is_json_with_sorted_keys_given_as_text_or_not(bench) -> None:
    bench.add("ddib")
    row = bench.board().table.iloc[0]
    assert row["plugins"].startswith('{"a":{"distribution":"bridgebench-dots","sha256":"0e')
    assert json.loads(row["options"]) == {"method": {"name": "ddib"}}


def test_numbers_are_those_of_the_record(bench) -> None:
    bench.add("ddib", 0.1 + 0.2, fid=1 / 3)
    row = bench.board().table.iloc[0]
    assert (row["success"], row["fid"], row["fid_low"]) == (0.1 + 0.2, 1 / 3, 1 / 3 * 0.75)
    assert (row["latent_std"], row["nfe_total"], row["seconds"]) == (0.3, 20.0, 1.25)
    assert np.isnan(row["peak_memory_mb"])


@pytest.mark.parametrize(
    "changes", [{"facts": {"mood": "good"}}, {"cost": {"dollars": 3}}, {"provenance": {"x": 1}}]
)
def test_a_fact_without_a_column_is_not_dropped_silently(bench, changes) -> None:
    bench.add("ddib", **changes)
    with pytest.raises(IntegrityError, match=f"'{next(iter(*changes.values()))}'"):
        bench.board()


def test_statistics_that_are_not_one_an_image_are_an_error(bench) -> None:
    bench.add("ddib", np.ones(39))
    with pytest.raises(PluginError, match=r"'success'.*\(39,\) for 40 images"):
        bench.board()
