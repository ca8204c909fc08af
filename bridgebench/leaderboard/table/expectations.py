"""Whether what a task expects of a board that can be trusted holds."""

from __future__ import annotations

from collections.abc import Sequence

from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import MetricColumns
from bridgebench.leaderboard.csv.row import Row, sections
from bridgebench.leaderboard.table.flags import is_copying
from bridgebench.leaderboard.table.pairs import ALPHA, pair_p_values
from bridgebench.leaderboard.table.ranks import rank, signed
from bridgebench.tasks.task_file import Expectation, TaskFile


def unmet(rows: Sequence[Row], task: TaskFile, metrics: MetricColumns) -> list[str]:
    """What does not hold of some rows, a sentence each.

    A rule about a method that has no rows, or a column that was not measured, is skipped. Each seed
    is checked by itself, as rows are compared only on equal images. Where the rows have no
    per-image statistics, `better_than` compares the numbers alone. A row that is flagged for
    copying is never the best of its method.
    """
    measured = {column.name for column in metrics.all}
    return [
        sentence
        for rule in task.expect
        if rule.column in measured
        for members in sections(rows).values()
        for sentence in _broken(rule, [rows[index] for index in members], task, metrics)
    ]


def _broken(
    rule: Expectation, rows: Sequence[Row], task: TaskFile, metrics: MetricColumns
) -> list[str]:
    own = _of(rule.row, rows)
    if rule.better_than is not None:
        other = _of(rule.better_than, rows)
        return _not_better(rule, own, other, task, metrics.named(rule.column))
    column = metrics.named(rule.column)
    return [sentence for row in own if (sentence := _out_of_bounds(rule, row, column))]


def _of(method: str, rows: Sequence[Row]) -> list[Row]:
    """The ok rows of a method, of any options unless it is named with some."""
    return [row for row in rows if row.ok and method in _names_of(str(row.axes["method"]))]


def _names_of(spec: str) -> tuple[str, str]:
    return spec, spec.partition(":")[0]


def _out_of_bounds(rule: Expectation, row: Row, column: Column) -> str:
    value, low, high = row.estimate(column)
    if value is None:
        return f"{row} has no {rule.column}, expected {_asked(rule)}"
    got = f"{row} has {rule.column} {value:.4g}"
    if rule.at_most is not None and value > rule.at_most:
        return f"{got}, expected {_asked(rule)}"
    if rule.at_least is not None and value < rule.at_least:
        return f"{got}, expected {_asked(rule)}"
    if rule.interval_contains is None:
        return ""
    if low is None or high is None:
        return f"{got} without an interval, expected {_asked(rule)}"
    if not low <= rule.interval_contains <= high:
        return f"{got} ({low:.4g} to {high:.4g}), expected {_asked(rule)}"
    return ""


def _asked(rule: Expectation) -> str:
    if rule.at_most is not None:
        return f"at most {rule.at_most:g}"
    if rule.at_least is not None:
        return f"at least {rule.at_least:g}"
    return f"an interval around {rule.interval_contains:g}"


def _not_better(
    rule: Expectation, own: Sequence[Row], other: Sequence[Row], task: TaskFile, column: Column
) -> list[str]:
    if not own or not other:
        return []
    best, rival = (_best(rows, task, column) for rows in (own, other))
    if best is None or rival is None:
        missing, rows = (rule.row, own) if best is None else (rule.better_than, other)
        copying = any(is_copying(row, task.flags) for row in rows)
        which = f"{missing} that is not flagged for copying" if copying else missing
        return [f"no row of {which} has {column.name}, by which {rule.row} is to be better"]
    claim = f"the best {rule.row}, {best}, is to be better than {rival} on {column.name}"
    figures = f"{best.value(column.name):.4g} against {rival.value(column.name):.4g}"
    if (signed(best, column) or 0.0) <= (signed(rival, column) or 0.0):
        return [f"{claim}, it is not: {figures}"]
    if column.name not in best.items or column.name not in rival.items:
        return []
    p = float(pair_p_values([best.items[column.name], rival.items[column.name]])[0, 1])
    if p >= ALPHA:
        return [f"{claim}, they do not differ significantly: {figures}, p = {p:.2g}"]
    return []


def _best(rows: Sequence[Row], task: TaskFile, column: Column) -> Row | None:
    original = [row for row in rows if not is_copying(row, task.flags)]
    order = rank(original, range(len(original)), column)
    return original[order[0]] if order else None
