from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from rich.console import Console

from bridgebench.errors import InvalidOption, UnknownName
from bridgebench.execute.records import Value
from bridgebench.leaderboard.render.show import View, print_board, with_half_width
from bridgebench.leaderboard.table.board import Board


def shown(board: Board, view: View | None = None, **console: object) -> str:
    stream = io.StringIO()
    print_board(board, Console(file=stream, **console), view)
    return stream.getvalue()


def cells(text: str, method: str) -> list[list[str]]:
    """The words of each table line that has the method."""
    rows = (line.split() for line in text.splitlines() if "±" in line)
    return [words for words in rows if method in words]


def test_ranked_rows_with_intervals_then_the_baselines(full_bench) -> None:
    text = shown(full_bench.board())
    title = text.splitlines()[0]
    assert title.startswith("small quick: n = 40, seed 0, ranked by success (higher is better)")
    shared = ", target_score labels, nfe 10, supervision unpaired"
    assert title.endswith(shared), "what all rows share stands above"
    first, worst, unranked = cells(text, "ddib")
    assert first == [
        *("1", "ddib", "dpm", "identity"),
        *("0.75", "±0.19", "40", "±10", "20.0", "±5.0", "0.90", "±0.22", "1", "*"),
    ]
    assert worst[0] == "3"
    assert worst[-1] == "2", "tie group 2, no Pareto mark"
    assert unranked[0] == "ddib", "a row without the ranked number has no rank"
    (identity,) = cells(text, "identity")[-1:]
    assert identity[:5] == ["identity", "-", "-", "0", "±0"]
    assert text.index("euler") < text.index("recolor")


def test_what_a_terminal_would_obey_or_hide_is_escaped(full_bench) -> None:
    full_bench.add("ddib\u202egpj\u200b", 0.6, reason="\u2066")
    text = shown(full_bench.board())
    assert r"ddib\u202egpj\u200b" in text
    assert all(line.isprintable() for line in text.splitlines())


def test_it_says_how_many_of_all_pairs_differ(full_bench) -> None:
    text = shown(full_bench.board())
    assert "2 of all 3 pairs of ranked rows (67 %) differ significantly in success" in text
    assert "The 3 ranked rows form 2 tie groups" in text


def test_without_per_image_statistics_it_counts_tie_groups_alone(full_bench) -> None:
    text = shown(replace(full_bench.board(), pairs=()))
    assert "pairs" not in text
    assert "The 3 ranked rows form 2 tie groups" in text


def test_the_floor_of_a_distance_is_printed_beside_it(full_bench) -> None:
    assert "Real images at the same n have a fid of 9.5." in shown(full_bench.board())


def test_rows_without_results_are_counted_with_a_reason(full_bench) -> None:
    text = shown(full_bench.board())
    assert "1 failed, such as ddib dpm blur_latent: boom at x.py" in text
    assert "1 skipped, such as ddib dpm rotate_latent: impossible here" in text


def test_warnings_are_printed(bench) -> None:
    bench.add("identity", 0.0, color_deg=3.0, baseline=True)
    text = shown(bench.board())
    assert "Warning: identity (seed 0) has color_deg 3, expected at most 0.01." in text


def test_a_pipe_gets_plain_text_and_nothing_is_cut(bench) -> None:
    long = "+".join(f"scale:c=0.{digit}" for digit in range(1, 10))
    bench.add("ddib:start=noised:clip=true", 0.5, transform=long)
    text = shown(bench.board(), width=40)
    assert long in text
    assert "ddib:start=noised:clip=true" in text
    assert "\x1b" not in text
    assert "…" not in text


@pytest.mark.parametrize("width", [100, 20])
def test_a_narrow_terminal_folds_specs_and_cuts_nothing(bench, width: int) -> None:
    long = "+".join(f"scale:c=0.{digit}" for digit in range(1, 10))
    bench.add("ddib", 0.5, transform=long)
    text = shown(bench.board(), width=width, force_terminal=True, color_system=None)
    lines = text.splitlines()
    head = next(index for index, line in enumerate(lines) if "transform" in line)
    left = lines[head].index("transform")
    body = lines[head + 2 : next(i for i in range(head, len(lines)) if not lines[i].strip())]
    assert len(body) > 1
    assert "".join(line[left:].split()[0] for line in body) == long
    (row,) = cells(text, "ddib")
    assert row[-9:-1] == ["0.50", "±0.12", "50", "±12", "20.0", "±5.0", "0.90", "±0.22"]
    assert all(len(line) <= max(width, 90) for line in body)
    assert "…" not in text


def test_only_the_top_rows_are_shown_and_all_baselines(bench) -> None:
    for index in range(30):
        bench.add("ddib", index / 30, transform=f"scale:c={index}")
    bench.add("identity", 0.0, baseline=True)
    text = shown(bench.board(), View(top=4))
    assert [words[0] for words in cells(text, "ddib")] == ["1", "2", "3", "4"]
    assert len(cells(text, "identity")) == 1
    assert "4 of 30 competing rows are shown." in text


def test_filters_keep_the_ranks_of_the_board(full_bench) -> None:
    text = shown(full_bench.board(), View(only={"solver": ["heun"]}))
    assert [words[:2] for words in cells(text, "ddib")] == [["3", "ddib"]]
    assert cells(text, "recolor") == []


