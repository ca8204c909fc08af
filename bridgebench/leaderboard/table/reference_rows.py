"""Which row each row of a board is compared with: the one that `AXIS=VALUE,AXIS=VALUE` names.

**Equal other axes.** The reference of a row is the row that has the named values and agrees with it
on every other axis. So `transform=identity` compares each transform with the identity, for each
method, solver, score model and budget separately.

**One reference.** Where `method` is among the named axes and one row of a section has the named
values, that row is the reference of all others, whichever axes they use.

In both, a row and its reference are of one seed and one fingerprint: they saw the same images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridgebench.errors import InvalidOption, UnknownName, UsageError
from bridgebench.leaderboard.csv.columns import PART_AXES
from bridgebench.leaderboard.csv.row import Row, sections


@dataclass(frozen=True)
class Referred:
    """The rows of a board with the one that each is compared with.

    pairs     (row, reference) in the order of the board
    left_out  rows with results that have no reference
    one       whether all rows of a section have one reference
    """

    pairs: tuple[tuple[Row, Row], ...]
    left_out: tuple[Row, ...]
    one: bool


def parse_reference(text: str) -> dict[str, str]:
    """The named axes with their values.

    >>> parse_reference("method=ddib:start=noised,transform=identity")
    {'method': 'ddib:start=noised', 'transform': 'identity'}
    """
    named: dict[str, str] = {}
    for part in text.split(","):
        axis, _, value = (piece.strip() for piece in part.partition("="))
        if not axis or not value or axis in named:
            raise InvalidOption(
                f"--to {text} must be AXIS=VALUE[,AXIS=VALUE...], each axis once, such as "
                "transform=identity"
            )
        if axis not in PART_AXES:
            raise UnknownName("axis", axis, PART_AXES)
        named[axis] = value
    return named


def with_references(
    rows: Sequence[Row], to: Mapping[str, str], compared: Sequence[Row] | None = None
) -> Referred:
    """Each row with results and the row that it is compared with.

    Args:
        rows: of a board.
        to: axis -> the value of the reference: a cell of the board, or the name of its plugin
            without options where that fits only one value.
        compared: those of the rows that are compared; all of them if not given.

    Raises:
        UnknownName, UsageError: no row has a named value, or all of them.
        InvalidOption: a name without options fits several values.
        UsageError: the reference is of another seed or fingerprint than all other rows, or no row
            agrees with it on the axes that are not named.
    """
    measured = [row for row in rows if row.ok]
    values = {axis: _value(axis, text, measured) for axis, text in to.items()}
    fits = [row for row in measured if all(row.axis(a) == v for a, v in values.items())]
    if not fits:
        raise UsageError(
            f"no row with results has {_named(to)}: the board has each of them, but not in one row"
        )
    of_section = [len(members) for members in sections(fits).values()]
    one = "method" in to and max(of_section) == 1
    others = () if one else tuple(axis for axis in PART_AXES if axis not in to)
    found = {_key(row, others): row for row in fits}
    references = {id(row) for row in fits}
    asked = [row for row in (measured if compared is None else compared) if row.ok]
    asked = [row for row in asked if id(row) not in references]
    pairs = tuple((row, found[_key(row, others)]) for row in asked if _key(row, others) in found)
    if not pairs:
        raise UsageError(_nothing_to_compare(asked, fits, to, others))
    return Referred(pairs, tuple(row for row in asked if _key(row, others) not in found), one)


def _value(axis: str, text: str, rows: Sequence[Row]) -> str:
    """The value on an axis that a text names."""
    there = list(dict.fromkeys(row.axis(axis) for row in rows))
    if text in there:
        return text
    named = [value for value in there if value.partition(":")[0] == text]
    if len(named) > 1:
        raise InvalidOption(
            f"{axis}={text} fits {', '.join(named[:3])}{', ...' * (len(named) > 3)}; name one of "
            "them with its options"
        )
    if not named:
        raise UnknownName(f"{axis} of this board", text, there)
    return named[0]


def _nothing_to_compare(
    asked: Sequence[Row], fits: Sequence[Row], to: Mapping[str, str], others: Sequence[str]
) -> str:
    own = fits[0]
    if not asked:
        return f"every row chosen has {_named(to)} itself; there is no other row to compare with it"
    if all(row.section not in {fit.section for fit in fits} for row in asked):
        other = asked[0]
        differs = [
            f"{name} {mine} and {theirs}"
            for name, mine, theirs in (
                ("fingerprints", own.fingerprint, other.fingerprint),
                ("seeds", own.axes["seed"], other.axes["seed"]),
                ("n", own.axes["n"], other.axes["n"]),
            )
            if mine != theirs
        ]
        return (
            f"the row with {_named(to)} and the rows to compare have {', '.join(differs)}; only "
            "rows of one fingerprint, seed and n saw the same images and can be compared"
        )
    return (
        f"{_named(to)} fits {len(fits)} rows, and no other row agrees with one of them on "
        f"{', '.join(others)}; name more axes, as in --to {_full(own)}"
    )


def _full(row: Row) -> str:
    axes = (axis for axis in PART_AXES if axis != "seed" and row.axes[axis] is not None)
    return ",".join(f"{axis}={row.axes[axis]}" for axis in axes)


def _key(row: Row, axes: Sequence[str]) -> tuple[object, ...]:
    return (row.section, *(row.axes[axis] for axis in axes))


def _named(to: Mapping[str, str]) -> str:
    return ",".join(f"{axis}={value}" for axis, value in to.items())
