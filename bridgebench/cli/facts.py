"""What a class of plugins says of itself before its options are known."""

from __future__ import annotations

import inspect

BY_OPTION = "by option"
"""Said of a fact that is a property, which the options decide."""


def domains_of(cls: type[object]) -> str:
    """The domains of a score model or dataset, or that its options decide them."""
    said = inspect.getattr_static(cls, "domains", ())
    return ", ".join(said) if isinstance(said, tuple) else BY_OPTION
