"""Finding a task: by the name that a plugin gives it, or by the path of a file."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

from bridgebench.errors import PluginError, UnknownName
from bridgebench.plugins.registry import Entry, Kind, Registry
from bridgebench.tasks.task_file import TaskFile, parse_task, read_task

SUFFIXES = (".yaml", ".yml")


def find_task(registry: Registry, text: str) -> TaskFile:
    """The task that a name or a path names; UnknownName or InvalidOption where it does not."""
    if text.endswith(SUFFIXES):
        return read_task(_existing(text))
    return task_of(registry.entry(Kind.TASK, text))


def task_source(registry: Registry, text: str) -> dict[str, str]:
    """Where a task's file comes from and its sha256; of a path, no distribution is known."""
    if text.endswith(SUFFIXES):
        found = {"distribution": "a file", "version": "-"}
        content = _existing(text).read_bytes()
    else:
        entry = registry.entry(Kind.TASK, text)
        found = {"distribution": entry.source.distribution, "version": entry.source.version}
        content = _content(entry)
    return {**found, "sha256": hashlib.sha256(content).hexdigest()}


def task_of(entry: Entry) -> TaskFile:
    """The task of a registry entry, whose target is "package:path/to/file.yaml"."""
    try:
        text = _content(entry).decode("utf-8")
    except UnicodeDecodeError as error:
        raise PluginError(
            f"task '{entry.name}' of {entry.source}: {entry.target} is not UTF-8"
        ) from error
    task = parse_task(text, str(entry.target))
    if task.name != entry.name:
        raise PluginError(
            f"task '{entry.name}' of {entry.source} calls itself '{task.name}' in {entry.target}"
        )
    return task


def _existing(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise UnknownName("task file", text, (p.name for p in path.parent.glob("*.y*ml")))
    return path


def _content(entry: Entry) -> bytes:
    package, _, inner = str(entry.target).partition(":")
    try:
        return files(package).joinpath(inner).read_bytes()
    except (OSError, ModuleNotFoundError) as error:
        raise PluginError(
            f"task '{entry.name}' of {entry.source}: {entry.target} cannot be read: {error}"
        ) from error
