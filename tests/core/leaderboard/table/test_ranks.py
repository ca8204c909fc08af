from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import binomtest, ttest_rel

from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import arrange
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.table.ranks import (
    level_of_ties,
    pareto_front,
    rank,
    standings,
    tie_groups,
)

HIGHER = Column("m", "", "higher", "higher is better")
LOWER = Column("m", "", "lower", "lower is better")


def make_row(value: float | None = None, items=None, name: str = "x", **values: float) -> Row:
    if items is not None:
        items = np.asarray(items, dtype=np.float64)
        value = float(items.mean())
    cells = {"method": name, "seed": 0, "n": 1, "status": "ok", "baseline": False}
    return Row(
        {**cells, "fingerprint": "f", "m": value, **values},
        {} if items is None else {"m": items},
    )


def names(rows: list[Row], indices) -> list[str]:
    return [str(rows[index].axes["method"]) for index in indices]


def test_rank_follows_the_direction_of_the_column() -> None:
    rows = [make_row(0.2), make_row(0.9), make_row(0.5)]
    assert rank(rows, range(3), HIGHER) == [1, 2, 0]
    assert rank(rows, range(3), LOWER) == [0, 2, 1]


def test_equal_numbers_are_ordered_by_the_axes_whatever_came_first() -> None:
    rows = [make_row(0.5, name=name) for name in "abc"]
    for order in permutations(rows):
        assert names(list(order), rank(order, range(3), HIGHER)) == ["a", "b", "c"]


def test_a_row_without_the_number_has_no_rank() -> None:
    assert rank([make_row(None), make_row(0.1)], range(2), HIGHER) == [1]


def test_rows_that_do_not_differ_significantly_share_a_group() -> None:
    best = np.r_[np.ones(90), np.zeros(10)]
    near = np.r_[np.ones(88), np.zeros(2), np.ones(1), np.zeros(9)]
    far = np.r_[np.ones(30), np.zeros(70)]
    worst = np.zeros(100)
    rows = [make_row(items=items) for items in (best, near, far, worst)]
    assert tie_groups(rows, [0, 1, 2, 3], "m") == {0: 1, 1: 1, 2: 2, 3: 3}


def test_a_group_may_skip_a_row_that_is_certainly_worse_than_its_leader() -> None:
    leader = np.r_[np.ones(150), np.zeros(50)]
    worse = leader.copy()
    worse[:8] = 0  # fails on 8 more images and gains none: p = 0.008
    tied = leader.copy()
    tied[:30], tied[150:168] = 0, 1  # loses 30, gains 18: p = 0.11
    rows = [make_row(items=items) for items in (leader, worse, tied)]
    assert rank(rows, range(3), HIGHER) == [0, 1, 2]
    assert tie_groups(rows, [0, 1, 2], "m") == {0: 1, 1: 2, 2: 1}


def test_all_pairs_count_unless_the_best_beats_every_other_row() -> None:
    leader = np.r_[np.ones(99), 0]
    below = np.r_[np.zeros(9), np.ones(91)]  # p = 0.021: below 0.05, not below 0.05 over 3 pairs
    near = np.r_[np.ones(98), np.zeros(2)]
    beaten = [make_row(items=items) for items in (leader, below, below)]
    assert tie_groups(beaten, [0, 1, 2], "m") == {0: 1, 1: 2, 2: 2}
    with_a_near_one = [make_row(items=items) for items in (leader, near, below)]
    assert tie_groups(with_a_near_one, [0, 1, 2], "m") == {0: 1, 1: 1, 2: 1}


def test_the_groups_of_several_rows_share_the_five_percent() -> None:
    assert sum(level_of_ties(ties) for ties in range(1, 10**5)) == pytest.approx(0.05, rel=1e-4)
    leader = np.r_[np.ones(99), 0]
    below = np.r_[np.zeros(8), np.ones(91), 0]  # p = 0.0078, between the second level and the first
    far, farther = np.r_[np.ones(40), np.zeros(60)], np.r_[np.zeros(8), np.ones(32), np.zeros(60)]
    alone = [make_row(items=items) for items in (leader, below)]
    assert tie_groups(alone, [0, 1], "m") == {0: 1, 1: 2}
    tied_above = [make_row(items=items) for items in (leader, leader, far, farther)]
    assert tie_groups(tied_above, [0, 1, 2, 3], "m") == {0: 1, 1: 1, 2: 2, 3: 2}


def test_a_row_without_per_image_statistics_has_no_group() -> None:
    rows = [make_row(items=np.ones(50)), make_row(0.5), make_row(items=np.zeros(50))]
    assert tie_groups(rows, [0, 1, 2], "m") == {0: 1, 2: 2}


def test_shares_are_kept_in_a_byte_an_image(bench) -> None:
    bench.add("ddib", np.array([0.0, 1.0] * 20))
    bench.add("other", np.array([0.0, 0.5] * 20))
    shares, means = (row.items["success"] for row in bench.rows("success"))
    assert shares.tolist() == [False, True] * 20
    assert means.tolist() == [0.0, 0.5] * 20


