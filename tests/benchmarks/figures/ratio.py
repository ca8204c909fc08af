"""A figure: two ways to do one thing, timed in turns, and the ratio of their medians."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Reach:
    """What is aimed at.

    >>> str(Reach.at_least(1.7)), str(Reach.at_most(20))
    ('>= 1.7', '<= 20')
    """

    bound: float
    upwards: bool

    @classmethod
    def at_least(cls, bound: float) -> Reach:
        """The bound or more."""
        return cls(bound, upwards=True)

    @classmethod
    def at_most(cls, bound: float) -> Reach:
        """The bound or less."""
        return cls(bound, upwards=False)

    def margin(self, value: float) -> float:
        """How many times better than the bound a value is; below 1 it falls short.

        >>> Reach.at_least(2).margin(3), Reach.at_most(20).margin(40)
        (1.5, 0.5)
        """
        return value / self.bound if self.upwards else self.bound / value

    def __str__(self) -> str:
        return f"{'>=' if self.upwards else '<='} {self.bound:g}"


@dataclass(frozen=True)
class Ratio:
    """How many times longer the first way takes than the second."""

    name: str
    reach: Reach
    first_seconds: float
    second_seconds: float

    @property
    def value(self) -> float:
        """First over second."""
        return self.first_seconds / self.second_seconds

    @property
    def margin(self) -> float:
        """How many times better than what is aimed at."""
        return self.reach.margin(self.value)


def in_turns(
    name: str,
    reach: Reach,
    first: Callable[[], object],
    second: Callable[[], object],
    rounds: int,
    calls: int = 1,
) -> Ratio:
    """Time two ways alternately, after one warm-up each, so that a busy machine slows both.

    A turn is so many calls, whose mean counts. What takes a millisecond needs several, as the first
    finds in the processor's caches what the other way left there.
    """
    first(), second()
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for times, way in zip(spent, (first, second), strict=True):
            begun = perf_counter()
            for _ in range(calls):
                way()
            times.append((perf_counter() - begun) / calls)
    return Ratio(name, reach, median(spent[0]), median(spent[1]))
