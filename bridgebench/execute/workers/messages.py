"""What a worker tells the scheduler, in the order in which it happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from bridgebench.execute.clock import Clock
from bridgebench.execute.records import Record


@dataclass(frozen=True)
class Doing:
    """What is being done, in words."""

    text: str


@dataclass(frozen=True)
class Begun:
    """Work has begun that these cells depend on: one cell, or the shared stages of several."""

    cells: tuple[str, ...]


@dataclass(frozen=True)
class Evaluated:
    """So many more images went through a network."""

    count: int


@dataclass(frozen=True)
class Picture:
    """A picture of a cell, by its name below the folder of the run."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Finished:
    """A cell has ended.

    items  the statistics of its images by column
    spent  the worker's seconds since the last cell that it finished
    """

    record: Record
    items: Mapping[str, Tensor]
    spent: Clock


@dataclass(frozen=True)
class Idle:
    """The worker has its plan, or has ended its unit.

    error  what failed outside of any cell, in one line; it ends the run
    worn   whether cells are left, and another worker has to run them
    """

    error: str = ""
    worn: bool = False


@dataclass(frozen=True)
class SharedLost:
    """The shared stages that the unit needs went with the machine that kept them."""


@dataclass(frozen=True)
class Died:
    """The process of the worker is gone.

    what  how it ended, as in "its process died of SIGSEGV"
    why   the most likely reason, with a comma before it, or ""
    """

    what: str
    why: str = ""

    def said(self, times: int = 1) -> str:
        """What happened so many times.

        >>> Died("its worker died", ", most likely with its machine").said(2)
        'its worker died, 2 times, most likely with its machine'
        """
        return self.what + (f", {times} times" if times > 1 else "") + self.why


Message = Doing | Begun | Evaluated | Picture | Finished | Idle | SharedLost | Died

Tell = Callable[[Message], None]
