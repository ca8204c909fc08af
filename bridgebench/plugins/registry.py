"""Plugins by kind and name, as the installed distributions bring them in.

Nothing here imports a plugin's classes until somebody asks for one, so that listing stays light.
A distribution whose module cannot be imported, or whose hook raises, is a fault that is listed and
leaves the others alone. A name of one kind that two distributions claim is an error where it is
used.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

import pluggy

from bridgebench.errors import Damage, DuplicateName, PluginError, UnknownName
from bridgebench.interfaces import version
from bridgebench.isolation.calls import isolated, querying
from bridgebench.plugins import hookspecs

GROUP = "bridgebench"
OFF_VARIABLE = "BRIDGEBENCH_PLUGINS_OFF"

_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Kind(StrEnum):
    """The kinds of plugin."""

    DATASET = "dataset"
    SCORE = "score"
    SOLVER = "solver"
    TRANSFORM = "transform"
    EXTRACTOR = "extractor"
    METHOD = "method"
    METRIC = "metric"
    TASK = "task"

    @property
    def hook(self) -> str:
        """The hook that brings plugins of this kind."""
        return f"bridgebench_{self.value}s"

    @property
    def interface(self) -> str:
        """The class to implement, as "module:Class"; "" for tasks, which are files."""
        return _INTERFACES[self]


_INTERFACES = {
    Kind.DATASET: "bridgebench.interfaces.dataset:Dataset",
    Kind.SCORE: "bridgebench.interfaces.score_model:ScoreModel",
    Kind.SOLVER: "bridgebench.interfaces.solver:Solver",
    Kind.TRANSFORM: "bridgebench.interfaces.transform:Transform",
    Kind.EXTRACTOR: "bridgebench.interfaces.extractor:Extractor",
    Kind.METHOD: "bridgebench.interfaces.method:Method",
    Kind.METRIC: "bridgebench.interfaces.metric:Metric",
    Kind.TASK: "",
}


@dataclass(frozen=True)
class Source:
    """Where plugins come from: an entry point of a distribution."""

    plugin: str
    module: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version} ({self.module})"


@dataclass(frozen=True)
class Entry:
    """A plugin by kind and name, not yet imported unless it was given as a class."""

    kind: Kind
    name: str
    target: type | str
    source: Source

    @property
    def where(self) -> str:
        """The class as "module:Class", or a task's file."""
        if isinstance(self.target, str):
            return self.target
        return f"{self.target.__module__}:{self.target.__qualname__}"

    def summary(self) -> str:
        """The first line of the class's docstring, read from its source without importing it."""
        if not isinstance(self.target, str):
            return (self.target.__doc__ or "").strip().partition("\n")[0]
        module, _, name = self.target.partition(":")
        with querying(f"{self.kind} '{self.name}' of {self.source}"):
            return _first_line_of(module, name)


def _first_line_of(module: str, name: str) -> str:
    """The first line of the docstring of a class, read from the source of its module."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return ""
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return (ast.get_docstring(node) or "").partition("\n")[0]
    return ""


@dataclass(frozen=True)
class Fault:
    """A distribution whose plugins cannot be used, and why."""

    source: Source
    reason: str


@dataclass(frozen=True)
class Registry:
    """All plugins that are installed.

    entries  of names that one distribution claims
    clashes  what is wrong with a name that several claim
    """

    entries: Mapping[Kind, Mapping[str, Entry]]
    sources: tuple[Source, ...]
    faults: tuple[Fault, ...] = ()
    blocked: tuple[str, ...] = field(default=())
    clashes: Mapping[tuple[Kind, str], str] = field(default_factory=dict)

    def names(self, kind: Kind) -> tuple[str, ...]:
        """The names of a kind, sorted."""
        return tuple(sorted(self.entries[kind]))

    def entry(self, kind: Kind, name: str) -> Entry:
        """The plugin of that kind and name.

        UnknownName, with what comes near, if there is none; DuplicateName if there are several.
        """
        if (kind, name) in self.clashes:
            raise DuplicateName(self.clashes[kind, name])
        if name not in self.entries[kind]:
            raise UnknownName(str(kind), name, self.names(kind))
        return self.entries[kind][name]

    def load(self, kind: Kind, name: str) -> type:
        """The plugin's class, imported and checked against the interface of its kind."""
        entry = self.entry(kind, name)
        cls = _import_class(entry)
        interface = _import_name(kind.interface)
        if not issubclass(cls, interface):
            raise PluginError(
                f"{kind} '{name}' of {entry.source} must be a subclass of "
                f"{interface.__name__}, but {entry.where} is not"
            )
        unwritten = sorted(getattr(cls, "__abstractmethods__", ()))
        if unwritten:
            raise PluginError(
                f"{kind} '{name}' of {entry.source} lacks {', '.join(unwritten)}, which a "
                f"{interface.__name__} must have; docs/how-to/write-a-{kind}.md says what they do"
            )
        if getattr(cls, "name", None) != name:
            raise PluginError(
                f"{kind} '{name}' of {entry.source} calls itself {getattr(cls, 'name', None)!r}; "
                "its class variable `name` must be the name under which the hook gives it"
            )
        return cls


