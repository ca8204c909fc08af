"""The table of speeds in the docs is the one that the measurement wrote."""

import importlib.util
import re
from pathlib import Path

import pandas as pd

from bridgebench.cli.bench import FIGURES

ROOT = Path(__file__).parents[2]
MARK = re.compile(r"<!-- printed by: python docs/measurements/speed\.py (\S+) -->\n((?:\|.*\n)+)")
PAGE = ROOT / "docs" / "explanation" / "speed.md"


def measured():
    ((file, text),) = MARK.findall(PAGE.read_text(encoding="utf-8"))
    return pd.read_csv(ROOT / file), text


def test_the_table_is_what_the_script_prints_of_the_file():
    path = ROOT / "docs" / "measurements" / "speed.py"
    spec = importlib.util.spec_from_file_location("measurements_speed", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    table, text = measured()
    assert text.splitlines() == list(module.lines(table))


def test_every_figure_was_measured_on_one_machine():
    table, _ = measured()
    # Two of the figures are pairs: diffusers' decode and step, and FID at two widths.
    assert len(table) == len(FIGURES) + 2
    assert table["machine"].nunique() == 1
