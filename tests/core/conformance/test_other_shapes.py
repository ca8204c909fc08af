"""The kit, and a run, with plugins of kinds and shapes that no page of the docs shows."""

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from bridgebench import UsageError
from bridgebench.api import run_choices
from bridgebench.conformance.catalog import Wanted, bound_checks, verdicts
from bridgebench.leaderboard.audit.validate import checked_board
from bridgebench.plan.choices import choices_of
from bridgebench.plugins.registry import GROUP, Registry, build_registry

ODD = EntryPoint("odd", "odd_plugins", GROUP)


@pytest.fixture
def registry(monkeypatch) -> Registry:
    """What is installed, and the odd plugins."""
    monkeypatch.syspath_prepend(Path(__file__).parent / "odd")
    return build_registry([*entry_points(group=GROUP), ODD])


def wrong(registry, spec, kind, task=""):
    checks = bound_checks(registry, Wanted(spec, kind, task, "cpu"))
    return {check.name: str(error) for check, error in verdicts(checks) if error is not None}


@pytest.mark.parametrize(
    ("spec", "kind", "task"),
    [
        ("greys", "dataset", ""),
        ("points", "dataset", ""),
        ("grey_score", "score", ""),
        ("point_score", "score", ""),
        ("cached:rank=3", "transform", ""),
        ("cached", "transform", "points_task"),
        ("brightness", "metric", ""),
        ("brightness", "metric", "points_task"),
        ("flat", "extractor", ""),
        ("offset", "method", "greys_task"),
        ("offset:how=mean", "method", "points_task"),
        ("own_weights", "method", ""),
        ("own_weights:labeled=true", "method", "points_task"),
        ("ddib", "method", "greys_task"),
        ("ddib", "method", "points_task"),
        ("heun", "solver", "points_task"),
        ("fid", "metric", "greys_task"),
        ("transport", "metric", "points_task"),
        ("greys_task", "task", ""),
        ("points_task", "task", ""),
    ],
)
def test_a_sound_plugin_passes(registry, spec, kind, task):
    assert wrong(registry, spec, kind, task) == {}


def test_a_state_that_depends_on_the_order_of_batches_is_found(registry):
    assert "transform-batch-independence" in wrong(registry, "running", "transform", "points_task")


def test_a_meter_that_cannot_be_merged_is_told_how(registry):
    assert "full_state_update = False" in wrong(registry, "unmerged", "metric")["metric-merge"]


def test_a_class_that_is_not_finished_is_told_what_it_lacks(registry):
    (said,) = wrong(registry, "half_score", "score").values()
    assert "lacks load, sigma_range, which a ScoreModel must have" in said


def test_a_broken_score_model_is_no_matter_of_a_method_without_one(registry, tmp_path):
    task = tmp_path / "half.yaml"
    text = (Path(__file__).parent / "odd" / "odd_plugins" / "points.yaml").read_text(
        encoding="utf-8"
    )
    task.write_text(text.replace("point_score", "half_score"))
    assert wrong(registry, "offset", "method", str(task)) == {}


@pytest.mark.parametrize("task", ["greys_task", "points_task"])
def test_a_run_gives_a_sound_board(registry, task, tmp_path):
    words = {"task": task, "out": tmp_path / "mine"}
    finished = run_choices(choices_of(words), registry=registry)
    assert {record.status for record in finished.records} == {"ok"}
    board = checked_board(tmp_path / "mine" / "leaderboard.csv", registry, None)
    own = board.table.set_index("method").loc["own_weights"]
    assert "own_weights/net.pt" in str(own["weights"])


def test_a_row_says_what_points_cannot_be_given_to(registry, tmp_path):
    words = {"task": "points_task", "method": "ddib", "seed": "0", "transform": "blur_latent"}
    finished = run_choices(choices_of({**words, "out": tmp_path / "mine"}), registry=registry)
    assert finished.records
    for record in finished.records:
        assert record.status == "failed"
        assert record.reason.startswith("a blur needs items of shape (C, H, W)")


COLOR_OF_POINTS = (
    "metric 'color' cannot be used with task points_task: color needs images of shape (3, H, W), "
    "and these items have the shape (2,); "
)


def test_a_metric_that_cannot_look_at_points_is_refused_before_a_run(registry, tmp_path):
    chosen = choices_of({"task": "points_task", "metric": "color", "out": tmp_path / "mine"})
    with pytest.raises(UsageError) as refused:
        run_choices(chosen, registry=registry)
    assert str(refused.value) == COLOR_OF_POINTS + "leave the metric out"
    assert not list(tmp_path.iterdir())


def test_the_kit_says_which_task_does_not_suit_a_metric(registry):
    said = wrong(registry, "color", "metric", "points_task")
    assert COLOR_OF_POINTS + "leave the metric out" in said["metric-ranges"]
