"""Paired tests of the same rows computed in float32 and in bf16.

    rows="method=ddib,ddib_guided,otcfm,cyclegan,recolor solver=dpm transform=identity"
    bridgebench run task=cmnist_to7 protocol=standard $rows precision=fp32 out=runs/fp32
    bridgebench run task=cmnist_to7 protocol=standard $rows precision=bf16 out=runs/bf16
    python docs/measurements/precision.py runs/fp32 runs/bf16

For each row of both folders and each metric column with per-image statistics it prints both
numbers, the difference with its interval of 95 %, and the p-value of the paired test after Holm's
correction for all comparisons printed. Below stands how much longer the rows took in float32.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import click

from bridgebench.execute.folder import RunFolder
from bridgebench.execute.records import Record
from bridgebench.toolkit.statistics.difference import PairedDifference, paired_difference
from bridgebench.toolkit.statistics.paired import holm

COLUMNS = ("success", "fid", "color_deg", "accuracy", "style_r")


def compared(fp32: Path, bf16: Path) -> Iterator[tuple[str, str, float, float, PairedDifference]]:
    """Row, column, both numbers and their paired difference, of all rows that both folders have."""
    for record, other in both(fp32, bf16):
        first, second = (RunFolder(place).records.items(each) for place, each in
                         ((fp32, record), (bf16, other)))  # fmt: skip
        axes = (record.axes[axis] for axis in ("method", "solver", "transform"))
        row = " ".join(str(value) for value in axes if value is not None)
        for column in COLUMNS:
            values = [
                each.values[column].value for each in (record, other) if column in each.values
            ]
            if column in first and column in second and len(values) == 2 and None not in values:
                found = paired_difference(second[column].numpy(), first[column].numpy())
                yield row, column, values[0], values[1], found


def both(fp32: Path, bf16: Path) -> Iterator[tuple[Record, Record]]:
    """The finished rows of the first folder that the second one has, too."""
    first, second = RunFolder(fp32).records, RunFolder(bf16).records
    for path in sorted((fp32 / "records").glob("*.json")):
        record, other = first.read(path.stem), second.read(path.stem)
        if record and other and (record.status, other.status) == ("ok", "ok"):
            yield record, other


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("fp32", type=Path, help="the folder of the run in float32")
    parser.add_argument("bf16", type=Path, help="the folder of the run in bf16")
    given = parser.parse_args()
    rows = list(compared(given.fp32, given.bf16))
    if not rows:
        parser.error("the folders have no finished row in common; give two runs of the same rows")
    adjusted = holm([found.p for *_, found in rows])
    click.echo("| row | column | float32 | bf16 | bf16 - float32 | adjusted p |")
    click.echo("|---|---|---|---|---|---|")
    for (row, column, first, second, found), p in zip(rows, adjusted, strict=True):
        value, low, high = found.difference
        difference = f"{value:+.3g} [{low:+.3g}, {high:+.3g}]"
        click.echo(f"| {row} | {column} | {first:.4g} | {second:.4g} | {difference} | {p:.2g} |")

    spent = [sum(map(seconds, each)) for each in zip(*both(given.fp32, given.bf16), strict=True)]
    click.echo(f"\nIn float32 these rows took {spent[0] / spent[1]:.2f} times the seconds.")


def seconds(record: Record) -> float:
    """What a row cost; 0 where it says nothing."""
    return float(record.cost["seconds"] or 0)


if __name__ == "__main__":
    main()
