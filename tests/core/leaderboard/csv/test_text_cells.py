from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from bridgebench.leaderboard.csv.text_cells import (
    MAX_CELL,
    MAX_REASON,
    name_objection,
    objection,
    plain_reason,
)

PATHS = [
    "/home/ada/weights.safetensors",
    "~/weights.safetensors",
    "../weights.safetensors",
    "./weights.safetensors",
    "labels:weights=/home/ada/w.safetensors",
    "labels:weights=a/../../w.safetensors",
    '{"weights":"/home/ada/w.safetensors"}',
    "cannot read (/tmp/x): gone",
    "C:\\Users\\ada\\w.safetensors",
    "\\\\server\\share\\w",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-cmd", "@SUM(A1)", "=", "--"])
def test_a_formula_is_objected_to(text: str) -> None:
    assert "formula" in objection(text)


@pytest.mark.parametrize("text", PATHS)
def test_a_path_is_objected_to(text: str) -> None:
    assert "path" in objection(text)


@pytest.mark.parametrize(
    "text",
    ["a\nb", "a\rb", "a\tb", "\x1b[31mred", "a\x00", "a\u2028b", "a\u200bb", "\u202eab", "\ue000"],
)
def test_a_control_character_is_objected_to(text: str) -> None:
    assert "control character" in objection(text)


@pytest.mark.parametrize(
    "text", ["dd\u0456b", "ddib:\u0441=1", "ddib+bl\u03c5r", "\uff44dib", "ddib\u0301"]
)
def test_a_name_has_ascii_letters_alone(text: str) -> None:
    assert "in a name" in name_objection(text)


@pytest.mark.parametrize(
    "text", ["outputs:folder=Ausgänge", "outputs:folder=выход", "outputs:folder=出力_2"]
)
def test_a_folder_may_have_any_letters(text: str) -> None:
    assert name_objection(text) == ""


def test_a_word_of_two_scripts_is_no_name_of_a_folder() -> None:
    assert "mixes CYRILLIC and LATIN letters" in name_objection("outputs:folder=b\u0435st")


def test_a_cell_has_a_largest_size() -> None:
    assert objection("a" * MAX_CELL) == ""
    assert str(MAX_CELL) in objection("a" * (MAX_CELL + 1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "dpm:variant=2s",
        "normalize+scale:c=0.8",
        '{"labels/weights.safetensors":"00ff"}',
        '{"c":-0.5,"domain":"digit:7"}',
        "AMD EPYC, 2 threads",
        "2.6.0+cpu",
        "12.5 images/s",
        "a rotation and/or a blur",
    ],
)
def test_plain_words_are_not(text: str) -> None:
    assert objection(text) == ""


@pytest.mark.parametrize("text", PATHS)
def test_a_reason_keeps_the_name_of_a_file_and_not_its_place(text: str) -> None:
    shown = plain_reason(text)
    assert objection(shown) == ""
    assert "ada" not in shown
    assert "server" not in shown


def test_a_long_reason_is_cut() -> None:
    assert len(plain_reason("word " * 1000)) == MAX_REASON


@settings(deadline=None)
@given(st.text() | st.text(alphabet="=+-@/.~\\:C a\n\"'([{<"))
def test_whatever_went_wrong_can_be_shown(text: str) -> None:
    assert objection(plain_reason(text)) == ""
