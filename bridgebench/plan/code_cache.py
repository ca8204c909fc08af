"""What modules compute, by the hash of their files, kept between commands.

Parsing all modules that a plan reaches takes a second, and reading their files a few milliseconds.
The cache can go at any time: what is not in it, or does not have its form, is parsed again.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bridgebench.cache_folder import cache_folder

VERSION = 1
"""Raised when modules are stripped otherwise."""

MAX_BYTES = 16 * 2**20

_SHA = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ModuleCode:
    """A module as far as it computes.

    sha256   of its stripped syntax tree
    imports  dotted names that it imports: modules, or names in modules
    """

    sha256: str
    imports: frozenset[str]


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
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    entries = {key: [each.sha256, *sorted(each.imports)] for key, each in modules.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(entries), encoding="utf-8")
        partial.replace(path)
    except OSError:
        return


def _path() -> Path:
    """A file for each version of Python, whose syntax trees are spelled otherwise."""
    python = "".join(map(str, sys.version_info[:2]))
    return cache_folder() / "code" / f"{VERSION}-{python}.json"


def _module(entry: object) -> ModuleCode:
    if not isinstance(entry, list) or not all(isinstance(word, str) for word in entry):
        raise ValueError("not the form of an entry")
    sha256, *imports = entry
    if not _SHA.fullmatch(sha256):
        raise ValueError("not a sha256")
    return ModuleCode(sha256, frozenset(imports))
