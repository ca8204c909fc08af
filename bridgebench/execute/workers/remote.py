"""The long-lived process of a device: it plans as the driver does, and keeps its models."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bridgebench.errors import BridgebenchError
from bridgebench.execute.cell import Outcome, SharedResult
from bridgebench.execute.folder import RunFolder
from bridgebench.execute.prefetch import NAME
from bridgebench.execute.workers.child import SCORING
from bridgebench.execute.workers.cluster.outbox import Message, Outbox
from bridgebench.execute.workers.runner import Clock, LocalRun
from bridgebench.execute.workers.units import Unit
from bridgebench.files.canonical_json import digest
from bridgebench.plan.choices import Choices
from bridgebench.plan.make import make_plan
from bridgebench.plan.model import Plan
from bridgebench.plugins.registry import load_registry


@dataclass(frozen=True)
class Order:
    """All that a worker has to know before its first unit.

    keys      digest of the plan's keys, which the worker's own plan must have
    threads   of the worker
    paths     where the driver finds modules, and so its plugins
    cwd       the driver's folder, to which paths of task files and weights are relative
    scratch   a folder for the worker's files, if it is there on the worker's machine
    """

    choices: Choices
    keys: str
    threads: int
    paths: tuple[str, ...]
    cwd: str
    scratch: str


def keys_of(plan: Plan) -> str:
    """A digest of all that decides the numbers of a plan's cells."""
    return digest([cell.key for cell in plan.cells])


class Worker:
    """Runs units one after the other. `run` and `prepare` in one thread, `read` in another.

    Nothing here imports Ray, which makes an actor of it.
    """

    def __init__(self) -> None:
        self._clock = Clock()
        self._local: LocalRun | None = None
        self._thread = 0
        self._ready = threading.Event()

    def prepare(self, order: Order) -> str:
        """Plan; "" if that gave the driver's plan, else what is wrong, in one line."""
        torch.set_num_threads(order.threads)
        self._thread = threading.get_ident()
        if Path(order.cwd).is_dir():
            os.chdir(order.cwd)
        sys.path += [path for path in order.paths if path not in sys.path and Path(path).exists()]
        importlib.import_module(SCORING)
        try:
            plan = make_plan(load_registry(), order.choices)
        except BridgebenchError as error:
            return str(error)
        if keys_of(plan) != order.keys:
            return (
                "it has other versions of bridgebench, of a plugin or of a data file than the "
                "machine of the command, and would not compute the same numbers; install the same"
            )
        scratch = order.scratch if Path(order.scratch).is_dir() else None
        folder = RunFolder(Path(tempfile.mkdtemp(prefix="bridgebench-", dir=scratch)))
        self._outbox = Outbox(folder, self._clock)
        save_images = order.choices.save == "images"
        self._local = LocalRun(
            plan, folder, self._outbox, save_images, clock=self._clock, cores=order.threads
        )
        self._ready.set()
        return ""

    def run(
        self, unit: Unit, shared: SharedResult | Outcome | None = None
    ) -> tuple[None, SharedResult | Outcome | None]:
        """Run the cells of a unit, or the shared stages of one that is to be cut, and give those.

        `shared` are the shared stages of its group, from another call. The first of the pair says
        no more than that the call has ended: it can be waited for without fetching the second.
        """
        if self._local is None:
            raise BridgebenchError("a worker was given work before it had a plan")
        group = self._local.plan.groups[unit.group]
        result = None
        try:
            if unit.parts > 1:
                self._outbox.begin(unit.cells)
                result = _to_send(self._local.share(group))
            else:
                cells = [cell for cell in group.cells if cell.identity in unit.cells]
                self._local.run_group(group, cells, shared)
        except Exception as error:
            known = isinstance(error, BridgebenchError)
            self._outbox.ended(str(error) if known else f"{type(error).__name__}: {error}")
            return None, None
        self._outbox.ended("")
        return None, result

    def read(self) -> list[Message]:
        """What happened since the last call; waits a while for it."""
        if not self._ready.wait(timeout=1.0):
            return []
        return self._outbox.read()

    def trace(self) -> str:
        """Where the threads of the cells are at this moment."""
        frames = sys._current_frames()
        ours = [each.ident for each in threading.enumerate() if each.name == NAME]
        stacks = [frames[ident] for ident in (self._thread, *ours) if ident in frames]
        return "\n".join("".join(traceback.format_stack(stack)) for stack in stacks)

    def process(self) -> int:
        """The id of this process."""
        return os.getpid()


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
    """Shared stages on their way to other workers.

    They are NumPy arrays, which a worker reads from the memory that Ray shares between the
    processes of a machine: none that is given them has a copy of more than the batch in hand. The
    one that sends them has all of them in memory while Ray takes them over.
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


def _to_send(shared: SharedResult | Outcome) -> SharedResult | Outcome:
    if isinstance(shared, Outcome):
        return shared
    return replace(shared, tensors=SentTensors(shared.tensors))
