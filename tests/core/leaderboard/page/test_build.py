"""What the page is built of: nothing hostile gets out of its place."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from bridgebench.leaderboard.page import build
from bridgebench.leaderboard.page.build import build_page
from bridgebench.leaderboard.page.payload import Shown

SCRIPTS = Path(build.__file__).with_name("script")


def data_of(page: str) -> Any:
    found = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found.group(1))


@pytest.mark.parametrize(
    "name",
    [
        "runs/b.csv",
        "a b.csv",
        "$(touch gone).csv",
        "'; rm x; '.csv",
        "`id`.csv",
        "-rows.csv",
        "a\nb.csv",
    ],
)
def test_the_command_to_copy_is_one_word_for_a_shell(full_bench, name: str) -> None:
    page = build_page([Shown(name, full_bench.board())])
    for row in data_of(page)["boards"][0]["rows"]:
        words = shlex.split(row["command"])
        assert words[:3] == ["bridgebench", "leaderboard", "verify"]
        assert words[3].removeprefix("./") == name.replace("\n", "\\n")
        assert not words[3].startswith("-")
        assert words[4:] == ["--rows", str(row["number"])]


def test_what_cannot_be_seen_in_a_name_is_shown_as_its_escape_sequence(full_bench) -> None:
    full_bench.add("ddib\u202egpj\u200b", 0.1, transform="x")
    (board,) = data_of(build_page([Shown("b\u2066.csv", full_bench.board())]))["boards"]
    methods = {row["axes"]["method"] for row in board["rows"]}
    assert r"ddib\u202egpj\u200b" in methods
    assert board["files"] == [r"b\u2066.csv"]


def test_no_script_reads_text_as_html() -> None:
    for path in SCRIPTS.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert way not in text, f"{path.name} uses {way}"
