"""What people type for a plugin, into a plugin.

name:option=value:option=value     a plugin with options
a+b                                a chain of transforms
a,b                                a list; a number after a comma repeats the last option
all                                everything of the kind
name:option="a:b, c"               a value that holds : , = + or spaces, in double quotes
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from bridgebench.errors import InvalidOption, UnknownName
from bridgebench.interfaces.quoting import split_outside, unquoted
from bridgebench.isolation.calls import querying
from bridgebench.plugins.registry import Kind, Registry

if TYPE_CHECKING:
    from pydantic import ValidationError

    from bridgebench.interfaces.plugin import Plugin
    from bridgebench.interfaces.transform import Chain

P = TypeVar("P", bound="Plugin")

_NUMBER = re.compile(r"[+-]?(\d|\.\d)[\w.+-]*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def split_list(text: str) -> tuple[str, ...]:
    """The specs of a list.

    >>> split_list("euler,dpm:variant=2s")
    ('euler', 'dpm:variant=2s')
    >>> split_list("scale:c=0.8,1.2")
    ('scale:c=0.8', 'scale:c=1.2')
    """
    specs: list[str] = []
    for part in split_outside(text, ","):
        word = part.strip()
        if not word:
            raise InvalidOption(f"'{text}' has an empty entry; write it as a,b without gaps")
        if specs and _NUMBER.fullmatch(word) and "=" in specs[-1]:
            *before, _ = split_outside(specs[-1], "=")
            specs.append("=".join((*before, word)))
        else:
            specs.append(word)
    return tuple(specs)


def parse_spec(text: str) -> tuple[str, dict[str, str]]:
    """The name and the options of a spec, as text.

    >>> parse_spec("dpm:variant=2s:spacing=logsnr")
    ('dpm', {'variant': '2s', 'spacing': 'logsnr'})
    """
    name, *parts = split_outside(text, ":")
    if not _NAME.fullmatch(name):
        raise InvalidOption(
            f"'{text}' does not start with a plugin's name; write name:option=value"
        )
    options: dict[str, str] = {}
    for part in parts:
        option, equals, value = part.partition("=")
        if not (option and equals and value):
            raise InvalidOption(f"'{part}' in '{text}' is not an option; write name:option=value")
        if option in options:
            raise InvalidOption(f"'{text}' gives the option '{option}' twice; give it once")
        options[option] = unquoted(value)
    return name, options


def split_chain(text: str) -> tuple[str, ...]:
    """The specs of a chain.

    >>> split_chain("normalize+scale:c=0.8")
    ('normalize', 'scale:c=0.8')
    """
    return tuple(split_outside(text, "+"))


def build(registry: Registry, kind: Kind, interface: type[P], text: str) -> P:
    """The plugin that a spec names, its options checked.

    UnknownName for a name or option that is not there, InvalidOption for a value that does not fit.
    """
    from pydantic import ValidationError

    name, options = parse_spec(text)
    cls = registry.load(kind, name)
    if not issubclass(cls, interface):
        raise InvalidOption(f"{kind} '{name}' is not a {interface.__name__}")
    for option in options:
        if option not in cls.model_fields:
            raise UnknownName(f"option of {kind} {name}", option, cls.model_fields)
    with querying(f"{kind} '{text}'"):
        try:
            return cls(**options)
        except ValidationError as error:
            raise InvalidOption(f"{kind} '{text}': {_problem(error)}") from error


def build_chain(registry: Registry, text: str) -> Chain:
    """The chain of transforms that `a+b` names."""
    from bridgebench.interfaces.transform import Chain, Transform

    links = (build(registry, Kind.TRANSFORM, Transform, part) for part in split_chain(text))
    return Chain(tuple(links))


def expand_all(registry: Registry, kind: Kind, own: Sequence[str]) -> tuple[str, ...]:
    """Everything of a kind: what the task lists, then each plugin of another name.

    A plugin with an option that must be given is left out where the task does not list it.
    """
    from bridgebench.interfaces.plugin import Plugin

    listed = {parse_spec(part)[0] for spec in own for part in split_chain(spec)}
    others = []
    for name in registry.names(kind):
        if name in listed:
            continue
        cls = registry.load(kind, name)
        if issubclass(cls, Plugin) and not any(f.is_required() for f in cls.model_fields.values()):
            others.append(name)
    return (*own, *others)


def _problem(error: ValidationError) -> str:
    from bridgebench.files.one_line import one_line

    problem = error.errors()[0]
    option = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "missing":
        return f"the option '{option}' must be given"
    message = one_line(problem["msg"]).removeprefix("Value error, ")
    return f"{option}={problem['input']}: {message}"
