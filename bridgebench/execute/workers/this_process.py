"""This process as the only worker: it runs a unit while the scheduler waits for news of it."""

from __future__ import annotations

from collections.abc import Callable

from bridgebench.execute.workers.messages import Idle, Tell
from bridgebench.execute.workers.runner import UnitRunner
from bridgebench.execute.workers.units import Unit


class ThisProcess:
    """One worker, which is the scheduler's process. What it raises ends the run."""

    count, retries, reliable = 1, 0, True
    shared: object = None

    def __init__(self, new_runner: Callable[[Tell], UnitRunner]) -> None:
        self._new_runner = new_runner
        self._units: list[Unit] = []

    def start(self, tell: Tell) -> ThisProcess:
        """The worker, which is ready at once."""
        self._tell, self._runner = tell, self._new_runner(tell)
        tell(Idle())
        return self

    def give(self, unit: Unit, shared: object) -> None:
        """Run a unit in the next `wait`."""
        self._units.append(unit)

    def wait(self, seconds: float) -> None:
        """Run the unit that was given, for as long as that takes."""
        while self._units:
            self._runner.run(self._units.pop())
            self._tell(Idle())

    def trace(self) -> str:
        """Unknown: nobody watches."""
        return ""

    def remedy(self) -> str:
        """None is needed: this process is there."""
        return ""

    def stop(self) -> None:
        """Nothing to do."""
