"""Shared stages on their way from one worker to others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from bridgebench.execute.cell import Outcome, SharedResult


class SentTensors(Sequence[Tensor | None]):
    """Results of shared stages as NumPy arrays of bytes.

    A worker reads them from the memory that Ray shares between the processes of a machine: none
    that is given them has a copy of more than the batch at hand. The one that sends them has all of
    them in memory while Ray takes them over.
    """

    def __init__(self, tensors: Sequence[Tensor | None]) -> None:
        self._sent = [None if tensor is None else _packed(tensor) for tensor in tensors]

    def __len__(self) -> int:
        return len(self._sent)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if (sent := self._sent[index]) is None:
            return None
        content, dtype, shape = sent
        return torch.from_numpy(content.copy()).view(dtype).view(shape)


def _packed(tensor: Tensor) -> tuple[Any, torch.dtype, torch.Size]:
    content = tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return content, tensor.dtype, tensor.shape


def to_send(shared: SharedResult | Outcome | None) -> SharedResult | Outcome | None:
    """What shared stages gave, ready to be sent."""
    if not isinstance(shared, SharedResult):
        return shared
    return replace(shared, tensors=SentTensors(shared.tensors))
