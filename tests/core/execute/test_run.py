"""Runs of a small world with exact denoisers: rows, sharing, failures, folders."""

import importlib
import json

import numpy as np
import pandas as pd
import pytest
import torch
from bridgebench_world.images import World
from threadpoolctl import threadpool_info, threadpool_limits

from bridgebench import OutputError, PluginError
from bridgebench.api import run_choices
from bridgebench.execute.scoring import Scorer
from bridgebench.execute.spool import Spool
from bridgebench.plan.choices import choices_of
from bridgebench.toolkit.item_files import seed_folder

COST = ["seconds", "images_per_s", "peak_memory_mb"]


def run(out, **words):
    return run_choices(choices_of({"task": "world", "out": out, **words}))


def without_cost(finished):
    return finished.board.table.drop(columns=COST).to_csv()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run(tmp_path_factory.mktemp("whole") / "out")


def test_every_cell_is_a_row_with_its_numbers(whole):
    table = whole.board.table
    assert len(table) == 10
    assert set(table["status"]) == {"ok"}
    assert table[["success", "fid", "color_deg", "accuracy", "transport"]].notna().all(axis=None)
    assert whole.all_ok


def test_the_exact_bridge_reaches_the_target(whole):
    table = whole.board.table.set_index(["method", "solver", "transform"])
    assert table.loc[("ddib", "heun", "identity"), "accuracy"] == 1
    assert table.loc[("identity", "-", "-"), "accuracy"] == 0
    assert table.loc[("identity", "-", "-"), "transport"] == 0


def test_evaluations_are_counted_in_each_direction(whole):
    table = whole.board.table
    ddib = table[table["method"] == "ddib"]
    assert set(ddib["nfe_encode"]) == {4}
    assert set(ddib["nfe_decode"]) == {4}
    assert set(table[table["method"] == "identity"]["nfe_total"]) == {0}


def test_scores_are_summed_up_in_one_thread_of_torch_and_of_blas(tmp_path, monkeypatch):
    importlib.import_module("torchmetrics")  # brings SciPy, and with it a BLAS of its own
    seen = []
    compute = Scorer.compute

    def watched(self):
        seen.append(torch.get_num_threads())
        seen.extend(blas_threads())
        return compute(self)

    monkeypatch.setattr(Scorer, "compute", watched)
    with threadpool_limits(limits=2, user_api="blas"):
        there = blas_threads()
        assert run(tmp_path / "out", method="identity").all_ok
        assert blas_threads() == there
    assert set(there) <= {2}
    assert seen == [1] * (1 + len(there))


def test_a_dataset_that_ends_its_stream_early_is_one_line(tmp_path, monkeypatch):
    stream = World.stream

    def short(self, domain, split, n, seed, size):
        return stream(self, domain, split, n - 1, seed, size)

    monkeypatch.setattr(World, "stream", short)
    with pytest.raises(PluginError, match="dataset 'world' streamed 9 items of red, expected 10"):
        run(tmp_path / "out", method="identity")


def blas_threads():
    return [each["num_threads"] for each in threadpool_info() if each["internal_api"] == "openblas"]


@pytest.mark.parametrize("beside", [False, True])
def test_a_second_thread_and_files_in_place_of_memory_change_no_number(
    whole, tmp_path, monkeypatch, beside
):
    monkeypatch.setattr("bridgebench.execute.seed.use_second_thread", lambda device, cores: beside)
    monkeypatch.setattr("bridgebench.execute.batches.Spool", lambda held: Spool(0))
    monkeypatch.setattr("bridgebench.execute.sharing.Spool", lambda: Spool(0))
    assert without_cost(run(tmp_path / "out")) == without_cost(whole)


@pytest.mark.parametrize("beside", [False, True])
def test_an_error_in_scoring_is_the_failure_of_its_cell(tmp_path, monkeypatch, beside):
    def refuse(self, *batch):
        raise ValueError("no score for this")

    monkeypatch.setattr("bridgebench.execute.seed.use_second_thread", lambda device, cores: beside)
    monkeypatch.setattr("bridgebench.execute.scoring.Scorer.update", refuse)
    (record,) = run(tmp_path / "out", method="identity").records
    assert (record.status, record.reason) == ("failed", "ValueError: no score for this")
    assert "in refuse" in record.traceback


def test_pictures_and_files_are_there(whole):
    assert len(list((whole.folder.path / "strips").glob("*.png"))) == 10
    assert len(list((whole.folder.path / "records").glob("*.json"))) == 10
    report = json.loads(whole.folder.run_json.read_text(encoding="utf-8"))
    assert report["finished"] is True
    assert report["cells"]["computed"] == 10
    assert pd.read_csv(whole.folder.leaderboard).shape == whole.board.table.shape


