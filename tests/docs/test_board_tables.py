"""The tables of published boards in the docs are the ones that their script prints."""

import importlib.util
import re
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
MARK = re.compile(
    r"<!-- printed by: python docs/measurements/board\.py (\S+) (\S+) -->\n((?:\|.*\n)+)"
)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def tables():
    for page in PAGES:
        for file, name, text in MARK.findall(page.read_text(encoding="utf-8")):
            yield pytest.param(file, name, text, id=f"{page.relative_to(ROOT)}-{name}")


@pytest.fixture(scope="module")
def board():
    path = ROOT / "docs" / "measurements" / "board.py"
    spec = importlib.util.spec_from_file_location("measurements_board", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("file", "name", "text"), list(tables()))
def test_a_table_is_that_of_the_published_board(board, file, name, text):
    table = pd.read_csv(ROOT / file, keep_default_na=False, na_values=[""])
    assert text.splitlines() == list(board.lines(table, name))


def test_every_kind_of_table_is_in_the_docs(board):
    assert {parameters.values[1] for parameters in tables()} == set(board.COLUMNS)
