"""A sequence of tensors, in memory while it is short and in a file from there on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from io import FileIO
from typing import overload

import torch
from torch import Tensor

from bridgebench.errors import BridgebenchError

HELD_BYTES = 32 * 2**20


@dataclass(frozen=True)
class _Filed:
    """Where in the file a tensor lies."""

    offset: int
    dtype: torch.dtype
    shape: torch.Size


class Spool(Sequence[Tensor]):
    """Tensors that are appended once and read any number of times, on the CPU.

    The first `held` bytes stay in memory, and what comes after them goes to a temporary file that
    has no name and so goes with the process. One thread may append while others read.

    >>> spool = Spool(held=8)
    >>> for tensor in (torch.zeros(2), torch.ones(2)):
    ...     spool.append(tensor)
    >>> len(spool), spool[1], spool.filed_bytes
    (2, tensor([1., 1.]), 8)
    """

    def __init__(self, held: int = HELD_BYTES) -> None:
        self._room = held
        self._places: list[Tensor | _Filed] = []
        self.filed_bytes = 0

    def append(self, tensor: Tensor) -> None:
        """Add a tensor; BridgebenchError where there is no room for it on disk."""
        tensor = tensor.detach().cpu().contiguous()
        if tensor.nbytes > self._room:
            self._places.append(self._filed(tensor))
            return
        self._room -= tensor.nbytes
        part = tensor.untyped_storage().nbytes() > tensor.nbytes
        # a view would keep all of what it is a part of
        self._places.append(tensor.clone() if part else tensor)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Tensor]: ...
    def __getitem__(self, index: int | slice) -> Tensor | Sequence[Tensor]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        place = self._places[index]
        return self._read(place) if isinstance(place, _Filed) else place

    def row(self, index: int, row: int) -> Tensor:
        """`self[index][row]`, without reading the rest of that tensor."""
        place = self._places[index]
        if isinstance(place, Tensor):
            return place[row]
        shape = place.shape[1:]
        skipped = row * shape.numel() * place.dtype.itemsize
        return self._read(_Filed(place.offset + skipped, place.dtype, shape))

    @cached_property
    def _file(self) -> FileIO:
        return tempfile.TemporaryFile(prefix="bridgebench-", buffering=0)

    def _filed(self, tensor: Tensor) -> _Filed:
        place = _Filed(self.filed_bytes, tensor.dtype, tensor.shape)
        left = _bytes_of(tensor)
        try:
            while left:
                left = left[os.pwrite(self._file.fileno(), left, self.filed_bytes) :]
                self.filed_bytes = place.offset + tensor.nbytes - len(left)
        except OSError as error:
            raise BridgebenchError(
                f"the images of the run do not fit in the folder for temporary files "
                f"({error.strerror or error}); name one with more room with TMPDIR=FOLDER"
            ) from error
        return place

    def _read(self, place: _Filed) -> Tensor:
        tensor = torch.empty(place.shape, dtype=place.dtype)
        left, offset = _bytes_of(tensor), place.offset
        while left:
            count = os.preadv(self._file.fileno(), [left], offset)
            if not count:
                raise BridgebenchError("a temporary file of the run was cut short; run it again")
            left, offset = left[count:], offset + count
        return tensor


def _bytes_of(tensor: Tensor) -> memoryview:
    """The memory of a contiguous tensor, to read and write."""
    return tensor.reshape(-1).view(torch.uint8).numpy().data
