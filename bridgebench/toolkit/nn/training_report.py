"""What a person sees of a training: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

LINE_SECONDS = 30.0


class TrainingReport:
    """The progress of one training, from `with` to its end."""

    def __init__(self, console: Console, name: str, steps: int) -> None:
        """
        Args:
            console: where to; what is no terminal gets a line every 30 seconds instead of a bar.
            name: of what is trained.
            steps: planned.
        """
        self._console = console
        self._name = name
        self._steps = steps
        self._bar = Progress(
            TextColumn("{task.description} {task.completed}/{task.total}"),
            BarColumn(),
            TextColumn("{task.fields[said]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(name, total=steps, said="")
        self._shown = time.monotonic()

    def __enter__(self) -> TrainingReport:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def show(self, step: int, said: str) -> None:
        """Say how far it is and what there is to say of the losses."""
        self._bar.update(self._task, completed=step, said=said)
        now = time.monotonic()
        if not self._console.is_terminal and now - self._shown > LINE_SECONDS:
            self._shown = now
            line = f"{self._name} {step}/{self._steps} {said}"
            self._console.print(line, soft_wrap=True, highlight=False)


class Smoothed:
    """A running mean that forgets the past by 1 % a value."""

    def __init__(self) -> None:
        self._mean: float | None = None

    def add(self, value: float) -> float:
        """Take in a value and return the mean."""
        self._mean = value if self._mean is None else 0.99 * self._mean + 0.01 * value
        return self._mean
