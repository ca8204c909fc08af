"""Cells in a process of their own: one that hangs or is killed costs itself alone."""

import resource
from contextlib import contextmanager

import pytest

from bridgebench.api import run_choices
from bridgebench.execute.memory import used_memory
from bridgebench.plan.choices import choices_of

COST = ["seconds", "images_per_s", "peak_memory_mb"]


def run(out, **words):
    return run_choices(choices_of({"task": "world", "out": out, **words}))


def test_a_hang_and_a_death_are_rows_and_their_siblings_finish(tmp_path, monkeypatch):
    # A busy machine is late to write down where a cell hangs.
    monkeypatch.setattr("bridgebench.execute.workers.handle.GRACE_SECONDS", 10.0)
    methods = "identity,hanging,dying,raising,random_target"
    finished = run(tmp_path / "out", method=methods, limit=10)
    records = {record.axes["method"]: record for record in finished.records}
    assert {method: record.status for method, record in records.items()} == {
        "identity": "ok",
        "hanging": "timeout",
        "dying": "failed",
        "raising": "failed",
        "random_target": "ok",
    }
    assert "limit of 10 s" in records["hanging"].reason
    assert "failing.py" in records["hanging"].traceback
    assert "in translate" in records["hanging"].traceback
    assert "SIGKILL" in records["dying"].reason
    assert records["raising"].reason == "ValueError: no bridge here"
    assert finished.clock.computed_cells == 5
    assert not finished.all_ok


def test_a_guarded_run_gives_the_numbers_of_a_plain_one(tmp_path):
    words = {"method": "ddib,identity", "solver": "heun", "transform": "identity"}
    plain = run(tmp_path / "plain", **words)
    guarded = run(tmp_path / "guarded", limit=900, **words)
    assert (
        plain.board.table.drop(columns=COST).to_csv()
        == guarded.board.table.drop(columns=COST).to_csv()
    )
    assert run(tmp_path / "guarded", limit=900, **words).clock.reused_cells == 2


@pytest.mark.parametrize("limit", [0, -1, "soon"])
def test_a_limit_is_a_number_of_seconds(tmp_path, limit):
    with pytest.raises(Exception, match=f"limit={limit}"):
        run(tmp_path / "out", limit=limit)


ENDS = {
    "c_exit": "its process ended with exit status 3",
    "c_exit_0": "its process ended with exit status 0",
    "segfault": "its process died of SIGSEGV",
    "sys_exit_3": "would have ended the run with SystemExit(3)",
    "base_exception": "would have ended the run with BaseException(gone)",
}


def test_the_end_of_a_process_is_called_what_it_was(tmp_path):
    methods = [f"misbehaving:how={how}" for how in ENDS]
    finished = run(tmp_path / "out", method=[*methods, "identity"], limit=900)
    records = {record.axes["method"]: record for record in finished.records}
    assert records.pop("identity").status == "ok"
    assert {record.status for record in records.values()} == {"failed"}
    for method, said in zip(methods, ENDS.values(), strict=True):
        assert said in records[method].reason


@contextmanager
def small_machine():
    """Processes that are started in it may take 1 GB more than this one has."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (used_memory() + 2**30, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def test_a_method_that_takes_all_memory_is_a_failed_row(tmp_path):
    words = {"method": "misbehaving:how=out_of_memory,identity,random_target", "limit": 900}
    plain = run(tmp_path / "plain", method="identity,random_target")
    with small_machine():
        finished = run(tmp_path / "out", **words)
    records = {record.axes["method"]: record for record in finished.records}
    odd = records.pop("misbehaving:how=out_of_memory")
    assert odd.status == "failed"
    assert odd.reason.startswith("out of memory: ")
    assert {name: record.values for name, record in records.items()} == {
        record.axes["method"]: record.values for record in plain.records
    }
