"""A worker in a child process, so that a cell that hangs or dies costs itself alone."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock

from bridgebench.execute.workers.messages import Died, Ended, Message, Ready, Tell
from bridgebench.execute.workers.remote import Order, RemoteWorker
from bridgebench.execute.workers.units import Unit

END_SECONDS = 30.0
"""How long a child that has closed its connection may take to end."""


@dataclass
class ChildProcess:
    """One worker at a time, in a child process."""

    order: Order
    count: int = 1
    retries: int = 0
    reliable: bool = True
    _worker: _Worker | None = None

    def start(self, tell: Tell) -> _Worker:
        """Start a child."""
        self._worker = _Worker(self.order, tell)
        return self._worker

    def wait(self, seconds: float) -> None:
        """Pass on what the child tells next."""
        if self._worker is not None:
            self._worker.hear(seconds)

    def remedy(self) -> str:
        """What to do where no child could be started."""
        return "run without limit= to see why"


class _Worker:
    """A child process, as its parent sees it."""

    shared: object = None

    def __init__(self, order: Order, tell: Tell) -> None:
        self._tell = tell
        self._scratch = tempfile.TemporaryDirectory(prefix="bridgebench-")
        self._hang_file = Path(self._scratch.name) / "hang.txt"
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, order, self._hang_file), daemon=True
        )
        self._process.start()
        theirs.close()

    def give(self, unit: Unit, shared: object) -> None:
        with suppress(OSError):  # that it has died is heard next
            self._connection.send(unit)

    def hear(self, seconds: float) -> None:
        if not self._connection.poll(seconds):
            return
        try:
            message: Message = pickle.loads(self._connection.recv_bytes())
        except (EOFError, OSError):
            self._process.join(END_SECONDS)  # a signal would hide the status that it ends with
            message = _death(self._process.exitcode)
        self._tell(message)

    def trace(self) -> str:
        return self._hang_file.read_text(encoding="utf-8")

    def stop(self) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()
        self._scratch.cleanup()


def _serve(connection: Connection, order: Order, hang_file: Path) -> None:
    """What a child does; the parent takes care of Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lock = Lock()

    def tell(message: Message) -> None:
        # Pickled here: a connection would send a tensor as memory that goes with the child.
        content = pickle.dumps(message)
        with lock:  # pictures are told of by another thread
            connection.send_bytes(content)

    worker = RemoteWorker(tell, hang_file)
    if problem := worker.prepare(order):
        tell(Ended(problem))
        return
    tell(Ready())
    with suppress(EOFError):  # the parent is gone
        while True:
            worker.run(connection.recv())


def _death(exit_code: int | None) -> Died:
    if exit_code == -signal.SIGKILL:
        return Died("its process was killed (SIGKILL)", ", most likely for want of memory")
    if exit_code is not None and exit_code < 0:
        return Died(f"its process died of {signal.Signals(-exit_code).name}")
    return Died(f"its process ended with exit status {exit_code}")
