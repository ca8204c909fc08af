"""Hashes of the code that computes a number: what it does, not how it is documented.

A hash covers the modules that a plugin's module reaches by its imports, those in functions
included, within its own package and the core, and the packages that these lie in. Of each module it
covers what computes (see `stripped`). So a corrected comment keeps every finished row, and so does
a change in a module that the row does not use. A name that a package only passes on is followed to
where it is defined, so that the other names of the package have no part.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from bridgebench.plan.code_cache import read_cache, write_cache
from bridgebench.plan.stripped import ModuleCode, module_code

CORE = "bridgebench"

RUNNER = (
    "bridgebench.execute.batches",
    "bridgebench.execute.cell",
    "bridgebench.execute.fitting",
    "bridgebench.execute.run_context",
    "bridgebench.execute.stages",
    "bridgebench.execute.sharing",
    "bridgebench.execute.features",
    "bridgebench.execute.reference",
    "bridgebench.execute.scoring",
)
"""The modules of the core through which every number goes."""

_ASIDE = (
    "bridgebench.api",
    "bridgebench.errors",
    "bridgebench.execute.records",
    "bridgebench.execute.store",
    "bridgebench.files",
    "bridgebench.plan",
    "bridgebench.plugins",
    "bridgebench.tasks",
)
"""Modules of the core that decide what is computed, which a key names by value, or keep results."""


class CodeReader:
    """Reads the code of modules, each once."""

    def __init__(self) -> None:
        self._kept = read_cache()
        self._read: dict[str, ModuleCode | None] = {}
        self._behind: dict[str, tuple[str, ...]] = {}

    def code_of(self, modules: Iterable[str]) -> dict[str, str]:
        """Top-level package -> sha256 of the code that some modules reach, with the core's own.

        >>> sorted(CodeReader().code_of(["bridgebench.toolkit.noise_levels"]))
        ['bridgebench']
        """
        known = len(self._kept)
        packages: dict[str, dict[str, str]] = {}
        for name, module in self.reached((*modules, *RUNNER)).items():
            packages.setdefault(name.partition(".")[0], {})[name] = module.sha256
        if len(self._kept) > known:
            write_cache(self._kept)
        return {package: _digest(inner) for package, inner in sorted(packages.items())}

    def reached(self, roots: Iterable[str]) -> dict[str, ModuleCode]:
        """The modules that some import, directly or not, in their own packages or the core."""
        waiting = list(dict.fromkeys(roots))
        packages = {name.partition(".")[0] for name in (*waiting, *RUNNER)}
        found: dict[str, ModuleCode] = {}
        while waiting:
            name = waiting.pop()
            module = None if name in found else self._module(name)
            if module is None:
                continue
            found[name] = module
            waiting.append(name.rpartition(".")[0])
            for imported in sorted(module.imports):
                if imported.partition(".")[0] in packages:
                    waiting += self._modules_of_once(imported)
        return found

    def _modules_of_once(self, imported: str) -> tuple[str, ...]:
        if imported not in self._behind:
            self._behind[imported] = tuple(self._modules_of(imported))
        return self._behind[imported]

    def _modules_of(self, imported: str) -> list[str]:
        """The modules behind an imported name: itself, or those that it is defined in."""
        from bridgebench import _HOME_OF

        if imported == CORE:
            return sorted(set(_HOME_OF.values()))
        package, _, name = imported.rpartition(".")
        if package == CORE and name in _HOME_OF:
            return [_HOME_OF[name]]
        if _path_of(imported) is not None:
            return [imported]
        module = self._module(package)
        target = module.reexports.get(name, imported) if module else imported
        return [package] if target == imported else [package, *self._modules_of(target)]

    def _module(self, name: str) -> ModuleCode | None:
        """A module by its dotted name; None for one that has no part or no file."""
        if name not in self._read:
            path = None if _is_aside(name) else _path_of(name)
            self._read[name] = None if path is None else self._parsed_once(name, path)
        return self._read[name]

    def _parsed_once(self, name: str, path: Path) -> ModuleCode:
        content = path.read_bytes()
        key = hashlib.sha256(content + name.encode()).hexdigest()
        if key not in self._kept:
            self._kept[key] = module_code(name, path, content)
        return self._kept[key]


def _is_aside(name: str) -> bool:
    """Whether a module has no part; of the core itself, which only passes names on, neither."""
    inside = any(name == each or name.startswith(f"{each}.") for each in _ASIDE)
    return inside or name in (CORE, "")


@cache
def _path_of(name: str) -> Path | None:
    """The file of a module; None where there is no such module."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        file = getattr(loaded, "__file__", None)
        return Path(file) if file else None
    spec = _spec_of(name)
    return Path(spec.origin) if spec is not None and spec.origin and spec.has_location else None


@cache
def _spec_of(name: str) -> ModuleSpec | None:
    """Where a module is, without importing the packages that it lies in."""
    package = name.rpartition(".")[0]
    try:
        if not package:
            return importlib.util.find_spec(name)
        parent = _spec_of(package)
        places = None if parent is None else parent.submodule_search_locations
        return None if places is None else PathFinder.find_spec(name, places)
    except (ImportError, ValueError):
        return None


def _digest(modules: Mapping[str, str]) -> str:
    lines = "".join(f"{name}\0{sha}\n" for name, sha in sorted(modules.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
