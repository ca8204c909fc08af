"""The folder of a run: which task and protocol it belongs to, and where everything lies in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridgebench.errors import IntegrityError, OutputError
from bridgebench.execute.records import RecordStore, write_atomically
from bridgebench.files.regular_files import read_regular
from bridgebench.files.shown_path import shown
from bridgebench.files.strict_json import loads
from bridgebench.plan.model import Plan

MAX_RUN_JSON_BYTES = 2**20

SHOWN = 60
"""Letters that are shown of a value in an error."""


@dataclass(frozen=True)
class RunFolder:
    """A folder of results."""

    path: Path

    @property
    def records(self) -> RecordStore:
        """The records of finished cells."""
        return RecordStore(self.path / "records")

    @property
    def leaderboard(self) -> Path:
        """The CSV."""
        return self.path / "leaderboard.csv"

    @property
    def convergence(self) -> Path:
        """The plot of an error against NFE, for a task that asks for it."""
        return self.path / "convergence.png"

    @property
    def run_json(self) -> Path:
        """What the folder belongs to, and how its last run went."""
        return self.path / "run.json"

    def strip(self, identity: str) -> Path:
        """The picture of a cell."""
        return self.path / "strips" / f"{identity}.png"

    def images(self, identity: str) -> Path:
        """The folder of a cell's outputs, where they are kept."""
        return self.path / "images" / identity

    @contextmanager
    def writing(self) -> Iterator[None]:
        """OutputError where something cannot be written while a run goes on: a full disk, say."""
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"out={shown(self.path)} cannot be written ({error.strerror or error}); finished "
                "cells are kept: make room, and the same command resumes the run"
            ) from error

    def write_run(self, content: Mapping[str, Any]) -> None:
        """Write run.json atomically."""
        text = json.dumps(content, indent=2, allow_nan=False) + "\n"
        write_atomically(self.run_json, text.encode())


def claim(path: Path, plan: Plan, overwrite: bool) -> RunFolder:
    """The folder for a plan's results, made if need be.

    OutputError if it cannot be written, holds something else, or belongs to another task or
    protocol than the plan's; `overwrite` deletes what a run left there and starts anew.
    """
    folder = RunFolder(path)
    try:
        occupied = path.exists() and (not path.is_dir() or any(map(_is_ours, path.iterdir())))
    except OSError as error:
        raise OutputError(f"out={shown(path)} cannot be read: {error.strerror}") from error
    if occupied:
        held = _held(folder)
        if overwrite:
            _empty(folder)
        elif held != plan.contract:
            raise OutputError(_difference(path, held, plan.contract))
    try:
        path.mkdir(parents=True, exist_ok=True)
        folder.write_run({"contract": plan.contract, "finished": False})
    except OSError as error:
        raise OutputError(
            f"out={shown(path)} cannot be written ({error.strerror}); give out=FOLDER elsewhere"
        ) from error
    return folder


def _is_ours(path: Path) -> bool:
    """Whether a file is more than the rest of a run that was killed before it had begun."""
    return not (path.name.startswith(".run.json.") and path.name.endswith(".partial"))


def _empty(folder: RunFolder) -> None:
    """Delete what a run left; run.json stays, or a kill on the way would leave a folder of none."""
    for path in folder.path.iterdir():
        if path == folder.run_json:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _held(folder: RunFolder) -> dict[str, Any]:
    """What a folder that is not empty belongs to; OutputError if no run made it."""
    try:
        content = read_regular(folder.run_json, MAX_RUN_JSON_BYTES)
        contract = loads(content, str(folder.run_json))["contract"]
    except IntegrityError as error:
        raise OutputError(f"{error}; give another folder") from error
    except (OSError, KeyError, TypeError) as error:
        raise OutputError(
            f"out={shown(folder.path)} is not empty and holds no run of bridgebench; "
            "give another folder"
        ) from error
    if not isinstance(contract, dict):
        raise OutputError(f"{folder.run_json} is damaged; give another folder")
    return contract


def _difference(path: Path, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    left, right = dict(_leaves(held)), dict(_leaves(wanted))
    key = next(key for key in {**right, **left} if left.get(key) != right.get(key))
    there, here = str(left.get(key))[:SHOWN], str(right.get(key))[:SHOWN]
    return (
        f"out={shown(path)} holds results with {key}={there}, but this run has {key}={here}; "
        "give another out=, or overwrite=true to start it anew"
    )


def _leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Every part of nested mappings by its keys, joined by dots."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, value
