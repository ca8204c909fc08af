"""Chance columns: what a metric says of outputs beside sources that are not theirs.

A metric that compares outputs with their sources is worth as much as its value is away from that
under a permutation of the sources, the null distribution of a permutation test (Fisher, The Design
of Experiments, 1935). One derangement is drawn for each seed, so that it costs one more pass of the
metric over outputs that are there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bridgebench.interfaces.metric import Column


def chance_name(name: str) -> str:
    """The name of the chance column of a column."""
    return f"{name}_chance"


def chance_column(column: Column) -> Column:
    """The chance column of a column: the same unit and range, no interval, no better end.

    >>> chance_column(Column("hue", "degrees", "lower", "hue error", 0.0, chance=True)).description
    'hue with the sources permuted among the outputs'
    """
    return replace(
        column,
        name=chance_name(column.name),
        better="",
        description=f"{column.name} with the sources permuted among the outputs",
        interval=False,
        chance=False,
    )


def with_chance(columns: Iterable[Column]) -> tuple[Column, ...]:
    """The columns, each with its chance column right after it where it has one."""
    return tuple(
        each
        for column in columns
        for each in ((column, chance_column(column)) if column.chance else (column,))
    )


def without_chance(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns without those that `with_chance` makes of the others.

    >>> plain = (Column("hue", "degrees", "lower", "hue error", chance=True),)
    >>> without_chance(with_chance(plain)) == plain
    True
    """
    derived = {chance_column(column) for column in columns if column.chance}
    return tuple(column for column in columns if column not in derived)
