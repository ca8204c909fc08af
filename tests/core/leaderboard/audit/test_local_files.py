"""Files that a row names, found on this machine by their name and their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bridgebench.errors import IntegrityError
from bridgebench.interfaces.method import Method, Translation
from bridgebench.leaderboard.audit.local_files import spec_with_local_files
from bridgebench.plugins.specs import parse_spec, split_list

NAME = "best, of 3.bin"


class Reading(Method):
    """A method that reads a file."""

    name: ClassVar[str] = "reading"
    weights: Path
    strength: float = 1.0

    def files(self) -> Mapping[str, str]:
        if not self.weights.is_file():
            raise IntegrityError(f"{self.weights} is not there")
        return {"weights": hashlib.sha256(self.weights.read_bytes()).hexdigest()}

    def translate(self, *_: Any) -> Translation:
        raise AssertionError("nothing is translated here")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files of one name, in folders whose names hold separators."""
    for place, content in (("run 10:30", b"old"), ("run=2, later", b"new")):
        (tmp_path / place).mkdir()
        (tmp_path / place / NAME).write_bytes(content)
    return tmp_path


def spec(folder: Path, content: bytes) -> str:
    named = {"reading/weights": hashlib.sha256(content).hexdigest()}
    return spec_with_local_files(Reading(weights=Path(NAME), strength=0.5), named, [folder])


@pytest.mark.parametrize(("content", "place"), [(b"old", "run 10:30"), (b"new", "run=2, later")])
def test_the_file_of_the_right_hash_is_read_whatever_its_folder_is_called(
    folder: Path, content: bytes, place: str
) -> None:
    (found,) = split_list(spec(folder, content))
    name, options = parse_spec(found)
    assert name == "reading"
    assert options == {"weights": str(folder / place / NAME), "strength": "0.5"}


def test_without_the_file_the_spec_has_its_name_alone(folder: Path) -> None:
    assert spec(folder, b"another") == f'reading:weights="{NAME}":strength=0.5'


def test_a_row_never_has_the_folder_of_a_file(folder: Path) -> None:
    _, options = parse_spec(spec(folder, b"old"))
    assert str(folder) not in Reading(weights=Path(options["weights"])).spec
