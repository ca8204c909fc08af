"""A worker in a process of its own: it plans as the scheduler's process does, and runs units."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

from bridgebench.errors import BridgebenchError
from bridgebench.execute.cell import Outcome, SharedResult
from bridgebench.execute.memory import available_memory, limit_memory, used_memory
from bridgebench.execute.workers.hang import HangFile
from bridgebench.execute.workers.messages import Begun, Finished, Idle, Message, Tell
from bridgebench.execute.workers.runner import UnitRunner
from bridgebench.execute.workers.units import Unit
from bridgebench.files.canonical_json import digest
from bridgebench.plan.choices import Choices
from bridgebench.plan.make import make_plan
from bridgebench.plan.model import Plan
from bridgebench.plugins.registry import load_registry

SCORING = "torchmetrics"
"""What every metric needs, and takes seconds to import, which no cell is to spend its limit on."""

WORN = 0.5
"""The share of its memory that a worker may have in use between cells: one that leaks it would
leave the next ones none."""


@dataclass(frozen=True)
class Order:
    """All that a worker has to know before its first unit.

    keys           digest of the plan's keys, which the worker's own plan must have
    threads        of the worker
    cores          that it may use
    limits_memory  whether it may take no more memory than is free when it starts
    paths          where the scheduler's process finds modules, and so its plugins
    cwd            its folder, to which paths of task files and weights are relative
    """

    choices: Choices
    keys: str
    threads: int
    cores: int
    limits_memory: bool
    paths: tuple[str, ...]
    cwd: str


def order_of(
    plan: Plan, choices: Choices, *, device: str, threads: int, cores: int, limits_memory: bool
) -> Order:
    """What a worker is told of a plan: the choices as this machine has resolved them."""
    return Order(
        choices=choices.model_copy(update={"device": device, "precision": plan.precision}),
        keys=_keys_of(plan),
        threads=threads,
        cores=cores,
        limits_memory=limits_memory,
        paths=tuple(path for path in sys.path if path),
        cwd=str(Path.cwd()),
    )


class _Worn(Exception):
    """So much memory is in use that another worker is to do the rest."""


class RemoteWorker:
    """Runs units one after the other.

    Args:
        send: is given each message.
        hang_file: where to write down where a cell hangs.
    """

    def __init__(self, send: Tell, hang_file: Path) -> None:
        self._send, self._hang = send, HangFile(hang_file)
        self._runner: UnitRunner | None = None
        self._limit: float | None = None
        self._most_memory: int | None = None

    def prepare(self, order: Order) -> str:
        """Plan; "" if that gave the scheduler's plan, else what is wrong, in one line."""
        torch.set_num_threads(order.threads)
        if Path(order.cwd).is_dir():
            os.chdir(order.cwd)
        sys.path += [path for path in order.paths if path not in sys.path and Path(path).exists()]
        importlib.import_module(SCORING)
        try:
            plan = make_plan(load_registry(), order.choices)
        except BridgebenchError as error:
            return f"a worker cannot do its part: {error}"
        if _keys_of(plan) != order.keys:
            return (
                "a worker cannot do its part: it has other versions of bridgebench, of a plugin or "
                "of a data file than the machine of the command, and would not compute the same "
                "numbers; install the same"
            )
        # A GPU's driver asks for more memory than it uses.
        if order.limits_memory and plan.device == "cpu":
            self._most_memory = limit_memory(available_memory())
        self._limit = plan.limit
        save_images = order.choices.save == "images"
        self._runner = UnitRunner(plan, self._tell, order.cores, save_images)
        return ""

    def run(
        self, unit: Unit, shared: SharedResult | Outcome | None = None
    ) -> SharedResult | Outcome | None:
        """Run the cells of a unit, or the shared stages of one that is to be cut, and give those.

        `shared` are the shared stages of its group, from another worker.
        """
        result, idle = None, Idle()
        try:
            if self._runner is None:
                raise BridgebenchError("a worker was given a unit before it had a plan")
            if unit.parts > 1:
                result = self._runner.share(unit)
            else:
                self._runner.run(unit, shared)
        except _Worn:
            idle = Idle(worn=True)
        except BridgebenchError as error:
            idle = Idle(str(error))
        except Exception as error:
            idle = Idle(f"a worker failed: {type(error).__name__}: {error}")
        self._hang.rest()
        self._send(idle)
        return result

    def trace(self) -> str:
        """Where the cell hangs that has taken longer than the limit."""
        return self._hang.read()

    def _tell(self, message: Message) -> None:
        if isinstance(message, Begun) and self._limit is not None:
            self._hang.watch(self._limit)
        self._send(message)
        if isinstance(message, Finished) and self._is_worn():
            raise _Worn

    def _is_worn(self) -> bool:
        return self._most_memory is not None and used_memory() > WORN * self._most_memory


def _keys_of(plan: Plan) -> str:
    """A digest of all that decides the numbers of a plan's cells."""
    return digest([cell.key for cell in plan.cells])
