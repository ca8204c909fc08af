"""Prints the CSV of `tests/benchmarks/speed.py` as a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pandas as pd


def lines(table: pd.DataFrame) -> Iterator[str]:
    """A row for each figure, in Markdown."""
    yield "| figure | ratio | aimed at | first (s) | second (s) |"
    yield "|---|---|---|---|---|"
    for _, row in table.iterrows():
        aim = row["reach"].replace(">=", "≥").replace("<=", "≤")
        missed = "" if row["reached"] else ", missed"
        first, second = (f"{row[f'{which}_seconds']:.3g}" for which in ("first", "second"))
        yield f"| {row['figure']} | {row['ratio']:.2f} | {aim}{missed} | {first} | {second} |"


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def main(file: Path) -> None:
    """Print the figures in FILE."""
    for line in lines(pd.read_csv(file)):
        click.echo(line)


if __name__ == "__main__":
    main()
