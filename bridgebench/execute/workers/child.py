"""A child process as the only worker, so that a cell that hangs or dies costs itself alone."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import tempfile
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock

from bridgebench.execute.workers.messages import Died, Idle, Message, Tell
from bridgebench.execute.workers.remote import Order, RemoteWorker
from bridgebench.execute.workers.units import Unit

END_SECONDS = 30.0
"""How long a child that has closed its connection may take to end."""


class ChildProcess:
    """One child at a time; another is started in place of one that was stopped."""

    count, retries, reliable = 1, 0, True
    shared: object = None

    def __init__(self, order: Order) -> None:
        self._order = order

    def start(self, tell: Tell) -> ChildProcess:
        """Start a child."""
        self._tell = tell
        self._scratch = tempfile.TemporaryDirectory(prefix="bridgebench-")
        self._hang_file = Path(self._scratch.name) / "hang.txt"
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        arguments = (theirs, self._order, self._hang_file)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        return self

    def give(self, unit: Unit, shared: object) -> None:
        """Send a unit; that the child has died is heard in the next `wait`."""
        with suppress(OSError):
            self._connection.send(unit)

    def wait(self, seconds: float) -> None:
        """Pass on what the child tells next."""
        if not self._connection.poll(seconds):
            return
        try:
            message: Message = pickle.loads(self._connection.recv_bytes())
        except (EOFError, OSError):
            self._process.join(END_SECONDS)  # a signal would hide the status that it ends with
            message = _death(self._process.exitcode)
        self._tell(message)

    def trace(self) -> str:
        """Where the child hangs."""
        return self._hang_file.read_text(encoding="utf-8")

    def remedy(self) -> str:
        """What to do where no child could be started."""
        return "run without limit= to see why"

    def stop(self) -> None:
        """End the child at once."""
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
    problem = worker.prepare(order)
    tell(Idle(problem))
    with suppress(EOFError):  # the parent is gone
        while not problem:
            worker.run(connection.recv())


def _death(exit_code: int | None) -> Died:
    if exit_code == -signal.SIGKILL:
        return Died("its process was killed (SIGKILL)", ", most likely for want of memory")
    if exit_code is not None and exit_code < 0:
        return Died(f"its process died of {signal.Signals(-exit_code).name}")
    return Died(f"its process ended with exit status {exit_code}")
