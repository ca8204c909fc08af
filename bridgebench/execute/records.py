"""Records of finished cells: one JSON file a cell, with the statistics of its images beside it.

A record is written atomically when its cell has ended, so that a run that was killed resumes where
it was. It is found by the identity of its cell (what stands in the row) and trusted only if it has
the hash that it names and its key (everything that decides the numbers) is the one of the plan.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from bridgebench.errors import IntegrityError
from bridgebench.files.atomic import write_atomically as write_atomically
from bridgebench.files.canonical_json import digest
from bridgebench.files.regular_files import read_regular
from bridgebench.files.strict_json import loads
from bridgebench.tasks.task_file import first_problem

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import Tensor

    Numbers = npt.NDArray[np.generic]

Status = Literal["ok", "failed", "timeout", "skipped"]

MAX_RECORD_BYTES = 4 * 2**20
MAX_ITEMS_BYTES = 2**33

SHA256 = "sha256"
"""Where a record's file has the hash of all the rest of it."""


class Value(BaseModel):
    """A number of a row with its interval; None where the row does not have it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    value: float | None
    low: float | None = None
    high: float | None = None


class Record(BaseModel):
    """What is kept of a finished cell.

    identity   hash of `axes`: names the record's file
    key        hash of all that decides the numbers
    axes       task, protocol, method, source_score, target_score, solver, nfe, transform, seed, n;
               None on an axis that the method does not use
    baseline   whether the method is a baseline, which has no rank
    values     column of a metric -> its number
    cost       column -> number: NFE, seconds, memory
    facts      columns that belong to the cell and are no metric: supervision, latent_std, ...
    fingerprint   all that decides the meaning of the metrics: rows that differ are never compared
    provenance    options as resolved, plugins, weights, versions, device, precision
    items      columns with per-image statistics, in the file beside; sha256 of that file
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    version: Literal[1] = 1
    identity: str
    key: str
    status: Status
    reason: str = ""
    traceback: str = ""
    axes: Mapping[str, str | int | None]
    baseline: bool
    values: Mapping[str, Value] = {}
    cost: Mapping[str, float | int | None] = {}
    facts: Mapping[str, str | float | int | None] = {}
    fingerprint: Mapping[str, Any] = {}
    provenance: Mapping[str, Any] = {}
    items: tuple[str, ...] = ()
    items_sha256: str = ""


class RecordWarning(UserWarning):
    """A record is damaged and its cell is computed again."""


def content_of(record: Record) -> bytes:
    """The file of a record: its fields, and their hash."""
    fields = record.model_dump(mode="json")
    return (json.dumps({**fields, SHA256: digest(fields)}, indent=1) + "\n").encode()


class RecordStore:
    """The records in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, record: Record, items: Mapping[str, Tensor]) -> Record:
        """Keep a record; the per-image statistics first, so that a record is never without them."""
        from safetensors.torch import save

        self._folder.mkdir(parents=True, exist_ok=True)
        if items:
            content = save({name: _for_numpy(tensor) for name, tensor in items.items()})
            write_atomically(self._items_path(record.identity), content)
            record = record.model_copy(
                update={
                    "items": tuple(items),
                    "items_sha256": hashlib.sha256(content).hexdigest(),
                }
            )
        write_atomically(self._path(record.identity), content_of(record))
        return record

    def read(self, identity: str) -> Record | None:
        """The record of a cell, or None where there is none; IntegrityError for a damaged one."""
        path = self._path(identity)
        if not path.is_file():
            return None
        return self._parse(path)

    def all(self) -> Iterator[Record]:
        """Every record, in the order of their names."""
        for path in sorted(self._folder.glob("*.json")):
            yield self._parse(path)

    def items(self, record: Record) -> dict[str, Numbers]:
        """The per-image statistics of a record, checked against its hash."""
        from safetensors.numpy import load

        if not record.items:
            return {}
        content = self._items_content(record)
        try:
            return load(content)
        except KeyError as error:
            raise IntegrityError(
                f"{self._items_path(record.identity)} holds numbers of the type {error}, which "
                "NumPy does not have; delete the record to compute the cell again"
            ) from error

    def check_items(self, record: Record) -> None:
        """IntegrityError unless the per-image statistics of a record have its hash."""
        if record.items:
            self._items_content(record)

    def _items_content(self, record: Record) -> bytes:
        path = self._items_path(record.identity)
        content = read_regular(path, MAX_ITEMS_BYTES) if path.is_file() else b""
        if hashlib.sha256(content).hexdigest() != record.items_sha256:
            raise IntegrityError(
                f"{path} does not have the sha256 that its record names; delete the record "
                "to compute the cell again"
            )
        return content

    def _parse(self, path: Path) -> Record:
        fields = loads(read_regular(path, MAX_RECORD_BYTES), str(path))
        if not isinstance(fields, dict) or fields.pop(SHA256, "") != digest(fields):
            raise IntegrityError(
                f"{path} does not have the sha256 that it names: it was damaged, or written by "
                "another version; delete it to compute it again"
            )
        try:
            record = Record.model_validate(fields)
        except ValidationError as error:
            raise IntegrityError(
                f"{path} is not a record: {first_problem(error)}; delete it to compute it again"
            ) from error
        if record.identity != path.stem:
            raise IntegrityError(f"{path} holds the record of another cell; delete it")
        return record

    def _path(self, identity: str) -> Path:
        return self._folder / f"{identity}.json"

    def _items_path(self, identity: str) -> Path:
        return self._folder / f"{identity}.safetensors"


def _for_numpy(tensor: Tensor) -> Tensor:
    """The numbers in a type that NumPy has, which reads them again."""
    import torch

    return (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).contiguous()
