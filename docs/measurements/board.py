"""Tables of a published board: `python docs/measurements/board.py FILE top|methods|transforms`.

top         the best rows, then each method as it is (dpm, no transform), then rows that are flagged
            for copying, then the baselines
methods     each method as it is, with what it costs and what it remembers of the training images
transforms  what each latent transform does to plain DDIB, with one solver
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pandas as pd

from bridgebench.plugins.registry import load_registry
from bridgebench.tasks.lookup import find_task

Cell = Callable[[pd.Series], str]

BEST = 6
PLAIN = "ddib:source_label=none"


def number(column: str, digits: int, unit: str = "") -> Cell:
    """A column with the half-width of its interval, where it has one."""

    def cell(row: pd.Series) -> str:
        value = row[column]
        if pd.isna(value):
            return ""
        places = 0 if abs(value) >= 100 else digits
        low, high = row.get(f"{column}_low"), row.get(f"{column}_high")
        half = "" if low is None or pd.isna(low) else f" ±{(high - low) / 2:.{places}f}"
        return f"{value:.{places}f}{unit}{half}"

    return cell


def whole(column: str) -> Cell:
    """A column of whole numbers; empty where the row has none."""
    return lambda row: "" if pd.isna(row[column]) else f"{int(row[column])}"


def axis(column: str) -> Cell:
    """An axis; empty where the method does not use it."""
    return lambda row: "" if row[column] in ("-", "") else str(row[column])


def text(column: str) -> Cell:
    """A column of text."""
    return lambda row: "" if pd.isna(row[column]) else str(row[column])


def method(row: pd.Series) -> str:
    """The method, and a target score model that is not the usual one."""
    name = row["method"].removesuffix(":source_label=none")
    return f"{name}, exact target" if row["target_score"] == "cmnist_exact" else name


NAMES: dict[str, Cell] = {"method": method, "solver": axis("solver")}
QUALITY: dict[str, Cell] = {
    "success": number("success", 3),
    "style": number("style_r", 2),
    "FID": number("fid", 1),
    "color error": number("color_deg", 1, "°"),
    "accuracy": number("accuracy", 3),
}
COLUMNS: dict[str, dict[str, Cell]] = {
    "top": {
        "#": whole("place"),
        **NAMES,
        "transform": axis("transform"),
        "supervision": text("supervision"),
        **QUALITY,
        "tie group": whole("tie_group"),
        "flags": text("flags"),
    },
    "methods": {
        **NAMES,
        **QUALITY,
        "success by chance": number("success_chance", 3),
        "structure": number("structure", 3),
        "memorization": number("memorization", 2),
        "SWD": number("swd", 3),
        "NFE": whole("nfe_total"),
        "flags": text("flags"),
    },
    "transforms": {
        "transform": axis("transform"),
        "color error": number("color_deg", 1, "°"),
        "style": number("style_r", 2),
        "structure": number("structure", 3),
        "success": number("success", 3),
        "FID": number("fid", 1),
        "accuracy": number("accuracy", 3),
    },
}


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a place, with it."""
    rows = table[~table["baseline"] & ~copying(table)].reset_index(drop=True)
    return rows.assign(place=rows.index + 1)


def copying(table: pd.DataFrame) -> pd.Series:
    """Whether a rule of the task flags a row for copying, which takes its place away."""
    rules = find_task(load_registry(), table["task"].iloc[0]).flags
    names = {rule.name for rule in rules if rule.copying}
    return table["flags"].fillna("").map(lambda cell: not names.isdisjoint(cell.split()))


def copies(table: pd.DataFrame) -> pd.DataFrame:
    """The methods as they are that are flagged for copying."""
    return as_they_are(table[~table["baseline"] & copying(table)]).assign(place=None)


def as_they_are(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of each method without a transform, with dpm or an exact inversion."""
    plain = rows["transform"].isin(["identity", "-", ""])
    return rows[plain & rows["solver"].isin(["dpm", "bdia", "-", ""])]


def baselines(table: pd.DataFrame) -> pd.DataFrame:
    """The baselines, with dpm and the usual target."""
    rows = table[table["baseline"] & (table["target_score"] != "cmnist_exact")]
    return rows[rows["solver"].isin(["dpm", "-", ""])].assign(place=None)


def chosen(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of a table of the docs."""
    rows = ranked(table)
    if name == "transforms":
        usual = rows["target_score"] != "cmnist_exact"
        return rows[usual & (rows["method"] == PLAIN) & (rows["solver"] == "dpm")]
    plain = as_they_are(rows)
    if name == "methods":
        return pd.concat([plain, copies(table), baselines(table)])
    best = rows.head(BEST)
    return pd.concat([best, plain[plain["place"] > BEST], copies(table), baselines(table)])


def lines(table: pd.DataFrame, name: str) -> Iterator[str]:
    """A table of the docs in Markdown."""
    columns = COLUMNS[name]
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for _, row in chosen(table, name).iterrows():
        yield f"| {' | '.join(cell(row) for cell in columns.values())} |"


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("name", type=click.Choice(sorted(COLUMNS)))
def main(file: Path, name: str) -> None:
    """Print a table of the board in FILE."""
    for line in lines(pd.read_csv(file, keep_default_na=False, na_values=[""]), name):
        click.echo(line)


if __name__ == "__main__":
    main()
