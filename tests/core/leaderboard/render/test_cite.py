from __future__ import annotations

import re
from pathlib import Path

from bridgebench.leaderboard.render.cite import citations
from bridgebench.plugins.registry import Kind, load_registry

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


def test_the_solvers_that_rows_used_are_cited_too(bench) -> None:
    bench.add("ddib", 0.5, solver="heun")
    bench.add("ddib", 0.4, solver="dpm:variant=2s")
    bench.add("ddib_single", 0.3, solver="bdia")
    bench.add("identity", 0.0, baseline=True)
    bench.add("ddib", 0.2, solver="mine")
    text = citations([bench.board()], load_registry())
    blocks = {block.splitlines()[0]: block for block in text.split("\n\n")}
    assert "Elucidating the Design Space" in blocks["% solver heun"]
    assert "DPM-Solver++" in blocks["% solver dpm"]
    assert "Bi-directional Integration Approximation" in blocks["% solver bdia"]
    assert "% solver mine: not installed here" in text
    assert "solver euler" not in text


def test_every_solver_that_comes_with_the_package_has_an_entry() -> None:
    registry = load_registry()
    own = [
        name
        for name in registry.names(Kind.SOLVER)
        if registry.entry(Kind.SOLVER, name).source.distribution == "bridgebench"
    ]
    entries = {name: vars(registry.load(Kind.SOLVER, name))["citation"] for name in own}
    assert len(entries) == 6
    assert entries["ancestral"] == entries["euler"], "two samplers of one paper"
    assert len(set(entries.values())) == 5
    for entry in entries.values():
        assert re.fullmatch(r"@\w+\{[a-z0-9]+,\n(  (\w+ +=|  +).*\n)+\}\n", entry)
        assert all(f"  {field} " in entry for field in ("title", "author", "year"))


def test_a_solver_without_a_citation_is_said(bench, monkeypatch) -> None:
    registry = load_registry()
    monkeypatch.setattr(registry.load(Kind.SOLVER, "dpm"), "citation", "")
    bench.add("ddib", 0.5)
    assert citations([bench.board()], registry).endswith("\n\n% solver dpm: names no citation")


def test_the_command_prints_bibtex_and_nothing_else(place: Path, call, refusal) -> None:
    result = call("show", "board.csv", "--cite", "task=small.yaml")
    assert result.exit_code == 0, result.output
    assert all(line.startswith("%") for line in result.stdout.splitlines()), "none is installed"
    assert "no words" in refusal("show", "board.csv", "--cite", "top=3")
