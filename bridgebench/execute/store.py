"""A store of tensors on disk, by the hash of all that decides them.

    <cache>/stages/ab/abcdef….safetensors     the tensors, with facts and a checksum in the header

Any number of processes may use it at once: an entry is written whole or not at all, is never
changed, and may go at any time. Nothing that it does can fail a run: what cannot be read or does
not fit its checksum is computed again, and what cannot be written is not kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bridgebench.errors import IntegrityError, InvalidOption
from bridgebench.execute.records import write_atomically
from bridgebench.files.cache_folder import FOLDER_VARIABLE, cache_folder
from bridgebench.files.regular_files import read_regular
from bridgebench.files.strict_json import loads

if TYPE_CHECKING:
    from torch import Tensor

LIMIT_VARIABLE = "BRIDGEBENCH_CACHE_LIMIT"

DEFAULT_LIMIT = 4 * 10**9

ROOM = 0.9
"""The share of the limit that is left full when old entries go, so that they go rarely."""

ABANDONED_SECONDS = 3600.0
"""A partial file of that age was left by a process that died."""

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


class StoreWarning(UserWarning):
    """The store cannot be used as it should; the run goes on without it."""


@dataclass(frozen=True)
class Stored:
    """An entry: tensors by name, and plain numbers about them."""

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, float]


@dataclass(frozen=True)
class Usage:
    """How full a store is."""

    entries: int
    size: int


class Store:
    """Entries below a folder, the ones used last kept when they grow beyond `limit` bytes.

    A limit of 0 keeps nothing and finds nothing.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit
        self._warned = False

    def has(self, key: str) -> bool:
        """Whether there is an entry, sound or not."""
        return self.limit > 0 and self._path(key).is_file()

    def get(self, key: str) -> Stored | None:
        """The entry of a key, or None where there is no sound one; a damaged one is deleted."""
        if self.limit == 0:
            return None
        path = self._path(key)
        try:
            stored = _parse(read_regular(path, self.limit), key)
        except FileNotFoundError:
            return None
        except IntegrityError:  # something else lies there
            stored = None
        except OSError as error:
            self._warn("read", error)
            return None
        try:
            if stored is None:
                path.unlink(missing_ok=True)
            else:
                os.utime(path)
        except OSError as error:
            self._warn("written", error)
        return stored

    def put(self, key: str, stored: Stored) -> None:
        """Keep an entry, and let the oldest go if there is no room; a warning if it cannot be."""
        content = _content(stored, key) if self.limit else b""
        if not 0 < len(content) <= self.limit:
            return
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content, durable=False)
            self._make_room()
        except OSError as error:
            self._warn("written", error)

    def usage(self) -> Usage:
        """How many entries there are, and their bytes."""
        sizes = [size for _, size, _ in self._files()]
        return Usage(len(sizes), sum(sizes))

    def clear(self) -> Usage:
        """Delete all entries, and say how many there were; OSError where it cannot."""
        before = self.usage()
        for path in [*self.folder.glob("??/*.safetensors"), *self.folder.glob("??/.*.partial")]:
            path.unlink(missing_ok=True)
        return before

    def _make_room(self) -> None:
        files = sorted(self._files())
        total = sum(size for _, size, _ in files)
        if total <= self.limit:
            return
        for _, size, path in files:
            path.unlink(missing_ok=True)
            total -= size
            if total <= ROOM * self.limit:
                break
        for path in self.folder.glob("??/.*.partial"):
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Time of last use, bytes and path of each entry; one that goes meanwhile is left out."""
        for path in self.folder.glob("??/*.safetensors"):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            yield status.st_mtime, status.st_size, path

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.safetensors"

    def _warn(self, what: str, error: OSError) -> None:
        if self._warned:
            return
        self._warned = True
        warnings.warn(
            f"the cache {self.folder} cannot be {what} ({error.strerror or error}), so shared work "
            f"is done again in each run; name another folder with {FOLDER_VARIABLE}=FOLDER, or "
            f"switch it off with {LIMIT_VARIABLE}=0",
            StoreWarning,
            stacklevel=3,
        )


def user_store() -> Store:
    """The store of this user: in the user's cache folder, or where the environment says.

    InvalidOption for a limit that is no size.
    """
    limit = os.environ.get(LIMIT_VARIABLE)
    return Store(cache_folder() / "stages", parse_size(limit) if limit else DEFAULT_LIMIT)


def parse_size(text: str) -> int:
    """Bytes, of words such as 500MB, 4GB or 0; InvalidOption for anything else.

    >>> parse_size("1.5GB")
    1500000000
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?B)?", text.strip().upper())
    if match is None:
        raise InvalidOption(
            f"{LIMIT_VARIABLE}={text}: expected a size such as 500MB or 4GB, or 0 for no cache"
        )
    return int(float(match[1]) * _UNITS[match[2] or ""])


def _content(stored: Stored, key: str) -> bytes:
    from safetensors.torch import save

    tensors = {name: value.detach().cpu().contiguous() for name, value in stored.tensors.items()}
    facts = json.dumps(dict(stored.facts), sort_keys=True)
    checksum = _checksum(key, facts, tensors)
    return save(tensors, metadata={"facts": facts, "sha256": checksum})


def _parse(content: bytes, key: str) -> Stored | None:
    """The entry in a file, or None if anything about it is not as it was written."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = load(content)
        length = int.from_bytes(content[:8], "little")
        metadata = loads(content[8 : 8 + length], "the header")["__metadata__"]
        facts, expected = metadata["facts"], metadata["sha256"]
        if _checksum(key, facts, tensors) != expected:
            return None
        return Stored(tensors, loads(facts, "the facts"))
    except (SafetensorError, IntegrityError, ValueError, KeyError, TypeError, OverflowError):
        return None


def _checksum(key: str, facts: str, tensors: Mapping[str, Tensor]) -> str:
    """sha256 over the key, the facts, and name, type, shape and bytes of every tensor."""
    import torch

    hashed = hashlib.sha256(f"{key}\n{facts}\n".encode())
    for name, tensor in sorted(tensors.items()):
        hashed.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        hashed.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return hashed.hexdigest()
