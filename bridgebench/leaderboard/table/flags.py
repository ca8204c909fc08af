"""Flags: which of the task's rules make a row doubtful, and what follows from that.

The rules are those of the task file, so the core knows neither a metric nor what is suspicious
about its numbers. They apply to every row with results, baselines included. A rule does not apply
to a row that lacks one of its numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bridgebench.leaderboard.csv.row import Row
from bridgebench.tasks.task_file import FlagRule


def raised(row: Row, rules: Iterable[FlagRule]) -> tuple[FlagRule, ...]:
    """The rules that flag a row, in the order of the task."""
    return tuple(rule for rule in rules if row.ok and _holds(rule, row))


def is_copying(row: Row, rules: Iterable[FlagRule]) -> bool:
    """Whether a rule says that the outputs of a row are copies."""
    return any(rule.copying for rule in raised(row, rules))


def is_rankable(row: Row, rules: Iterable[FlagRule]) -> bool:
    """Whether a row can have a rank: it competes, and its outputs are no copies."""
    return row.competes and not is_copying(row, rules)


def flags_cell(flags: Iterable[FlagRule]) -> str:
    """The text of the column `flags`: the names, separated by a space."""
    return " ".join(rule.name for rule in flags)


def letters(cell: str, rules: Sequence[FlagRule]) -> str:
    """A cell in short, for a narrow table: a letter a rule, A for the first of the task.

    >>> rules = [FlagRule(name=name, column="fid", below=1.0) for name in ("low", "copy")]
    >>> letters("copy", rules), letters("low copy", rules), letters("", rules)
    ('B', 'AB', '')
    """
    names = cell.split()
    return "".join(chr(ord("A") + place) for place, rule in enumerate(rules) if rule.name in names)


def legend(cells: Iterable[str], rules: Sequence[FlagRule]) -> str:
    """What the letters in some cells stand for; "" where none of them is flagged."""
    names = {name for cell in cells for name in cell.split()}
    found = [rule.name for rule in rules if rule.name in names]
    return ", ".join(f"{letters(name, rules)} {name}" for name in found)


def meaning(rule: FlagRule) -> str:
    """What a rule says and what follows from it, in words.

    >>> meaning(FlagRule(name="copy", column="memorization", below=0.3, copying=True))
    'memorization is below 0.3; no rank and no Pareto mark'
    """
    limit = rule.above if rule.below is None else rule.below
    shown = limit if isinstance(limit, str) else f"{limit:g}"
    side = "above" if rule.below is None else "below"
    why = f" ({rule.description})" if rule.description else ""
    follows = "no rank and no Pareto mark" if rule.copying else "no Pareto mark"
    return f"{rule.column} is {side} {shown}{why}; {follows}"


def _holds(rule: FlagRule, row: Row) -> bool:
    value = row.value(rule.column)
    below, above = _number(rule.below, row), _number(rule.above, row)
    if value is None:
        return False
    return (below is not None and value < below) or (above is not None and value > above)


def _number(limit: float | str | None, row: Row) -> float | None:
    return row.value(limit) if isinstance(limit, str) else limit
