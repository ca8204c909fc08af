"""Cells that go through the network together: the rows that each gets alone, and no accomplices."""

import sys
from itertools import count
from pathlib import Path

import pytest
import torch
from bridgebench_world.compare import numbers, without_cost

from bridgebench import Failure
from bridgebench.api import run_choices
from bridgebench.execute.cluster.units import Unit
from bridgebench.execute.cluster.worker import Order, Worker, keys_of
from bridgebench.execute.folder import RunFolder
from bridgebench.execute.local import LocalRun
from bridgebench.execute.progress import Silent
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plugins.registry import load_registry
from bridgebench_ddib.ddib import Ddib

LATENTS = "identity,scale:c=0.7,scale:c=0.8"
WORDS = {"task": "world", "method": "ddib", "solver": "euler", "n": 4}


def run(out, progress=None, **words):
    return run_choices(choices_of({**WORDS, "out": out, **words}), progress)


@pytest.fixture
def calls(monkeypatch):
    """How many variants each call of `translate` was given."""
    made = []
    translate = Ddib.translate

    def counted(self, batch, variants, context):
        made.append(len(variants))
        return translate(self, batch, variants, context)

    monkeypatch.setattr(Ddib, "translate", counted)
    return made


def test_variants_of_a_latent_are_one_call_and_the_rows_are_those_of_each_alone(tmp_path, calls):
    alone = run(tmp_path / "alone", transform=LATENTS, batch=4)
    assert calls == [1, 1, 1]
    calls.clear()
    together = run(tmp_path / "together", transform=LATENTS, batch=12, save="images")
    assert calls == [3]
    assert together.all_ok
    assert without_cost(together) == without_cost(alone)
    cells = together.plan.cells
    assert len(list((tmp_path / "together" / "images").iterdir())) == len(cells)
    assert len(list((tmp_path / "together" / "strips").iterdir())) == len(cells)


def test_each_of_a_set_has_its_part_of_the_cost(tmp_path, monkeypatch):
    monkeypatch.setattr("bridgebench.execute.sharing.perf_counter", lambda: 0)
    monkeypatch.setattr("bridgebench.execute.cell.perf_counter", count().__next__)
    table = run(tmp_path / "out", transform=LATENTS, batch=12).board.table
    assert table["nfe_decode"].tolist() == [4, 4, 4]
    # A tick for the call that all three share, and one for the copy that each has of its outputs.
    assert table["seconds"].tolist() == pytest.approx([1 / 3 + 1] * 3)


def test_a_cell_that_raises_fails_alone(tmp_path, calls):
    healthy = run(tmp_path / "healthy", transform=LATENTS, batch=16)
    calls.clear()
    broken = run(tmp_path / "broken", transform=f"explode,{LATENTS}", batch=16)
    assert calls == [4, 1, 1, 1, 1]
    failed, *others = broken.records
    assert (failed.status, failed.reason) == ("failed", "RuntimeError: the latent exploded")
    assert "in latent" in failed.traceback
    assert [record.status for record in others] == ["ok"] * 3
    kept = numbers(broken)
    assert {key: kept[key] for key in numbers(healthy)} == numbers(healthy)


def test_a_wrong_number_of_answers_is_told_of_each_cell(tmp_path, monkeypatch):
    monkeypatch.setattr(Ddib, "translate", lambda self, batch, variants, context: [])
    finished = run(tmp_path / "out", transform=LATENTS, batch=16)
    assert {record.reason for record in finished.records} == {
        "method 'ddib' gave 0 translations for 1 variant"
    }


def test_what_is_left_of_a_set_is_computed_with_the_whole_of_it(tmp_path, calls):
    first = run(tmp_path / "out", transform=LATENTS, batch=12)
    before = without_cost(first)
    lost = first.plan.cells[1].identity
    (tmp_path / "out" / "records" / f"{lost}.json").unlink()
    calls.clear()
    again = run(tmp_path / "out", transform=LATENTS, batch=12)
    assert calls == [3]
    assert (again.clock.computed_cells, again.clock.reused_cells) == (1, 2)
    assert without_cost(again) == before


def test_whoever_is_told_to_translates_each_cell_by_itself(tmp_path, calls):
    choices = choices_of({**WORDS, "transform": LATENTS, "batch": 12, "out": tmp_path})
    plan = make_plan(load_registry(), choices)
    (group,) = plan.groups
    LocalRun(plan, RunFolder(tmp_path), Silent()).run_group(group, group.cells[1:], alone=True)
    assert calls == [1, 1]


@pytest.mark.parametrize(("alone", "expected"), [(False, [3]), (True, [1])])
def test_a_worker_is_told_so_by_its_unit(tmp_path, calls, alone, expected):
    choices = choices_of({**WORDS, "transform": LATENTS, "batch": 12, "device": "cpu"})
    plan = make_plan(load_registry(), choices)
    worker = Worker()
    threads = torch.get_num_threads()
    order = Order(choices, keys_of(plan), threads, tuple(sys.path), str(Path.cwd()), str(tmp_path))
    assert worker.prepare(order) == ""
    worker.run(Unit(0, ((plan.cells[1].identity,),), alone=alone))
    assert calls == expected


def test_where_one_of_a_set_has_no_outputs_none_pays_for_another(tmp_path, monkeypatch):
    translate = Ddib.translate

    def choosy(self, batch, variants, context):
        """No outputs for what is scaled by 0.7, and no evaluation spent on it."""
        wanted = [v for v in variants if "0.7" not in v.cell.transform.spec]
        made = iter(translate(self, batch, wanted, context) if wanted else ())
        return [next(made) if v in wanted else Failure("not this one") for v in variants]

    monkeypatch.setattr(Ddib, "translate", choosy)
    table = run(tmp_path / "out", transform=LATENTS, batch=12).board.table
    assert table["status"].tolist() == ["ok", "ok", "failed"]
    assert table["nfe_decode"].tolist()[:2] == [4, 4]


def test_with_a_limit_each_cell_is_alone(tmp_path):
    finished = run(tmp_path / "out", transform=LATENTS, batch=12, limit=300)
    assert finished.all_ok
    assert without_cost(finished) == without_cost(run(tmp_path / "b", transform=LATENTS, batch=4))
