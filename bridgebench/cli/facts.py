"""What a class of plugins says of itself before its options are known."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridgebench.interfaces.method import Method

BY_OPTION = "by option"
"""Said of a fact that is a property, which the options decide."""


def supervision_of(cls: type[Method]) -> str:
    """The supervision level of a method, or that its options decide it."""
    from bridgebench.interfaces.method import Method, Supervision

    said = inspect.getattr_static(cls, "supervision")
    if isinstance(said, Supervision):
        return said.value
    own = said is not inspect.getattr_static(Method, "supervision")
    return BY_OPTION if own else Supervision.NONE.value


def domains_of(cls: type[object]) -> str:
    """The domains of a score model or dataset, or that its options decide them."""
    said = inspect.getattr_static(cls, "domains", ())
    return ", ".join(said) if isinstance(said, tuple) else BY_OPTION
