"""A figure: two ways to do one thing, timed in turns, and the ratio of their medians."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Ratio:
    """How many times longer the first way takes than the second.

    reach  what is aimed at, such as ">= 1.7"
    """

    name: str
    reach: str
    first_seconds: float
    second_seconds: float

    @property
    def value(self) -> float:
        """First over second."""
        return self.first_seconds / self.second_seconds


def in_turns(
    name: str,
    reach: str,
    first: Callable[[], object],
    second: Callable[[], object],
    rounds: int,
) -> Ratio:
    """Time two ways alternately, after one warm-up each, so that a busy machine slows both."""
    first(), second()
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for times, way in zip(spent, (first, second), strict=True):
            begun = perf_counter()
            way()
            times.append(perf_counter() - begun)
    return Ratio(name, reach, median(spent[0]), median(spent[1]))
