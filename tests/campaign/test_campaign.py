"""Faults of all kinds beside honest methods: 40 misbehaving methods, 30 damaged files, 100 kills.

Whatever is done, the rows of the others are what they are when nothing is done.
"""

import os
import random
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from bridgebench_world.misbehaving import ANSWERS, ENDS, QUIET, STATE

from bridgebench.api import run_choices
from bridgebench.execute.store import FOLDER_VARIABLE, LIMIT_VARIABLE
from bridgebench.plan.choices import choices_of

pytestmark = pytest.mark.campaign

HONEST = {
    "task": "world",
    "method": "ddib,random_target",
    "solver": "heun",
    "transform": "identity,scale:c=0.8",
}

METHODS = 40
FILES = 30
KILLS = 100

WAYS = [*STATE, *QUIET, *ENDS, *ANSWERS]
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(out, **words):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run_choices(choices_of({**HONEST, "out": out, **words}))


def numbers(finished):
    return {
        record.identity: (record.status, record.values, record.items_sha256)
        for record in finished.records
        if "misbehaving" not in str(record.axes)
    }


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    return numbers(run(tmp_path_factory.mktemp("honest") / "out"))


def test_misbehaving_methods(tmp_path, monkeypatch, honest):
    assert len(WAYS) >= METHODS
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(LIMIT_VARIABLE, "100MB")
    for at in ("translate", "share"):
        odd = [f"misbehaving:how={how}:at={at}" for how in WAYS]
        # Honest methods come last, when all the damage is done, and again from the cache.
        first = run(tmp_path / at, method=[*odd, *HONEST["method"].split(",")])
        assert numbers(first) == honest
        assert len(first.records) == len(honest) + len(odd)
        assert numbers(run(tmp_path / f"{at}-after")) == honest
        quiet = {f"misbehaving:how={how}" for how in QUIET}
        for record in first.records:
            name = str(record.axes["method"]).removesuffix(":at=share")
            if "misbehaving" in name:
                assert (record.status == "ok") == (name in quiet), record.reason


def damage(path, pick):
    """Damage a file in one of the ways that happen."""
    content = path.read_bytes()
    way = pick.choice(["bit", "cut", "empty", "pipe", "gone", "deep", "noise"])
    path.unlink()
    if way == "bit":
        place = pick.randrange(len(content))
        changed = bytearray(content)
        changed[place] ^= 1 << pick.randrange(8)
        path.write_bytes(changed)
    elif way == "cut":
        path.write_bytes(content[: pick.randrange(len(content))])
    elif way == "pipe":
        os.mkfifo(path)
    elif way != "gone":
        path.write_bytes({"empty": b"", "deep": b"[" * 100_000}.get(way, pick.randbytes(500)))


def test_damaged_files(tmp_path, monkeypatch, honest):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(LIMIT_VARIABLE, "100MB")
    run(tmp_path / "out")
    pick = random.Random(0)
    for _ in range(FILES):
        places = [
            *(tmp_path / "out" / "records").iterdir(),
            *(tmp_path / "cache").glob("stages/??/*.safetensors"),
        ]
        damage(pick.choice(sorted(path for path in places if path.is_file())), pick)
        assert numbers(run(tmp_path / "out")) == honest


PROGRAM = """
import os, sys, time, warnings
warnings.simplefilter("ignore")
from bridgebench.api import run_choices
from bridgebench.plan.choices import choices_of

def run(out):
    run_choices(choices_of({**WORDS, "out": out}))

run(sys.argv[1] + "/warm")
begun = time.perf_counter()
run(sys.argv[1] + "/timed")
print(time.perf_counter() - begun, flush=True)
for line in sys.stdin:
    child = os.fork()
    if not child:
        run(sys.argv[1] + "/" + line.strip())
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""
"""Makes runs, each in a process of its own: to import everything anew would take seconds each."""


@pytest.fixture
def runner(tmp_path):
    world = Path(__file__).parents[1] / "world"
    places = [str(world), *filter(None, [os.environ.get("PYTHONPATH")])]
    with subprocess.Popen(
        [sys.executable, "-c", f"WORDS = {HONEST!r}\n{PROGRAM}", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_kills(tmp_path, runner, honest):
    pick = random.Random(0)
    seconds = float(runner.stdout.readline())
    stopped = 0
    for number in range(KILLS):
        runner.stdin.write(f"{number}\n")
        runner.stdin.flush()
        child = int(runner.stdout.readline())
        time.sleep(pick.random() * seconds)
        os.kill(child, pick.choice(SIGNALS))
        stopped += int(runner.stdout.readline()) != 0
        assert numbers(run(tmp_path / str(number))) == honest
    assert stopped > KILLS / 4
