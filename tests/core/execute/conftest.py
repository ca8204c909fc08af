"""Runs in a process of their own, which stand still after two cells until they are stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bridgebench_world.score import LAST_VARIABLE

WORLD = Path(__file__).parents[2] / "world"

AFTER_TWO_CELLS = "40"
"""Batches: 3 batches by 4 evaluations make an encode, and a decode of each of the first cells."""

Stoppable = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def stoppable() -> Iterator[Stoppable]:
    """Starts a run of the world into a folder, and waits until two of its ten cells are there."""
    with interruptible(), started() as start:
        yield start


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C reaches the processes of a test, also where a shell in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def started() -> Iterator[Stoppable]:
    running: list[subprocess.Popen[str]] = []

    def start(out: Path, *words: str) -> "subprocess.Popen[str]":
        places = [str(WORLD), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {"PYTHONPATH": os.pathsep.join(places), LAST_VARIABLE: AFTER_TWO_CELLS}
        process = subprocess.Popen(
            [sys.executable, "-m", "bridgebench", "run", "task=world", f"out={out}", *words],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        deadline = time.monotonic() + 900
        while len(list((out / "records").glob("*.json"))) < 2:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "no two records within 900 s"
            time.sleep(0.01)
        return process

    try:
        yield start
    finally:
        for process in running:
            process.kill()
            process.wait()
