"""The progress of a run: a bar on a terminal, a line now and then elsewhere. Both go to stderr."""

from __future__ import annotations

from time import monotonic

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress as RichProgress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

QUIET_SECONDS = 15.0


class Bar:
    """A bar with the cell in hand, the cells done, and the time left.

    Time left is judged by network evaluations, not by cells, which differ in cost.
    """

    def __init__(self, console: Console) -> None:
        self._bar = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.fields[cells]}"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            refresh_per_second=4,
        )
        self._task: TaskID | None = None
        self._done = 0
        self._cells = 0

    def __enter__(self) -> Bar:
        self._bar.start()
        self._task = self._bar.add_task("planning", total=None, cells="")
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def start(self, evaluations: int, cells: int) -> None:
        """The run begins."""
        self._cells = cells
        if self._task is not None:
            self._bar.update(self._task, total=max(evaluations, 1), cells=self._count())

    def doing(self, text: str) -> None:
        """What is being done."""
        if self._task is not None:
            self._bar.update(self._task, description=text)

    def evaluated(self, count: int) -> None:
        """So many more images went through a network."""
        if self._task is not None:
            self._bar.advance(self._task, count)

    def finished_cell(self, identity: str) -> None:
        """A cell has ended."""
        self._done += 1
        if self._task is not None:
            self._bar.update(self._task, cells=self._count())

    def _count(self) -> str:
        return f"{self._done}/{self._cells} cells"


class Lines:
    """The same in lines, no more than one in fifteen seconds, for a log or a pipe."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._evaluations = 0
        self._cells = 0
        self._evaluated = 0
        self._done = 0
        self._begun = self._last = monotonic()

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def start(self, evaluations: int, cells: int) -> None:
        """The run begins."""
        self._evaluations, self._cells = evaluations, cells
        self._begun = self._last = monotonic()
        self._say(f"{cells} cells to compute")

    def doing(self, text: str) -> None:
        """What is being done; not told."""

    def evaluated(self, count: int) -> None:
        """So many more images went through a network."""
        self._evaluated += count

    def finished_cell(self, identity: str) -> None:
        """A cell has ended."""
        self._done += 1
        now = monotonic()
        if now - self._last >= QUIET_SECONDS and self._evaluated:
            self._last = now
            left = (now - self._begun) * (self._evaluations / self._evaluated - 1)
            self._say(f"{self._done}/{self._cells} cells, about {max(left, 0):.0f} s left")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def progress_on(console: Console) -> Bar | Lines:
    """A bar where somebody watches, lines elsewhere."""
    return Bar(console) if console.is_terminal else Lines(console)
