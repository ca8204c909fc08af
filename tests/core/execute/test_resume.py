"""A run that is killed, for real, and started again."""

import signal

import pytest

from bridgebench.api import run_choices
from bridgebench.plan.choices import choices_of

COST = ["seconds", "images_per_s", "peak_memory_mb"]


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_goes_on_where_it_was(stoppable, tmp_path, kill):
    out = tmp_path / "stopped"
    process = stoppable(out)
    process.send_signal(kill)
    _, errors = process.communicate(timeout=900)
    kept = {path.name: path.stat().st_mtime_ns for path in (out / "records").glob("*.json")}
    assert len(kept) == 2
    assert process.returncode == (-signal.SIGKILL if kill == signal.SIGKILL else 130)
    assert ("interrupted" in errors) == (kill == signal.SIGINT)

    resumed = run_choices(choices_of({"task": "world", "out": out}))
    assert (resumed.clock.reused_cells, resumed.clock.computed_cells) == (2, 8)
    for name, written in kept.items():
        assert (out / "records" / name).stat().st_mtime_ns == written

    unbroken = run_choices(choices_of({"task": "world", "out": tmp_path / "unbroken"}))
    assert (
        resumed.board.table.drop(columns=COST).to_csv()
        == unbroken.board.table.drop(columns=COST).to_csv()
    )
