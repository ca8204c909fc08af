"""True targets: metrics of a dataset with pairs get them along with source and output."""

from importlib import resources

import pytest

from bridgebench import UsageError
from bridgebench.api import run_choices
from bridgebench.plan.choices import choices_of

WORLD = (resources.files("bridgebench_world") / "world.yaml").read_text(encoding="utf-8")


def run(folder, dataset, **words):
    path = folder / "world.yaml"
    path.write_text(WORLD.replace("dataset: world", f"dataset: {dataset}"), encoding="utf-8")
    words = {"task": str(path), "out": folder / "out", "metric": "target_gap", **words}
    return run_choices(choices_of(words))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    words = {"method": "identity,ddib", "solver": "heun", "transform": "identity", "nfe": "40"}
    finished = run(tmp_path_factory.mktemp("pairs"), "world_pairs", **words)
    return finished.board.table.set_index("method")


def test_outputs_are_compared_with_their_true_targets(table):
    assert table["target_gap"]["identity"] == pytest.approx(2 / 3, abs=0.01)
    assert table["target_gap"]["ddib"] < 0.05


def test_true_targets_go_with_the_sources_by_chance(table):
    """Under chance each source still has its own target, and each output another's."""
    assert table["source_gap_chance"]["ddib"] == pytest.approx(
        table["source_gap"]["ddib"], rel=1e-6
    )
    assert table["target_gap_chance"]["ddib"] > 2 * table["target_gap"]["ddib"]


def test_a_metric_of_pairs_is_refused_where_there_are_none(tmp_path):
    with pytest.raises(UsageError) as refused:
        run(tmp_path, "world", method="identity")
    assert str(refused.value) == (
        "metric 'target_gap' cannot be used with task world: it compares outputs with true "
        "targets, and the dataset world has no pairs of red and green; leave the metric out"
    )


def test_a_missing_pair_is_one_line_in_each_row(tmp_path):
    finished = run(
        tmp_path, "world_pairs:missing=test/red07", method="identity,random_target", n=40
    )
    for record in finished.records:
        assert record.status == "failed"
        assert record.reason == "item test/red07 has no true target in world_pairs"