def load_registry() -> Registry:
    """The registry of all installed distributions, less those named in BRIDGEBENCH_PLUGINS_OFF."""
    return build_registry(
        entry_points(group=GROUP), off=os.environ.get(OFF_VARIABLE, "").replace(",", " ").split()
    )


def build_registry(points: Iterable[EntryPoint], off: Iterable[str] = ()) -> Registry:
    """The registry of the plugins that some entry points name."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    blocked = set(off)
    sources: dict[str, Source] = {}
    faults: list[Fault] = []
    # Most plugins share a distribution, and to parse its metadata is the slow part of listing them.
    release_of = cache(_release)
    for point in sorted(points, key=lambda point: (point.name, point.value)):
        source = Source(point.name, point.value, *release_of(point.dist))
        if blocked & {point.name, source.distribution}:
            continue
        try:
            with _importing(str(source), point.module):
                module = point.load()
            _check_api(module)
            manager.register(module, name=str(source))
            manager.check_pending()
        except Exception as error:
            if manager.has_plugin(str(source)):
                manager.unregister(name=str(source))
            faults.append(Fault(source, _of_old_version(point.module) or _said(error)))
            continue
        sources[str(source)] = source
    offers: dict[tuple[Kind, str], list[Entry]] = {}
    for kind in Kind:
        for implementation in getattr(manager.hook, kind.hook).get_hookimpls():
            source = sources[implementation.plugin_name]
            try:
                with isolated(f"{kind.hook} of {source}"):
                    offered = _checked(kind, implementation.function())
            except Exception as error:
                faults.append(Fault(source, f"{kind.hook}: {_said(error)}"))
                continue
            for name, target in offered.items():
                offers.setdefault((kind, name), []).append(Entry(kind, name, target, source))
    entries: dict[Kind, dict[str, Entry]] = {kind: {} for kind in Kind}
    for (kind, name), (first, *others) in offers.items():
        if not others:
            entries[kind][name] = first
    return Registry(
        entries,
        tuple(sources.values()),
        tuple(faults),
        tuple(sorted(blocked)),
        {place: _clash(*claims[:2]) for place, claims in offers.items() if len(claims) > 1},
    )


def _release(distribution: Distribution | None) -> tuple[str, str]:
    """Name and version; `name` and `version` would parse the metadata once each."""
    if distribution is None:
        return "unknown", "unknown"
    metadata = distribution.metadata
    return metadata["Name"], metadata["Version"]


def _check_api(module: ModuleType) -> None:
    said = version.objection(vars(module).get("api"), version.VERSIONS)
    if said:
        raise PluginError(said)


def _of_old_version(module: str) -> str:
    """Why a module that cannot be imported is of another version, or "".

    A plugin of an older version may import names that are gone, before it says its version.
    """
    try:
        spec = importlib.util.find_spec(module)
        source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
        statements = ast.parse(source).body
    except Exception:  # whatever is wrong with it, the import has said so
        return ""
    for node in statements:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "api":
            stated = node.value.value if isinstance(node.value, ast.Constant) else None
            return version.objection(stated, version.VERSIONS)
    return ""


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _checked(kind: Kind, offered: object) -> Mapping[str, type | str]:
    """What a hook offers; PluginError unless it is a mapping from names to classes."""
    if not isinstance(offered, Mapping):
        raise PluginError(f"gives a {type(offered).__name__}, expected a mapping from names")
    for name, target in offered.items():
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise PluginError(
                f"{name!r:.80} is no name of a {kind}; names are lowercase words joined by _"
            )
        if not isinstance(target, str | type):
            raise PluginError(
                f"{kind} '{name}' is given as a {type(target).__name__}, expected \"module:Class\""
            )
    return offered


def _clash(one: Entry, other: Entry) -> str:
    return (
        f"{one.kind} '{one.name}' is claimed by both {one.source} and {other.source}; uninstall "
        f"one, or block it with {OFF_VARIABLE}=NAME"
    )


@contextmanager
def _importing(who: str, module: str) -> Iterator[None]:
    """Around the import of a plugin's module; one that does damage is imported anew next time."""
    there = set(sys.modules)
    try:
        with isolated(who):
            yield
    except Damage:
        package = module.partition(".")[0]
        for name in set(sys.modules) - there:
            if name.partition(".")[0] == package:
                del sys.modules[name]
        raise


def _import_name(where: str) -> type:
    module, _, name = where.partition(":")
    found = vars(importlib.import_module(module)).get(name)
    if not isinstance(found, type):
        raise PluginError(f"{where} does not name a class")
    return found


def _import_class(entry: Entry) -> type:
    if not isinstance(entry.target, str):
        return entry.target
    module = entry.target.partition(":")[0]
    try:
        with nullcontext() if module in sys.modules else _importing("it", module):
            return _import_name(entry.target)
    except PluginError as error:
        raise PluginError(f"{entry.kind} '{entry.name}' of {entry.source}: {error}") from error
    except Exception as error:
        raise PluginError(
            f"{entry.kind} '{entry.name}' of {entry.source} cannot be imported: "
            f"{type(error).__name__}: {error}"
        ) from error
