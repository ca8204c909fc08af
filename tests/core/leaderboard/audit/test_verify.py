"""Computing rows again: the arithmetic on boards made by hand, the rest on a real run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bridgebench.api import run_choices
from bridgebench.cli import main
from bridgebench.errors import InvalidOption
from bridgebench.execute.records import Value
from bridgebench.leaderboard.audit.deviations import Deviation, deviations
from bridgebench.leaderboard.audit.verifications import Trust, read_verifications, trust_of
from bridgebench.leaderboard.audit.verify import Answer, Report, Verdict, chosen_rows
from bridgebench.leaderboard.csv.files import write_text
from bridgebench.leaderboard.csv.row import short_fingerprint
from bridgebench.leaderboard.table.board import Board
from bridgebench.plan.choices import choices_of
from bridgebench.plugins.registry import OFF_VARIABLE

from ..conftest import edited, forged


@pytest.mark.parametrize(
    ("published", "found", "tolerance", "same"),
    [
        (40.0, 40.9, 1.0, True),
        (40.0, 41.1, 1.0, False),
        (40.0, 40.0, 0.0, True),
        (40.0, 40.1, 0.0, False),
        (None, None, 0.0, True),
        (None, 1.0, 9.0, False),
        (1.0, None, 9.0, False),
    ],
)
def test_a_number_is_the_same_within_its_tolerance(published, found, tolerance, same) -> None:
    assert (Deviation("fid", published, found, tolerance).share <= 1) is same


def test_every_number_end_count_and_fact_is_compared(bench) -> None:
    record = bench.add("ddib", 0.5, fid=40.0)
    (row,), metrics = bench.board().rows, bench.board().metrics
    exact = deviations(row, row, metrics, same_device=True)
    ends = [f"{c.name}_{end}" for c in bench.columns if c.interval for end in ("low", "high")]
    assert {each.column for each in exact} == {
        *(column.name for column in bench.columns),
        *ends,
        *("nfe_encode", "nfe_decode", "nfe_total"),
        *("latent_std", "supervision", "baseline", "seconds"),
    }
    assert all(each.share == 0 for each in exact)
    bench.records[0] = record.model_copy(
        update={
            "values": {
                **record.values,
                "fid": Value(value=42.6, low=32.6, high=52.6),
                "fid_floor": Value(value=9.6),
            },
            "cost": {**record.cost, "nfe_total": 21},
            "facts": {**record.facts, "supervision": "labels"},
            "baseline": True,
        }
    )
    compared = deviations(row, bench.board().rows[0], metrics, same_device=True)
    assert [str(each) for each in compared if each.share > 1] == [
        "fid 42.6, published 40, tolerance 2.5",
        "fid_low 32.6, published 30, tolerance 2.5",
        "fid_high 52.6, published 50, tolerance 2.5",
        "fid_floor 9.6, published 9.5, tolerance 0.0096",
        "nfe_total 21, published 20, tolerance 0",
        "supervision labels, published unpaired, tolerance 0",
        "baseline true, published false, tolerance 0",
    ]


@pytest.mark.parametrize(
    ("published", "low", "high", "differing"),
    [
        (40.0, 30.0, 50.0, []),
        (41.0, 30.5, 51.0, []),
        (90.0, 0.0, 1000.0, ["fid", "fid_low", "fid_high"]),
        (40.0, 39.9, 40.1, ["fid_low", "fid_high"]),
        (40.0, None, None, ["fid_low", "fid_high"]),
    ],
)
def test_the_tolerance_is_that_of_the_recomputation(bench, published, low, high, differing) -> None:
    bench.add("ddib", 0.5, fid=40.0)
    board = bench.board()
    (row,) = edited(board, 0, fid=published, fid_low=low, fid_high=high).rows
    compared = deviations(row, board.rows[0], board.metrics, same_device=True)
    assert [each.column for each in compared if each.share > 1] == differing


@pytest.mark.parametrize(
    ("published", "here", "same"),
    [
        (40.0, 40.0, True),
        (4.1, 40.0, True),
        (3.9, 40.0, False),
        (390.0, 40.0, True),
        (410.0, 40.0, False),
        (0.01, 0.9, True),
        (None, 40.0, False),
    ],
)
def test_seconds_are_compared_within_a_factor_on_one_type_of_device(
    bench, published, here, same
) -> None:
    bench.add("ddib", cost={"seconds": here})
    board = bench.board()
    rows = edited(board, 0, seconds=published).rows[0], board.rows[0]
    (found,) = [d for d in deviations(*rows, board.metrics, True) if d.column == "seconds"]
    assert (found.share <= 1) is same
    others = deviations(*rows, board.metrics, same_device=False)
    assert "seconds" not in {each.column for each in others}


def test_rows_are_chosen_by_number_by_chance_or_all(full_bench) -> None:
    board = full_bench.board()
    assert chosen_rows(board, "", None) == [1, 2, 3, 4, 5, 6], "rows 7 and 8 have no numbers"
    assert chosen_rows(board, "2,4-6,2", None) == [2, 4, 5, 6]
    drawn = {tuple(chosen_rows(board, "", 2)) for _ in range(200)}
    assert len(drawn) > 5
    assert all(len(set(rows)) == 2 and set(rows) <= {1, 2, 3, 4, 5, 6} for rows in drawn)
    assert chosen_rows(board, "", 100) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("rows", ["0", "9", "1-99999999999", "-1", "a", "1,", "1-", "5-x"])
def test_a_row_that_is_not_there_is_an_error(full_bench, rows: str) -> None:
    with pytest.raises(InvalidOption, match="--rows"):
        chosen_rows(full_bench.board(), rows, None)


def test_no_sample_is_an_error(full_bench) -> None:
    with pytest.raises(InvalidOption, match="--sample 0"):
        chosen_rows(full_bench.board(), "", 0)


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ("reproduced rescored", 0),
        ("reproduced cannot", 2),
        ("reproduced differs", 1),
        ("cannot differs", 1),
    ],
)
def test_the_exit_status_is_that_of_the_worst(full_bench, verdicts: str, status: int) -> None:
    row: Any = None
    answers = [Answer(1, row, Verdict(word)) for word in verdicts.split()]
    assert Report(tuple(answers), ()).exit_status == status


# A board of a real run: row 1 is ddib, row 2 identity.
@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Board:
    words = {
        "task": "world",
        "method": "ddib,identity",
        "solver": "euler",
        "transform": "scale:c=0.8",
        "metric": "saturation",
        "n": 4,
        "batch": 2,
        "seed": 3,
        "out": tmp_path_factory.mktemp("real") / "out",
    }
    return run_choices(choices_of(words)).board


@pytest.fixture
def written(real: Board, tmp_path: Path, monkeypatch) -> Callable[..., None]:
    """Writes board.csv with some cells of a row changed, as somebody who means to deceive does."""
    monkeypatch.chdir(tmp_path)

    def write(row: int | None = None, **cells: Any) -> None:
        board = real if row is None else forged(real, row, **cells)
        write_text(board.csv, Path("board.csv"))

    return write


def verify(*words: str) -> Result:
    return CliRunner().invoke(main, ["leaderboard", "verify", "board.csv", *words])


def test_an_honest_board_is_reproduced_and_kept_by_name(real: Board, written) -> None:
    written()
    result = verify("by=ada")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("row 1: reproduced: ddib euler scale:c=0.8 (seed 3): ")
    assert lines[1].startswith("row 2: reproduced: identity (seed 3): ")
    known = read_verifications(Path("board.csv"))
    assert {one.by for one in known} == {"ada"}
    assert [trust_of(row, known) for row in real.table["row_sha256"]] == [Trust.VERIFIED] * 2


def test_a_better_number_differs_with_the_figures(written) -> None:
    written(0, fid=1e-6, fid_low=0.0, fid_high=2e-6)
    result = verify("--rows", "1")
    assert result.exit_code == 1
    assert result.stdout.startswith("row 1: differs: ddib")
    assert "fid_high" in result.stdout
    assert "published 1e-06, tolerance " in result.stdout
    assert not Path("verifications.json").exists(), "nobody gave a name"


@pytest.mark.parametrize(
    ("forged", "said"),
    [
        ({"fid": 1e-6, "fid_low": 0.0, "fid_high": 1000.0}, "fid "),
        ({"transport_low": 0.0, "transport_high": 1000.0}, "transport_low 0."),
        ({"seconds": 4000.0, "images_per_s": 0.001}, "seconds "),
        ({"seconds": None, "images_per_s": None}, "seconds "),
        ({"supervision": "none"}, "supervision labels, published none"),
        ({"latent_std": 1.0}, "latent_std "),
    ],
)
def test_a_forged_row_passes_validate_and_differs(written, call, forged, said: str) -> None:
    written(0, **forged)
    assert call("validate", "board.csv").exit_code == 0
    result = verify("--rows", "1")
    assert result.exit_code == 1, result.output
    assert "row 1: differs: ddib" in result.stdout
    assert said in result.stdout


def test_a_report_says_what_was_not_verified(written) -> None:
    written()
    lines = verify("--rows", "2").stdout.splitlines()
    assert lines[1:] == [
        "not verified: tie groups of seed 3: only 0 of its 1 ranked rows were computed",
        "not verified: peak_memory_mb of all rows",
    ]


def other_source(real: Board, package: str, **changes: str) -> str:
    plugins = json.loads(real.table["plugins"].iloc[0])
    plugins[package] = {**plugins.get(package, {}), **changes}
    return json.dumps(plugins, sort_keys=True, separators=(",", ":"))


def test_other_sources_are_listed_and_the_row_is_computed(real: Board, written) -> None:
    written(0, plugins=other_source(real, "bridgebench_world", sha256="0" * 64))
    result = verify("--rows", "1", "by=ada")
    assert result.exit_code == 0, result.output
    first, second, *_ = result.stdout.splitlines()
    assert first.startswith("row 1: reproduced: ddib")
    assert second.startswith("    other source: bridgebench_world: sha256 is ")
    assert second.endswith(f"here, {'0' * 64} in the row")
    assert [one.sources for one in read_verifications(Path("board.csv"))] == ["any"]


def test_a_package_that_is_not_installed_is_listed(real: Board, written) -> None:
    plugins = other_source(
        real, "a_stranger", distribution="bridgebench-stranger", version="2.1", sha256="0" * 64
    )
    written(0, plugins=plugins)
    result = verify()
    assert result.exit_code == 0, result.output
    assert "a_stranger of bridgebench-stranger 2.1 is not installed" in result.stdout
    assert "row 2: reproduced" in result.stdout


def test_a_package_that_no_plugin_brings_is_not_imported(real: Board, written, tmp_path) -> None:
    (tmp_path / "intruder.py").write_text("open('intruded', 'w')", encoding="utf-8")
    written(
        0, plugins=other_source(real, "intruder", distribution="x", version="1", sha256="0" * 64)
    )
    assert verify("--rows", "1").exit_code == 0
    assert not (tmp_path / "intruded").exists()


@pytest.mark.parametrize(
    ("column", "value", "missing"),
    [
        ("weights", json.dumps({"labels/w.safetensors": "0f" * 32}), "weights of the row"),
        ("batch", 3, ""),
        ("precision", "fp16", "precision=fp16"),
    ],
)
def test_what_is_not_here_is_named(written, column: str, value: Any, missing: str) -> None:
    written(0, **{column: value})
    result = verify("--rows", "1")
    if missing:
        assert result.exit_code == 2
        assert missing in result.stdout
    else:
        assert result.exit_code == 0, "how the images were batched changes no number"


def test_a_method_that_is_not_installed_is_named(written) -> None:
    written(0, method="gone", options='{"method":{"name":"gone"}}')
    result = verify("--rows", "1")
    assert result.exit_code == 2
    assert "unknown method 'gone'" in result.stdout


def test_an_option_that_a_plugin_no_longer_has_is_named(real: Board, written) -> None:
    options = json.loads(real.table["options"].iloc[0])
    options["method"]["speed"] = 9
    written(0, options=json.dumps(options, sort_keys=True, separators=(",", ":")))
    result = verify("--rows", "1")
    assert result.exit_code == 2
    assert "method 'ddib' does not take the row's options: unknown key 'speed'" in result.stdout


def test_another_reference_is_another_meaning(real: Board, written) -> None:
    parts = json.loads(real.table["fingerprint_parts"].iloc[0])
    parts["target"]["seed"] = 7
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    board = real
    for number in range(2):
        own = {"fingerprint_parts": text, "fingerprint": short_fingerprint(parts)}
        board = forged(board, number, **own)
    write_text(board.csv, Path("board.csv"))
    result = verify("--rows", "1")
    assert result.exit_code == 2
    assert "differ in target.seed: 7 and 0" in result.stdout


def test_another_version_of_a_library_is_listed_and_the_row_is_computed(real, written) -> None:
    parts = json.loads(real.table["fingerprint_parts"].iloc[0])
    parts["metrics"]["fid"]["libraries"] = {"abacus": "1.0"}
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    board = real
    for number in range(2):
        own = {"fingerprint_parts": text, "fingerprint": short_fingerprint(parts)}
        board = forged(board, number, **own)
    write_text(board.csv, Path("board.csv"))
    result = verify("--rows", "1")
    assert result.exit_code == 0, result.output
    assert "other source: metric fid: abacus is None here, 1.0 in the row" in result.stdout


def test_another_text_of_the_task_is_listed(real: Board, written) -> None:
    assert "task file" in json.loads(real.table["plugins"].iloc[0])
    written(0, plugins=other_source(real, "task file", sha256="0" * 64))
    result = verify("--rows", "1")
    assert result.exit_code == 0
    assert "other source: task file: sha256 is" in result.stdout


def test_a_row_that_names_no_text_of_its_task_is_computed_all_the_same(real, written) -> None:
    plugins = json.loads(real.table["plugins"].iloc[1])
    del plugins["task file"]
    written(1, plugins=json.dumps(plugins, sort_keys=True, separators=(",", ":")))
    assert verify("--rows", "2").exit_code == 0


def test_within_the_limit_a_row_is_reproduced_and_past_it_it_cannot_be(real, written) -> None:
    options = json.loads(real.table["options"].iloc[1])
    options["method"] = {"name": "hanging"}
    written(1, method="hanging", options=json.dumps(options, sort_keys=True, separators=(",", ":")))
    result = verify("--limit", "20")
    assert result.exit_code == 2, result.output
    first, second, *_ = result.stdout.splitlines()
    assert first.startswith("row 1: reproduced: ddib")
    assert "cannot" in second
    assert "took longer than the limit of 20 s" in second


def test_a_blocked_plugin_is_missing(written, monkeypatch) -> None:
    written()
    monkeypatch.setenv(OFF_VARIABLE, "ddib")
    result = verify("--rows", "1")
    assert result.exit_code == 2
    assert "row 1: cannot: ddib euler scale:c=0.8 (seed 3): unknown method 'ddib'" in result.stdout
    assert "other source: bridgebench_ddib of bridgebench 0.1.0 is not installed" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--rows", "1", "--sample", "1"), "exclude each other"),
        (("--rows", "7"), "rows 1 to 2"),
        (("weights_path=nowhere",), "weights_path=nowhere is not a folder"),
        (("--limit", "0"), "--limit 0 must be a number of seconds above 0"),
        (("--limit", "inf"), "--limit inf must be"),
        (("by==cmd",), "formula"),
        (("device=abacus",), "device=abacus"),
        (("colour=red",), "unknown word of verify 'colour'"),
    ],
)
def test_a_wrong_command_computes_nothing(written, words, message: str) -> None:
    written()
    result = verify(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_chance_value_is_as_certain_as_the_number_that_it_belongs_to(bench) -> None:
    bench.columns = tuple(
        replace(column, chance=column.name == "success") for column in bench.columns
    )
    record = bench.add("ddib", 0.5)
    bench.records[0] = record.model_copy(
        update={"values": {**record.values, "success_chance": Value(value=0.08)}}
    )
    (row,), metrics = bench.board().rows, bench.board().metrics
    found = {each.column: each for each in deviations(row, row, metrics, True)}
    assert found["success_chance"].found == 0.08
    assert found["success_chance"].tolerance == found["success"].tolerance == 0.25 * 0.125
