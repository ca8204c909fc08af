"""A run that is killed, for real, and started again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bridgebench.api import run_choices
from bridgebench.leaderboard.files import to_csv
from bridgebench.plan.choices import choices_of

WORLD = Path(__file__).parents[2] / "world"
COST = ["seconds", "images_per_s", "peak_memory_mb"]
WORDS = {"task": "world", "score": "world_exact:delay=0.05"}


def start(out):
    words = [f"{key}={value}" for key, value in {**WORDS, "out": out}.items()]
    return subprocess.Popen(
        [sys.executable, "-m", "bridgebench", "run", *words],
        env={**os.environ, "PYTHONPATH": str(WORLD), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_records(process, out, count):
    deadline = time.monotonic() + 90
    while len(list((out / "records").glob("*.json"))) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "no records within 90 s"
        time.sleep(0.01)


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_goes_on_where_it_was(tmp_path, kill):
    out = tmp_path / "stopped"
    process = start(out)
    wait_for_records(process, out, 2)
    process.send_signal(kill)
    _, errors = process.communicate(timeout=60)
    kept = {path.name: path.stat().st_mtime_ns for path in (out / "records").glob("*.json")}
    assert 2 <= len(kept) < 10
    assert process.returncode == (-signal.SIGKILL if kill == signal.SIGKILL else 130)
    assert ("interrupted" in errors) == (kill == signal.SIGINT)

    resumed = run_choices(choices_of({**WORDS, "out": out}))
    assert resumed.clock.reused_cells >= len(kept)
    assert resumed.clock.computed_cells == 10 - resumed.clock.reused_cells
    for name, written in kept.items():
        assert (out / "records" / name).stat().st_mtime_ns == written

    unbroken = run_choices(choices_of({**WORDS, "out": tmp_path / "unbroken"}))
    assert to_csv(resumed.board.table.drop(columns=COST)) == to_csv(
        unbroken.board.table.drop(columns=COST)
    )