def independent_p(first: np.ndarray, second: np.ndarray) -> float:
    if set(np.unique([first, second])) <= {0.0, 1.0}:
        gained, lost = int((first > second).sum()), int((first < second).sum())
        return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0
    return float(ttest_rel(first, second).pvalue)


def different(p_values: list[float], level: float) -> list[bool]:
    """Which rows differ from the best at a level: Hochberg over all pairs of those left."""
    order = np.argsort(p_values, kind="stable")
    held = [p_values[i] * math.comb(len(p_values) - s + 1, 2) < level for s, i in enumerate(order)]
    last = max((step for step, small in enumerate(held) if small), default=-1)
    rejected = set(order[: last + 1])
    return [index in rejected for index in range(len(p_values))]


@pytest.mark.parametrize("kind", ["shares", "means"])
@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1))
def test_groups_are_those_of_the_definition(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    quality = rng.uniform(0.2, 0.9, size=(9, 1))
    noise = rng.random((1, 80)) * 0.7 + rng.random((9, 80)) * 0.3
    items = (noise < quality).astype(float) if kind == "shares" else quality - noise
    rows = [make_row(items=row, name=f"{i}") for i, row in enumerate(items)]
    waiting = rank(rows, range(9), HIGHER)
    expected: dict[int, int] = {}
    ties = 1
    for group in range(1, 10):
        if not waiting:
            break
        leader, *others = waiting
        level = 0.05 / (math.pi**2 / 6 * ties**2)
        apart = different([independent_p(items[leader], items[o]) for o in others], level)
        ties += not all(apart)
        expected[leader] = group
        expected |= {o: group for o, out in zip(others, apart, strict=True) if not out}
        waiting = [o for o, out in zip(others, apart, strict=True) if out]
    assert tie_groups(rows, rank(rows, range(9), HIGHER), "m") == expected


FRONT = (Column("a", "", "lower", ""), Column("b", "", "higher", ""))


def test_pareto_marks_what_no_other_row_dominates() -> None:
    points = [(1, 1), (2, 2), (2, 1), (3, 3), (3, 3), (4, 3)]
    rows = [make_row(0.5, a=a, b=b) for a, b in points]
    assert pareto_front(rows, range(len(rows)), FRONT) == {0, 1, 3, 4}


def test_a_row_that_lacks_a_number_is_not_pareto() -> None:
    rows = [make_row(0.5, a=1.0), make_row(0.5, a=5.0, b=1.0)]
    assert pareto_front(rows, range(2), FRONT) == {1}


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_pareto_is_the_definition(points: list[tuple[int, int]]) -> None:
    rows = [make_row(0.5, a=float(a), b=float(b)) for a, b in points]
    expected = {
        i
        for i, (a, b) in enumerate(points)
        if not any(c <= a and d >= b and (c, d) != (a, b) for c, d in points)
    }
    assert pareto_front(rows, range(len(rows)), FRONT) == expected


def test_only_rows_of_equal_images_and_meaning_are_compared(bench) -> None:
    bench.add("ddib", np.ones(40), seed=0)
    bench.add("ddib", np.zeros(40), seed=1, fid=99.0)
    bench.add("other", np.zeros(40), fid=99.0, fingerprint={"n": 40, "resize": True})
    bench.add("other", np.zeros(30), n=30, fid=99.0)
    rows = bench.rows("success")
    found = standings(rows, bench.task, arrange(bench.task, bench.columns))
    assert [(s.rank, s.tie_group, s.pareto) for s in found] == [(1, 1, True)] * 4


def test_baselines_and_rows_without_results_stand_outside(bench) -> None:
    bench.add("recolor", np.ones(40), baseline=True, fid=0.0, color_deg=0.0, accuracy=1.0)
    bench.add("ddib", np.ones(40), status="failed", reason="boom")
    bench.add("ddib", np.zeros(40), transform="normalize")
    rows = bench.rows("success")
    outside, failed, ranked = standings(rows, bench.task, arrange(bench.task, bench.columns))
    assert outside == failed
    assert (outside.rank, outside.tie_group, outside.pareto) == (None, None, None)
    assert (ranked.rank, ranked.tie_group, ranked.pareto) == (1, 1, True)


def test_hundreds_of_rows_of_thousands_of_images(benchmark) -> None:
    rng = np.random.default_rng(0)
    shares = np.linspace(0.1, 0.9, 250)[:, None]
    hard = rng.random((1, 2000)) * 0.5 + rng.random((250, 2000)) * 0.5
    rows = [make_row(items=row) for row in (hard < shares).astype(float)]
    order = rank(rows, range(250), HIGHER)
    groups = benchmark(tie_groups, rows, order, "m")
    assert len(groups) == 250
    assert max(groups.values()) > 10
