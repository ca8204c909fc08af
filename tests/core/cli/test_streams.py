"""Where output goes: a full disk and a narrow encoding end no command with a traceback."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


def call(*words, stdout, encoding="utf-8"):
    return subprocess.run(
        [sys.executable, "-m", "bridgebench", *words],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        check=False,
    )


def test_a_finished_run_keeps_its_exit_status_where_the_disk_is_full(tmp_path):
    words = ("run", "task=gaussian", "method=identity", "n=8", f"out={tmp_path / 'mine'}")
    with FULL.open("wb") as full:
        result = call(*words, stdout=full)
    assert result.returncode == 0
    last = result.stderr.decode().splitlines()[-1]
    assert last == "Error: standard output cannot be written: No space left on device"
    assert (tmp_path / "mine" / "leaderboard.csv").is_file()


def test_a_command_whose_output_is_lost_fails_in_one_line():
    with FULL.open("wb") as full:
        result = call("list", stdout=full)
    assert result.returncode == 1
    assert result.stderr.decode().startswith("Error: standard output cannot be written")
    assert b"Traceback" not in result.stderr


def test_a_finished_run_keeps_its_exit_status_without_standard_output(tmp_path):
    out = shlex.quote(str(tmp_path / "mine"))
    python = shlex.quote(sys.executable)
    command = f"{python} -m bridgebench run task=gaussian method=identity n=8 out={out}"
    result = subprocess.run(
        ["bash", "-c", f"{command} >&-"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    assert (tmp_path / "mine" / "leaderboard.csv").is_file()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_of_few_characters_gets_a_question_mark_for_the_others(tmp_path, encoding):
    words = ("run", "task=gaussian", "method=identity", "n=8", f"out={tmp_path / 'mine'}")
    result = call(*words, stdout=subprocess.PIPE, encoding=encoding)
    assert result.returncode == 0
    assert b"Traceback" not in result.stderr
    assert "leaderboard: " in result.stdout.decode(encoding)
