"""Checks of what all kinds of plugin share: its name, its words, its options."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import ValidationError

from bridgebench.conformance.check import require
from bridgebench.interfaces.plugin import Plugin
from bridgebench.plugins.specs import parse_spec

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from bridgebench.conformance.harness import Harness

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NONSENSE = "no-such-value"
_RESERVED = re.compile(r"[:+,\s]")


def documented(plugin: Plugin, harness: Harness) -> None:
    """The name can be typed; the class says in a line what it is, each option what it does."""
    cls = type(plugin)
    require(bool(_NAME.fullmatch(cls.name)), "a name of a-z, 0-9 and _", repr(cls.name))
    own = vars(cls).get("__doc__") or ""
    require(bool(own.strip()), f"a docstring of {cls.__name__}", "none")
    for option, field in cls.model_fields.items():
        described = bool((field.description or "").strip())
        require(described, f"a description of the option '{option}'", "none; use Field(...)")


def options(plugin: Plugin, harness: Harness) -> None:
    """Options are typed and checked; a plugin cannot be changed once it is made."""
    cls = type(plugin)
    given = plugin.model_dump()
    require(_refused(cls, given | {"no_such_option": 1}), "an unknown option refused", "it taken")
    for option, field in cls.model_fields.items():
        if _takes_any_text(field):
            continue
        refused = _refused(cls, given | {option: _NONSENSE})
        require(refused, f"{option}={_NONSENSE} to be refused", "it taken; give it a narrower type")
    frozen = bool(cls.model_config.get("frozen"))
    require(frozen, "a plugin that cannot be changed (frozen)", "one whose options can be set")


def spec(plugin: Plugin, harness: Harness) -> None:
    """What a plugin is typed as makes an equal plugin, and its options are JSON values."""
    name, typed = parse_spec(plugin.spec)
    for option, value in typed.items():
        plain = not _RESERVED.search(value)
        require(plain, f"a value of '{option}' without : + , or white space", repr(value))
    paths = {name: v for name, v in plugin if isinstance(v, Path)}
    again = type(plugin)(**typed | paths)
    require(again == plugin, f"{plugin.spec} to make an equal plugin", again.spec)
    require(name == plugin.name, f"the name {plugin.name}", name)
    json.dumps(plugin.resolved(), allow_nan=False)


CHECKS = (documented, options, spec)


def other_values(plugin: Plugin) -> Iterator[Plugin]:
    """Plugins that differ from `plugin` in one option, as far as another value can be guessed."""
    cls = type(plugin)
    for option in cls.model_fields:
        value = getattr(plugin, option)
        for other in _others(value):
            try:
                yield cls(**plugin.model_dump() | {option: other})
            except ValidationError:
                continue


def _others(value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, Enum):
        return tuple(member for member in type(value) if member is not value)
    if isinstance(value, int):
        return (value + 1,)
    if isinstance(value, float):
        return (value / 2,)
    return ()


def _refused(cls: type[Plugin], given: dict[str, Any]) -> bool:
    try:
        cls(**given)
    except ValidationError:
        return True
    return False


def _takes_any_text(field: FieldInfo) -> bool:
    return bool(_types(field.annotation) & {str, Path})


def _types(annotation: Any) -> set[Any]:
    if get_origin(annotation) in (Union, types.UnionType):
        return {inner for part in get_args(annotation) for inner in _types(part)}
    return {annotation}
