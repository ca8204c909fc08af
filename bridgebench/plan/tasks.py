"""Finding a task: by the name that a plugin gives it, or by the path of a file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from bridgebench.errors import PluginError, UnknownName
from bridgebench.registry import Entry, Kind, Registry
from bridgebench.taskfile import TaskFile, parse_task, read_task

SUFFIXES = (".yaml", ".yml")


def find_task(registry: Registry, text: str) -> TaskFile:
    """The task that a name or a path names; UnknownName or InvalidOption where it does not."""
    if text.endswith(SUFFIXES):
        path = Path(text)
        if not path.is_file():
            raise UnknownName("task file", text, (p.name for p in path.parent.glob("*.y*ml")))
        return read_task(path)
    return task_of(registry.entry(Kind.TASK, text))


def task_of(entry: Entry) -> TaskFile:
    """The task of a registry entry, whose target is "package:path/to/file.yaml"."""
    package, _, inner = str(entry.target).partition(":")
    try:
        text = files(package).joinpath(inner).read_text(encoding="utf-8")
    except (OSError, ModuleNotFoundError) as error:
        raise PluginError(
            f"task '{entry.name}' of {entry.source}: {entry.target} cannot be read: {error}"
        ) from error
    task = parse_task(text, str(entry.target))
    if task.name != entry.name:
        raise PluginError(
            f"task '{entry.name}' of {entry.source} calls itself '{task.name}' in {entry.target}"
        )
    return task
