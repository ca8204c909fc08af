"""A worker in this process: it runs a unit while the scheduler waits for news of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bridgebench.execute.workers.messages import Ended, Ready, Tell
from bridgebench.execute.workers.runner import UnitRunner
from bridgebench.execute.workers.units import Unit


@dataclass
class ThisProcess:
    """The one worker; what it raises ends the run.

    runner  makes what runs its units, given where to tell what happens
    """

    runner: Callable[[Tell], UnitRunner]
    count: int = 1
    retries: int = 0
    reliable: bool = True
    _worker: _Worker | None = None

    def start(self, tell: Tell) -> _Worker:
        """The worker, which is ready at once."""
        tell(Ready())
        self._worker = _Worker(self.runner(tell), tell)
        return self._worker

    def wait(self, seconds: float) -> None:
        """Run the unit that was given, for as long as that takes."""
        if self._worker is not None:
            self._worker.run()

    def remedy(self) -> str:
        """Nothing: this process is there."""
        return ""


@dataclass
class _Worker:
    runner: UnitRunner
    tell: Tell
    shared: object = None
    _units: list[Unit] = field(default_factory=list)

    def give(self, unit: Unit, shared: object) -> None:
        self._units.append(unit)

    def run(self) -> None:
        while self._units:
            self.runner.run(self._units.pop())
            self.tell(Ended())

    def trace(self) -> str:
        return ""

    def stop(self) -> None:
        self._units.clear()
