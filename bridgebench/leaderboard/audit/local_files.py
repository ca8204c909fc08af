"""Finding the files that a row names by their file name and their hash."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from pathlib import Path

from bridgebench.errors import BridgebenchError
from bridgebench.interfaces.method import Method
from bridgebench.interfaces.plugin import Plugin, format_option
from bridgebench.interfaces.quoting import quoted
from bridgebench.interfaces.score_model import ScoreModel

MOST_FILES = 100_000
"""How many files of a folder are looked at."""

MOST_TRIES = 100
"""How many files of the right name are hashed."""


def spec_with_local_files(
    plugin: Plugin, weights: Mapping[str, str], folders: Sequence[Path]
) -> str:
    """The spec of a plugin that reads the files that a row names.

    A row has only the last part of a path. The file or folder is searched below `folders`, and used
    if it has the row's hash. Where none has it, this is the plugin's own spec.

    Args:
        plugin: as the row names it, its paths relative to the current folder.
        weights: the files in the row, "NAME/FILE" to sha256.
        folders: where to search.
    """
    paths = _paths(plugin)
    if not paths or not isinstance(plugin, Method | ScoreModel) or _has(plugin, weights):
        return plugin.spec
    places = [tuple(_below(folders, path.name)) for path in paths.values()]
    for found in islice(product(*places), MOST_TRIES):
        made = plugin.model_copy(update=dict(zip(paths, found, strict=True)))
        if _has(made, weights):
            return _spec_with_paths(made)
    return plugin.spec


def _paths(plugin: Plugin) -> dict[str, Path]:
    options = type(plugin).model_fields
    return {o: value for o in options if isinstance(value := getattr(plugin, o), Path)}


def _has(part: Method | ScoreModel, weights: Mapping[str, str]) -> bool:
    """Whether the files that it reads are there and have the hashes of the row."""
    try:
        files = part.files()
    except (BridgebenchError, OSError):
        return False
    return bool(files) and all(weights.get(f"{part.name}/{f}") == sha for f, sha in files.items())


def _below(folders: Sequence[Path], name: str) -> Iterator[Path]:
    for folder in folders:
        for place, inner, files in islice(os.walk(folder), MOST_FILES):
            if name in files or name in inner:
                found = Path(place, name)
                if found.is_file() or found.is_dir():
                    yield found.absolute()


def _spec_with_paths(plugin: Plugin) -> str:
    """The spec of a plugin with whole paths, so that it can be built in any folder."""
    parts = [plugin.name]
    for option, field in type(plugin).model_fields.items():
        value = getattr(plugin, option)
        if isinstance(value, Path):
            parts.append(f"{option}={quoted(str(value))}")
        elif field.is_required() or value != field.get_default(call_default_factory=True):
            parts.append(f"{option}={format_option(value)}")
    return ":".join(parts)
