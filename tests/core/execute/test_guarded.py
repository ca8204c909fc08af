"""Cells in a process of their own: one that hangs or is killed costs itself alone."""

import pytest

from bridgebench.api import run_choices
from bridgebench.leaderboard.files import to_csv
from bridgebench.plan.choices import choices_of

COST = ["seconds", "images_per_s", "peak_memory_mb"]


def run(out, **words):
    return run_choices(choices_of({"task": "world", "out": out, **words}))


def test_a_hang_and_a_death_are_rows_and_their_siblings_finish(tmp_path, monkeypatch):
    # A busy machine is late to write down where a cell hangs.
    monkeypatch.setattr("bridgebench.execute.guarded.GRACE_SECONDS", 10.0)
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
    assert to_csv(plain.board.table.drop(columns=COST)) == to_csv(
        guarded.board.table.drop(columns=COST)
    )
    assert run(tmp_path / "guarded", limit=900, **words).clock.reused_cells == 2


@pytest.mark.parametrize("limit", [0, -1, "soon"])
def test_a_limit_is_a_number_of_seconds(tmp_path, limit):
    with pytest.raises(Exception, match=f"limit={limit}"):
        run(tmp_path / "out", limit=limit)
