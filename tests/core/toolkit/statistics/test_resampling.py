"""The bootstrap of many images: the same draws, in memory that does not grow with them."""

import tracemalloc

import numpy as np
import pytest

from bridgebench.toolkit.statistics import intervals


def test_draws_in_parts_are_those_of_one_piece(monkeypatch):
    values = np.random.default_rng(0).normal(size=501)
    whole = intervals.bootstrap_mean(values, seed=1)
    monkeypatch.setattr(intervals, "MOST_PICKS", 5_000)
    assert intervals.bootstrap_mean(values, seed=1) == pytest.approx(whole, rel=1e-12)


def test_memory_does_not_grow_with_the_number_of_images():
    values = np.random.default_rng(0).normal(size=40_000)
    tracemalloc.start()
    intervals.bootstrap_mean(values, seed=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 8 * intervals.MOST_PICKS
