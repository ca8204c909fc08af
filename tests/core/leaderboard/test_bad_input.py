"""A board that is not what it says is one line and exit 2 for each command; nothing is written.

What each line says is tested beside the checks; here it is that no command lets one through.
"""

import io
import os
import random
from pathlib import Path

import pandas as pd
import pytest

from bridgebench.leaderboard.csv.files import write_text
from bridgebench.leaderboard.csv.raw import MAX_FILE_BYTES

COMMANDS = {
    "validate": (),
    "merge": ("out=new.csv",),
    "publish": ("dir=boards",),
    "page": ("out=new.html",),
}


def edited(row, **cells):
    def damage(text):
        frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
        for column, value in cells.items():
            frame.loc[row, column] = value
        return frame.to_csv(index=False, lineterminator="\n")

    return damage


def twice(text):
    header, first, *rest = text.splitlines(keepends=True)
    return "".join([header, first, first, *rest])


def junk(_):
    letters = random.Random(0).choices("abc,;\"'=\n0123", k=2**20)
    return ("".join(letters) * 50)[: MAX_FILE_BYTES - 1]


DAMAGES = {
    "a missing column": lambda text: text.replace(",status,", ",state,", 1),
    "an unknown column": lambda text: text.replace("\n", ",1\n").replace(",1\n", ",mood\n", 1),
    "a wrong type": edited(0, fid="low"),
    "NaN where none may be": edited(0, seed="nan"),
    "an empty seed": edited(0, seed=""),
    "a row twice": twice,
    "CR line ends": lambda text: text.replace("\n", "\r"),
    "semicolons in names": lambda text: text.replace(",", ";", 5),
    "NaN in JSON": edited(0, options='{"method":{"name":"ddib","weight":NaN}}'),
    "a number beyond floats in JSON": edited(0, options='{"method":{"name":"ddib","c":1e999}}'),
    "a number for options": edited(0, options='{"method":1}'),
    "a number for a name": edited(0, options='{"method":{"name":1}}'),
    "an unknown part of the options": edited(0, options='{"method":{"name":"ddib"},"mood":1}'),
    "a NaN fingerprint": edited(0, fingerprint_parts="NaN"),
    "metrics that are a list": edited(0, fingerprint_parts='{"metrics":[1]}'),
    "plugins that are words": edited(0, plugins='{"bridgebench":"0.1"}'),
    "weights that are numbers": edited(0, weights='{"w":7}'),
    "deep JSON": edited(0, weights="[" * 60_000),
    "deep JSON in an object": edited(0, options='{"a":' * 10_000 + "1" + "}" * 10_000),
    "50 MB of junk": junk,
    "more than 50 MB": lambda text: "x" * (MAX_FILE_BYTES + 1),
    "a formula in a name": edited(0, method="=HYPERLINK(1)"),
    "a step up in a name": edited(0, method="../../etc/passwd"),
    "an edited number": edited(0, nfe_total="19.0"),
    "mixed fingerprints": edited(0, fingerprint="0123456789ab"),
    "another fingerprint's parts": edited(0, fingerprint_parts='{"n":41}'),
}


@pytest.fixture
def board(place: Path, full_bench) -> Path:
    """A sound board, in the only task that is installed."""
    write_text(full_bench.board().csv, place / "board.csv")
    return place / "board.csv"


def files_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("case", DAMAGES)
def test_no_command_lets_a_damaged_board_through(board: Path, refusal, case: str) -> None:
    board.write_text(DAMAGES[case](board.read_text("utf-8")), encoding="utf-8", newline="")
    before = files_of(board.parent)
    for command, words in COMMANDS.items():
        line = refusal(command, "board.csv", *words, "task=small.yaml")
        assert "board.csv" in line, (command, line)
        assert len(line) < 500, (command, line)
    assert files_of(board.parent) == before


def test_a_pipe_is_no_board_and_is_not_waited_for(place: Path, refusal) -> None:
    os.mkfifo("pipe.csv")
    for command, words in COMMANDS.items():
        line = refusal(command, "pipe.csv", *words, "task=small.yaml")
        assert "pipe.csv: not a regular file" in line


def test_a_device_without_end_is_no_board(place: Path, refusal) -> None:
    assert "not a regular file" in refusal("validate", "/dev/zero", "task=small.yaml")


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_board_beside_another_stops_nobody(board: Path, call, case: str) -> None:
    folder = board.parent / "boards" / "small"
    folder.mkdir(parents=True)
    text = DAMAGES[case](board.read_text("utf-8"))
    (folder / "hostile.csv").write_text(text, encoding="utf-8", newline="")
    result = call("publish", "board.csv", "dir=boards", "task=small.yaml")
    assert result.exit_code == 0, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("Warning: not on the page: boards/small/hostile.csv")


def test_a_file_that_is_no_board_beside_another_stops_nobody(board: Path, call) -> None:
    folder = board.parent / "boards" / "small"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "pipe.csv")
    (folder / "link.csv").symlink_to("/etc/passwd")
    (folder / "a\nb.csv").write_text("x", encoding="utf-8")
    result = call("publish", "board.csv", "dir=boards", "task=small.yaml")
    assert result.exit_code == 0, result.output
    assert len(result.stderr.splitlines()) == 3, result.stderr
    assert "root:" not in result.output


def test_the_sound_board_goes_through(board: Path, call) -> None:
    for command, words in COMMANDS.items():
        assert call(command, "board.csv", *words, "task=small.yaml").exit_code == 0, command
