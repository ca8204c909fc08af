"""What to cite for the rows of a board."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from bridgebench.errors import BridgebenchError
from bridgebench.interfaces.method import Method
from bridgebench.interfaces.solver import Solver
from bridgebench.leaderboard.csv.text_cells import UNUSED
from bridgebench.leaderboard.table.board import Board
from bridgebench.plugins.registry import Kind, Registry
from bridgebench.plugins.specs import parse_spec


def citations(boards: Sequence[Board], registry: Registry) -> str:
    """BibTeX of the methods and solvers of some boards, each entry once.

    Comments above each entry name its methods and solvers, with the licenses that methods name.
    Methods and solvers without an entry are listed at the end, as comments.
    """
    entries: dict[str, list[str]] = {}
    silent: list[str] = []
    for kind in (Kind.METHOD, Kind.SOLVER):
        for name in _names(boards, kind):
            said = name if kind is Kind.METHOD else f"{kind} {name}"
            cls = _class_of(kind, name, registry)
            if cls is None:
                silent.append(f"% {said}: not installed here, so its citation is not known")
                continue
            title = f"{said} ({cls.license})" if issubclass(cls, Method) and cls.license else said
            if cls.citation:
                entries.setdefault(inspect.cleandoc(cls.citation), []).append(title)
            else:
                silent.append(f"% {title}: names no citation")
    blocks = [f"% {', '.join(titles)}\n{bibtex}" for bibtex, titles in entries.items()]
    return "\n\n".join([*blocks, *(["\n".join(silent)] if silent else [])])


def _names(boards: Sequence[Board], kind: Kind) -> list[str]:
    """The plugins of a kind in the rows; many rows use no solver."""
    specs = {row.cells[kind] for board in boards for row in board.rows}
    return sorted({parse_spec(spec)[0] for spec in specs - {UNUSED}})


def _class_of(kind: Kind, name: str, registry: Registry) -> type[Method] | type[Solver] | None:
    try:
        cls = registry.load(kind, name)
    except BridgebenchError:
        # The board may come from a machine with other plugins; what else it has is still known.
        return None
    return cls if issubclass(cls, Method | Solver) else None
