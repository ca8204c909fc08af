"""What modules compute, by the hash of their files, kept between commands.

Parsing all modules that a plan reaches takes a second, and reading their files a few milliseconds.
The cache can go at any time: what is not in it, or does not have its form, is parsed again.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from bridgebench.files.atomic import write_atomically
from bridgebench.files.cache_folder import cache_folder
from bridgebench.plan.stripped import ModuleCode

VERSION = 2
"""Raised when modules are stripped otherwise."""

MAX_BYTES = 16 * 2**20

_SHA = re.compile(r"[0-9a-f]{64}")


def read_cache() -> dict[str, ModuleCode]:
    """sha256 of a file -> the module in it; empty where there is no sound cache."""
    path = _path()
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return {}
        entries = json.loads(path.read_bytes())
        return {key: _module(entry) for key, entry in entries.items() if _SHA.fullmatch(key)}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def write_cache(modules: Mapping[str, ModuleCode]) -> None:
    """Keep the modules; a folder that cannot be written keeps none."""
    path = _path()
    entries = {key: _entry(each) for key, each in modules.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(entries).encode(), durable=False)
    except OSError:
        return


def _path() -> Path:
    """A file for each version of Python, as each parses in its own way."""
    python = "".join(map(str, sys.version_info[:2]))
    return cache_folder() / "code" / f"{VERSION}-{python}.json"


def _entry(module: ModuleCode) -> list[str]:
    """The hash, then what is imported; what is passed on as name=target."""
    passed_on = (f"{name}={target}" for name, target in sorted(module.reexports.items()))
    return [module.sha256, *sorted(module.imports), *passed_on]


def _module(entry: object) -> ModuleCode:
    if not isinstance(entry, list) or not all(isinstance(word, str) for word in entry):
        raise ValueError("not the form of an entry")
    sha256, *words = entry
    if not _SHA.fullmatch(sha256):
        raise ValueError("not a sha256")
    passed_on = {word.partition("=")[0]: word.partition("=")[2] for word in words if "=" in word}
    return ModuleCode(sha256, frozenset(word for word in words if "=" not in word), passed_on)