def test_a_shared_encode_gives_the_bits_of_a_solo_one(whole, tmp_path):
    alone = run(
        tmp_path / "alone", method="ddib", solver="heun", transform="rotate_image+scale:c=0.8"
    )
    (record,) = alone.records
    shared = next(r for r in whole.records if r.identity == record.identity)
    assert record.values == shared.values
    for name, items in alone.folder.records.items(record).items():
        assert np.array_equal(items, whole.folder.records.items(shared)[name], equal_nan=True)
    assert (
        alone.folder.strip(record.identity).read_bytes()
        == whole.folder.strip(record.identity).read_bytes()
    )


def test_a_second_run_computes_nothing_and_says_the_same(whole):
    again = run(whole.folder.path)
    assert again.clock.computed_cells == 0
    assert again.clock.reused_cells == 10
    assert again.board.csv == whole.board.csv


def test_cells_may_be_added_to_a_folder(tmp_path, whole):
    run(tmp_path / "out", method="identity")
    run(tmp_path / "out", method="ddib", solver="heun")
    both = run(tmp_path / "out")
    assert both.clock.computed_cells == 5
    assert without_cost(both) == without_cost(whole)


def test_a_damaged_record_is_computed_again(tmp_path):
    first = run(tmp_path / "out", method="identity")
    (path,) = (first.folder.path / "records").glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    second = run(tmp_path / "out", method="identity")
    assert second.clock.computed_cells == 1
    assert without_cost(second) == without_cost(first)


def test_a_failing_cell_leaves_its_siblings_alone(tmp_path, whole):
    failing = run(
        tmp_path / "out",
        method="ddib,identity,raising,nan_output,wrong_shape,too_bright",
        solver="heun",
        transform="identity,explode",
    )
    table = failing.board.table.set_index(["method", "transform"])
    assert not failing.all_ok
    assert table.loc[("ddib", "identity"), "status"] == "ok"
    assert table.loc[("identity", "-"), "status"] == "ok"
    reasons = {
        ("ddib", "explode"): "the latent exploded",
        ("raising", "-"): "no bridge here",
        ("nan_output", "-"): "NaN",
        ("wrong_shape", "-"): r"shape \(4, 3, 16, 16\)",
        ("too_bright", "-"): "clamp them",
    }
    for row in reasons:
        assert table.loc[row, "status"] == "failed"
        assert pd.isna(table.loc[row, "success"])
    for record in failing.records:
        if record.status == "failed" and record.axes["method"] == "raising":
            assert "ValueError: no bridge here" in record.traceback
    said = " ".join(record.reason for record in failing.records)
    assert all(part.replace("\\", "") in said for part in reasons.values())
    same = next(
        r for r in whole.records if r.axes["solver"] == "heun" and r.axes["transform"] == "identity"
    )
    assert next(r for r in failing.records if r.identity == same.identity).values == same.values


def test_a_failed_cell_is_tried_again(tmp_path):
    assert run(tmp_path / "out", method="raising").clock.computed_cells == 1
    assert run(tmp_path / "out", method="raising").clock.computed_cells == 1


def test_seeds_are_rows_of_their_own(tmp_path):
    table = run(tmp_path / "out", protocol="twice", method="random_target").board.table
    assert sorted(table["seed"]) == [0, 1]
    assert table["fid"].nunique() == 2


def test_a_folder_of_another_protocol_is_refused_and_kept(tmp_path):
    first = run(tmp_path / "out", method="identity")
    before = first.folder.leaderboard.read_bytes()
    with pytest.raises(OutputError, match="n=10, but this run has n=6"):
        run(tmp_path / "out", method="identity", n=6)
    assert first.folder.leaderboard.read_bytes() == before
    assert len(run(tmp_path / "out", method="identity", n=6, overwrite=True).records) == 1


def test_a_folder_with_something_else_is_never_overwritten(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="holds no run of bridgebench"):
            run(tmp_path, method="identity", overwrite=overwrite)
    assert (tmp_path / "thesis.tex").read_text(encoding="utf-8") == "mine"


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be"):
        run(tmp_path / "file" / "out", method="identity")


def test_outputs_are_kept_on_request(tmp_path):
    finished = run(tmp_path / "out", method="identity", save="images")
    (record,) = finished.records
    kept = finished.folder.images(record.identity)
    assert len(list((kept / seed_folder(0)).rglob("*.png"))) == 10


def test_the_cycle_is_measured_on_request(tmp_path):
    finished = run(tmp_path / "out", method="ddib", solver="heun", transform="identity", nfe=20,
                   metric="cycle")  # fmt: skip
    table = finished.board.table
    assert table["cycle_rmse"].iloc[0] < 0.05
