"""What to cite for the rows of a board."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from bridgebench.errors import BridgebenchError
from bridgebench.interfaces.method import Method
from bridgebench.leaderboard.board import Board
from bridgebench.registry import Kind, Registry
from bridgebench.specs import parse_spec


def citations(boards: Iterable[Board], registry: Registry) -> str:
    """BibTeX of the methods of some boards, each entry once, and what has none as comments.

    Above each entry stands which methods it is for and the licenses that they name.
    """
    names = sorted({str(spec) for board in boards for spec in board.table["method"]})
    methods = sorted({parse_spec(name)[0] for name in names})
    entries: dict[str, list[str]] = {}
    silent: list[str] = []
    for name in methods:
        cls = _class_of(name, registry)
        if cls is None:
            silent.append(f"% {name}: not installed here, so its citation is not known")
        elif not cls.citation:
            silent.append(f"% {_title(name, cls)}: names no citation")
        else:
            entries.setdefault(inspect.cleandoc(cls.citation), []).append(_title(name, cls))
    blocks = [f"% {', '.join(titles)}\n{bibtex}" for bibtex, titles in entries.items()]
    return "\n\n".join([*blocks, *(["\n".join(silent)] if silent else [])])


def _class_of(name: str, registry: Registry) -> type[Method] | None:
    try:
        cls = registry.load(Kind.METHOD, name)
    except BridgebenchError:
        # The board may come from a machine with other plugins; its other methods are still known.
        return None
    return cls if issubclass(cls, Method) else None


def _title(name: str, cls: type[Method]) -> str:
    return f"{name} ({cls.license})" if cls.license else name
