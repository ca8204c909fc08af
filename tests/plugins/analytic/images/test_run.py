"""Runs of the tasks with an exact answer: orders, and what is wrong on purpose."""

import pytest

from bridgebench import InvalidOption, Observed
from bridgebench.api import run_choices
from bridgebench.plan.choices import choices_of
from bridgebench_analytic.images.dataset import AnalyticImages
from bridgebench_analytic.images.map_error import MapError
from bridgebench_analytic.images.pairs import Pair, exact_pair
from bridgebench_analytic.images.w2 import W2


class Bench:
    """A context of seed 0 that remembers."""

    seed = 0

    def __init__(self):
        self.memo = {}

    def once(self, key, compute):
        if key not in self.memo:
            self.memo[key] = compute()
        return self.memo[key]


def scores(metric, output, items):
    meter = metric.meter(Bench())
    meter.update(Observed(items.images, output, items.ids, None, None))
    return meter.compute()


def test_map_error_is_the_relative_distance_from_the_exact_map():
    items = AnalyticImages(pair="gaussian").items("source", "test", 4, 0)
    pair = exact_pair(Pair.GAUSSIAN)
    exact, metric = pair.exact_map(items.images), MapError(pair="gaussian")
    # the outputs of a run are float32
    assert scores(metric, exact.float(), items)["map_error"].value < 1e-6
    shift = 0.1 * (pair.domains["target"].mixture.total_variance / 3072) ** 0.5
    score = scores(metric, (exact + shift).float(), items)["map_error"]
    assert score.value == pytest.approx(0.1, rel=1e-5)
    assert score.low == pytest.approx(0.1, rel=1e-5)
    assert score.items.tolist() == pytest.approx([0.01] * 4, rel=1e-4)


def test_w2_is_the_way_gone_beside_the_closed_form():
    items = AnalyticImages(pair="gaussian").items("source", "test", 4, 0)
    got = scores(W2(pair="gaussian"), items.images + 0.5, items)
    assert got["w2"].value == pytest.approx(0.5 * 3072**0.5, rel=1e-6)
    assert got["w2_exact"].value == pytest.approx(43.3112104, rel=1e-8)
    with pytest.raises(InvalidOption, match="no closed form for pair=mixture"):
        W2(pair="mixture")


# The sources of the mixture differ in how soon they are resolved, those of the Gaussian do not.
@pytest.mark.parametrize(("task", "n"), [("gaussian", 2), ("mixture", 32)])
def test_a_run_shows_the_order_of_each_solver(task, n, tmp_path):
    words = {"n": n, "batch": n, "nfe": [128, 384], "method": "ddib", "out": tmp_path / "out"}
    finished = run_choices(choices_of({"task": task, "device": "cpu", **words}))
    assert finished.all_ok
    orders = {curve.name: curve.order for curve in finished.curves}
    assert orders["euler"] == pytest.approx(1, abs=0.1)
    assert orders["heun"] == pytest.approx(2, abs=0.15)
    assert orders["dpm"] == pytest.approx(2, abs=0.15)
    errors = {curve.name: dict(curve.points)[384] for curve in finished.curves}
    assert errors["dpm"] < errors["heun"] < errors["euler"] < 0.05
    assert finished.folder.convergence.read_bytes().startswith(b"\x89PNG")
    assert finished.folder.records.items(finished.records[0])["map_error"].shape == (n,)
