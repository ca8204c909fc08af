"""What a method was given, as `list` and `info` say it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridgebench.errors import UnknownName

if TYPE_CHECKING:
    from bridgebench.interfaces.method import Method


@dataclass(frozen=True)
class Given:
    """The level of a method, "" where it needs options to say, and whether an option decides it."""

    level: str
    by_option: bool

    def __str__(self) -> str:
        """The level, with a word on the options."""
        parts = [self.level, "by option" if self.by_option else ""]
        return ", ".join(part for part in parts if part)


def given_to(cls: type[Method]) -> Given:
    """The level of a method with the defaults of its options."""
    from bridgebench.interfaces.method import Method, Supervision

    said = inspect.getattr_static(cls, "supervision")
    if isinstance(said, Supervision):
        return Given(said.value, by_option=False)
    own = said is not inspect.getattr_static(Method, "supervision")
    try:
        return Given(str(cls.model_construct().supervision), own)
    except AttributeError:
        return Given("", own)


def levels_of(text: str) -> tuple[str, ...]:
    """The levels in a comma-separated text; UnknownName for one that is none."""
    from bridgebench.interfaces.method import Supervision
    from bridgebench.plugins.specs import split_list

    levels = tuple(split_list(text))
    for level in levels:
        if level not in set(Supervision):
            raise UnknownName("level of supervision", level, Supervision)
    return levels
