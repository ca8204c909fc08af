"""What a process that runs cells tells the one that started it."""

from __future__ import annotations

from dataclasses import dataclass

from bridgebench.execute.clock import Clock


@dataclass(frozen=True)
class Started:
    """So many evaluations and cells are to come."""

    evaluations: int
    cells: int


@dataclass(frozen=True)
class Doing:
    """What is in hand, in words."""

    text: str


@dataclass(frozen=True)
class Began:
    """Work has begun that these cells depend on."""

    identities: tuple[str, ...]


@dataclass(frozen=True)
class Evaluated:
    """So many more images went through a network."""

    count: int


@dataclass(frozen=True)
class Finished:
    """A cell has ended; where the process's seconds went so far."""

    identity: str
    clock: Clock


@dataclass(frozen=True)
class Ended:
    """All is done, or what went wrong outside of any cell.

    more  whether cells are left, for another process
    """

    error: str
    more: bool = False
