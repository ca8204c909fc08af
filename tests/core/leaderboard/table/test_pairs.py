from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_rel

from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.table.pairs import counts_of_one_alone, pair_count, pair_p_values


def make_rows(items) -> list[Row]:
    cells = {"task": "t", "protocol": "p", "seed": 3, "n": 50, "fingerprint": "f"}
    return [Row(cells, {} if values is None else {"m": np.asarray(values)}) for values in items]


@pytest.mark.parametrize("at_once", [1, 7, 10**6])
def test_counts_do_not_depend_on_how_many_are_taken_at_once(at_once: int) -> None:
    items = np.random.default_rng(0).random((5, 33)) < 0.6
    counts = counts_of_one_alone(list(items), at_once)
    assert counts.tolist() == [[int((a & ~b).sum()) for b in items] for a in items]


def test_p_values_are_those_of_each_pair() -> None:
    rng = np.random.default_rng(0)
    shares = rng.random((4, 40)) < np.array([0.2, 0.5, 0.6, 0.9])[:, None]
    p = pair_p_values(list(shares))
    means = rng.normal(size=(4, 40)) + np.arange(4)[:, None] / 4
    q = pair_p_values(list(means))
    for i, j in ((0, 1), (2, 1), (3, 0)):
        gained, lost = int((shares[i] & ~shares[j]).sum()), int((shares[j] & ~shares[i]).sum())
        assert p[i, j] == pytest.approx(binomtest(gained, gained + lost).pvalue, rel=1e-9)
        assert q[i, j] == pytest.approx(ttest_rel(means[i], means[j]).pvalue, abs=1e-12)
    assert (p == p.T).all()
    assert (q == q.T).all()


def test_all_pairs_are_counted_with_holm_over_all_of_them() -> None:
    ones, zeros = np.ones(50), np.zeros(50)
    near = np.r_[np.zeros(6), np.ones(44)]  # p = 0.031 against ones
    found = pair_count(make_rows([ones, near, zeros, zeros]), [0, 1, 2, 3], "m")
    assert found is not None
    assert (found.significant, found.pairs, found.share) == (4, 6, 4 / 6)
    assert found.section == ("t", "p", "f", 50, 3)
    alone = pair_count(make_rows([ones, near]), [0, 1], "m")
    assert alone is not None
    assert (alone.significant, alone.pairs) == (1, 1)


def test_rows_without_statistics_are_in_no_pair() -> None:
    rows = make_rows([np.ones(50), None, np.zeros(50)])
    found = pair_count(rows, [0, 1, 2], "m")
    assert found is not None
    assert found.pairs == 1
    assert pair_count(rows, [0, 1], "m") is None
