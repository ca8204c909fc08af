import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from scipy import stats

from bridgebench import InvalidOption
from bridgebench.toolkit.statistics.paired import (
    hochberg_with_best,
    holm,
    mcnemar,
    paired_t,
    student_quantile,
    t_ps,
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 20))
def test_mcnemar_is_the_exact_binomial_test(gained: int, lost: int, agreed: int) -> None:
    first = torch.tensor([1] * gained + [0] * lost + [1] * agreed)
    second = torch.tensor([0] * gained + [1] * lost + [1] * agreed)
    expected = 1.0 if gained + lost == 0 else stats.binomtest(gained, gained + lost).pvalue
    assert mcnemar(first, second) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_mcnemar_refuses_what_is_not_a_share() -> None:
    with pytest.raises(InvalidOption, match="paired_t"):
        mcnemar([0.5, 1.0], [0.0, 1.0])


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 300), st.integers(0, 2**31))
def test_paired_t_agrees_with_scipy(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = rng.normal(size=n)
    second = first + rng.normal(0.1, 1.0, size=n)
    expected = stats.ttest_rel(first, second).pvalue
    assert paired_t(first, second) == pytest.approx(expected, abs=1e-11)


def test_many_t_tests_at_once_are_those_of_each() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=(6, 9))
    first[1, 2] = first[2, :8] = first[3] = math.nan
    second = rng.normal(size=9)
    first[4] = second
    first[5] = np.round(second, 2)
    differences = first - second
    differences[5] = 0.25
    expected = [paired_t(row, np.zeros(9)) for row in differences]
    assert t_ps(differences).tolist() == expected
    assert expected[2:] == [1.0, 1.0, 1.0, 0.0]
    assert expected[0] == pytest.approx(stats.ttest_rel(first[0], second).pvalue, abs=1e-12)


def test_paired_t_leaves_out_missing_values_of_either_row() -> None:
    first = [1.0, 2.0, math.nan, 4.0, 5.5]
    second = [0.5, math.nan, 3.0, 3.1, 5.0]
    expected = stats.ttest_rel([1.0, 4.0, 5.5], [0.5, 3.1, 5.0]).pvalue
    assert paired_t(first, second) == pytest.approx(expected, abs=1e-12)


def test_paired_t_of_equal_differences() -> None:
    assert paired_t([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) == 1.0
    assert paired_t([1.0, 2.0, 3.0], [0.0, 1.0, 2.0]) == 0.0
    assert paired_t([1.0], [0.0]) == 1.0
    assert paired_t([], []) == 1.0


def test_rows_of_different_images_cannot_be_compared() -> None:
    with pytest.raises(InvalidOption, match="share"):
        paired_t([1.0, 2.0], [1.0])
    with pytest.raises(InvalidOption, match="share"):
        mcnemar([1.0, 0.0], [1.0])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(0, 1), max_size=12), st.floats(0.001, 0.5))
def test_holm_rejects_what_the_step_down_procedure_rejects(
    p_values: list[float], level: float
) -> None:
    rejected = set()
    for rank, index in enumerate(np.argsort(p_values, kind="stable")):
        if p_values[index] * (len(p_values) - rank) > level:
            break
        rejected.add(int(index))
    adjusted = holm(p_values)
    assert {i for i, p in enumerate(adjusted) if p <= level} == rejected
    assert all(p <= a <= 1 for p, a in zip(p_values, adjusted, strict=True))


def test_holm_refuses_what_is_not_a_probability() -> None:
    with pytest.raises(InvalidOption):
        holm([0.1, math.nan])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.5))
def test_with_the_best_all_pairs_of_what_is_left_count(p_values: list[float], level: float) -> None:
    order = np.argsort(p_values, kind="stable").tolist()
    rejected: set[int] = set()
    for rows_left, index in enumerate(reversed(order), start=2):
        if p_values[index] * math.comb(rows_left, 2) <= level:
            rejected = set(order[: order.index(index) + 1])
            break
    assert {i for i, p in enumerate(hochberg_with_best(p_values)) if p <= level} == rejected


def best_told_apart(rng: np.random.Generator, loadings: np.ndarray, boards: int = 4000) -> float:
    """How often the best of equal normal rows, factors (boards, F) @ loadings.T, has no tie."""
    rows = rng.standard_normal((boards, loadings.shape[1])) @ loadings.T
    found = 0
    for row in rows:
        best = int(row.argmax())
        spread = np.linalg.norm(loadings[best] - np.delete(loadings, best, 0), axis=1)
        z = (row[best] - np.delete(row, best)) / spread
        found += min(hochberg_with_best((2 * stats.norm.sf(z)).tolist())) < 0.05
    return found / boards


@pytest.mark.parametrize(
    "loadings",
    [
        pytest.param(np.eye(2), id="two"),
        pytest.param(np.eye(3), id="three"),
        pytest.param(np.eye(60), id="sixty"),
        pytest.param(np.arange(6.0)[:, None], id="on one line"),
        pytest.param(np.vstack([np.eye(21), np.eye(20, 21) * 1e-6]), id="half of them noisy"),
    ],
)
def test_the_best_of_equal_rows_is_told_apart_once_in_twenty(loadings: np.ndarray) -> None:
    assert best_told_apart(np.random.default_rng(0), loadings) <= 0.05 + 3 * 0.0035


@pytest.mark.parametrize("degrees", [1, 2, 7, 127, 1999])
def test_student_quantile_agrees_with_scipy(degrees: int) -> None:
    assert student_quantile(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=1e-9)