def test_a_filter_takes_a_plugin_with_any_options_or_one_spec(full_bench) -> None:
    board = full_bench.board()
    any_options = shown(board, View(only={"method": ["ddib"]}))
    assert len(cells(any_options, "ddib:start=noised")) == 1
    one = shown(board, View(only={"method": ["ddib:start=noised"]}))
    assert cells(one, "ddib") == []
    assert len(cells(one, "ddib:start=noised")) == 1
    scaled = shown(board, View(only={"transform": ["scale"], "nfe": ["10"]}))
    assert len(cells(scaled, "ddib")) == 1


@pytest.mark.parametrize(
    ("column", "solvers"),
    [("fid", ["dpm", "euler", "dpm", "heun"]), ("accuracy", ["dpm", "dpm", "heun", "euler"])],
)
def test_rows_can_be_sorted_by_a_metric_best_first(full_bench, column: str, solvers) -> None:
    text = shown(full_bench.board(), View(sort=column))
    rows = [line.split() for line in text.splitlines() if "±" in line][:4]
    assert [next(word for word in row if word in {*solvers}) for row in rows] == solvers
    assert any(word == "ddib:start=noised" for word in rows[0]) == (column == "accuracy")


@pytest.mark.parametrize(
    ("view", "error"),
    [
        (View(sort="fied"), UnknownName),
        (View(top=0), InvalidOption),
        (View(only={"sovler": ["dpm"]}), UnknownName),
        (View(only={"supervision": ["divine"]}), UnknownName),
    ],
)
def test_a_view_that_does_not_fit_is_an_error(full_bench, view: View, error) -> None:
    with pytest.raises(error):
        shown(full_bench.board(), view)


def test_markup_in_a_cell_is_shown_as_it_stands(bench) -> None:
    bench.add("ddib", 0.5, transform="[bold]x[/bold]")
    assert "[bold]x[/bold]" in shown(bench.board())


def test_each_seed_has_a_table(bench) -> None:
    for seed in (0, 1):
        bench.add("ddib", np.ones(40), seed=seed)
    text = shown(bench.board())
    assert "seed 0" in text
    assert "seed 1" in text
    assert [words[0] for words in cells(text, "ddib")][:2] == ["1", "1"]


def test_several_seeds_have_means_with_both_sources_of_error(bench) -> None:
    for seed, share in enumerate((0.2, 0.5, 0.8)):
        bench.add("ddib", share, seed=seed)
    bench.add("alone", 0.5)
    text = shown(bench.board())
    below = text.partition("Means over seeds")[2]
    assert "images and seeds" in below
    assert "ddib" in below
    assert "alone" not in below
    half = scipy.stats.t.ppf(0.975, 2) * 0.3 / np.sqrt(3)
    assert f"0.5 [{max(0.0, 0.5 - half):.3g}, {min(1.0, 0.5 + half):.3g}]" in below


def test_rows_of_other_fingerprints_have_no_mean(bench) -> None:
    bench.add("ddib", 0.5, seed=0)
    bench.add("ddib", 0.5, seed=1, fingerprint={"n": 41})
    assert "Means over seeds" not in shown(bench.board())


def test_rows_that_mean_different_things_are_apart_and_it_says_in_what(bench) -> None:
    features = [{"metrics": {"fid": {"features": name}}} for name in ("digits", "inception")]
    for solver, parts in zip(("dpm", "heun"), features, strict=True):
        bench.add("ddib", 0.5, solver=solver, fingerprint=parts)
    text = shown(bench.board())
    assert [words[0] for words in cells(text, "ddib")] == ["1", "1"]
    assert "not ranked together" in text
    assert 'they differ in metrics.fid.features: "digits" and "inception".' in text


def test_an_empty_board_prints_nothing(bench) -> None:
    assert shown(bench.board()) == ""


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [
        (0.65234, 0.0412, "0.652 ±0.041"),
        (0.65234, 0.4, "0.65 ±0.40"),
        (108.37, 12.6, "108 ±13"),
        (2357.0, 120.0, "2357 ±120"),
        (1e-9, 3e-12, "0.000000 ±0.000000"),
        (20.0, 0.0, "20 ±0"),
    ],
)
def test_digits_follow_the_interval(value: float, half: float, text: str) -> None:
    assert with_half_width(value, half) == text


def test_rows_can_be_kept_by_what_their_method_was_given(bench) -> None:
    bench.add("ddib", 0.5)
    bench.add("cheat", 0.9, facts={"supervision": "attribute"})
    board = bench.board()
    head = next(line for line in shown(board).splitlines() if "method" in line)
    assert "supervision" in head.split(), "a column where rows differ in it"
    kept = shown(board, View(only={"supervision": ["none", "unpaired"]}))
    assert cells(kept, "cheat") == []
    assert [words[0] for words in cells(kept, "ddib")] == ["2"]


def test_a_wide_table_has_every_metric_and_its_chance_value_beside_it(bench) -> None:
    bench.columns = tuple(
        replace(column, chance=column.name == "success") for column in bench.columns
    )
    record = bench.add("ddib", 0.5)
    bench.records[0] = record.model_copy(
        update={"values": {**record.values, "success_chance": Value(value=0.0625)}}
    )
    board = bench.board()
    assert "0.0625" not in shown(board)
    wide = shown(board, View(wide=True))
    head = next(line.split() for line in wide.splitlines() if "method" in line)
    assert head[head.index("success") + 1] == "success_chance"
    assert "fid_floor" in head
    (row,) = cells(wide, "ddib")
    assert row[row.index("0.50") + 2] == "0.0625"
