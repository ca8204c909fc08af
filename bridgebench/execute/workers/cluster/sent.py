"""Shared stages on their way from one worker to others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bridgebench.execute.cell import Outcome, SharedResult


@dataclass(frozen=True)
class _Sent:
    """A tensor of any type as bytes in a NumPy array."""

    content: npt.NDArray[np.uint8]
    dtype: torch.dtype
    shape: torch.Size

    @classmethod
    def of(cls, tensor: Tensor) -> _Sent:
        content = tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
        return cls(content, tensor.dtype, tensor.shape)

    def tensor(self) -> Tensor:
        return torch.from_numpy(self.content.copy()).view(self.dtype).view(self.shape)


class SentTensors(Sequence[Tensor | None]):
    """Results of shared stages as NumPy arrays.

    A worker reads them from the memory that Ray shares between the processes of a machine: none
    that is given them has a copy of more than the batch at hand. The one that sends them has all of
    them in memory while Ray takes them over.
    """

    def __init__(self, tensors: Sequence[Tensor | None]) -> None:
        self._sent = [None if tensor is None else _Sent.of(tensor) for tensor in tensors]

    def __len__(self) -> int:
        return len(self._sent)

    @overload
    def __getitem__(self, index: int) -> Tensor | None: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Tensor | None]: ...
    def __getitem__(self, index: int | slice) -> Tensor | Sequence[Tensor | None] | None:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        sent = self._sent[index]
        return None if sent is None else sent.tensor()


def to_send(shared: SharedResult | Outcome | None) -> SharedResult | Outcome | None:
    """What shared stages gave, ready to be sent."""
    if not isinstance(shared, SharedResult):
        return shared
    return replace(shared, tensors=SentTensors(shared.tensors))
