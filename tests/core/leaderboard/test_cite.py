from __future__ import annotations

from pathlib import Path

from bridgebench.leaderboard.cite import citations
from bridgebench.registry import load_registry

DDIB = "Dual Diffusion Implicit Bridges for Image-to-Image Translation"


def test_each_entry_stands_once_with_its_methods(bench) -> None:
    bench.add("ddib", 0.5)
    bench.add("ddib:start=noised", 0.4)
    bench.add("ddib_single", 0.3)
    bench.add("identity", 0.0, baseline=True)
    bench.add("mine", 0.2)
    text = citations([bench.board(), bench.board()], load_registry())
    assert text.count(DDIB) == 1
    assert text.startswith("% ddib (Apache-2.0), ddib_single (Apache-2.0)\n@inproceedings{")
    assert "% identity (Apache-2.0): names no citation" in text
    assert "% mine: not installed here" in text


def test_the_command_prints_bibtex_and_nothing_else(place: Path, call, refusal) -> None:
    result = call("show", "board.csv", "--cite", "task=small.yaml")
    assert result.exit_code == 0, result.output
    assert all(line.startswith("%") for line in result.stdout.splitlines()), "none is installed"
    assert "no words" in refusal("show", "board.csv", "--cite", "top=3")
