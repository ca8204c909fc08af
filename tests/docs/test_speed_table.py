"""The tables of speeds in the docs are those that the measurements wrote."""

import importlib.util
import re
from pathlib import Path

import pandas as pd
import pytest
from speed import FIGURES

ROOT = Path(__file__).parents[2]
MARK = re.compile(r"<!-- printed by: python docs/measurements/speed\.py (\S+) -->\n((?:\|.*\n)+)")
PAGE = ROOT / "docs" / "explanation" / "speed.md"
TABLES = dict(MARK.findall(PAGE.read_text(encoding="utf-8")))


def measured(file):
    return pd.read_csv(ROOT / file)


@pytest.fixture(scope="module")
def script():
    path = ROOT / "docs" / "measurements" / "speed.py"
    spec = importlib.util.spec_from_file_location("measurements_speed", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("file", TABLES)
def test_a_table_is_what_the_script_prints_of_its_file(script, file):
    assert TABLES[file].splitlines() == list(script.lines(measured(file)))


@pytest.mark.parametrize("file", TABLES)
def test_the_figures_of_a_table_were_measured_on_one_machine(file):
    assert measured(file)["machine"].nunique() == 1


def test_one_table_has_every_figure():
    # Two of the figures are pairs: diffusers' decode and step, and FID at two widths.
    assert max(len(measured(file)) for file in TABLES) == len(FIGURES) + 2
