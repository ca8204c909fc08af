"""Keys of stages and fits: what is declared decides them, and what is not does not."""

import json
from pathlib import Path

import pytest
from bridgebench_world import images
from bridgebench_world.contract import Undeclared

from bridgebench import PluginError, Stage
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plan.stages import training_refusal
from bridgebench.plugins.registry import Kind, load_registry

REGISTRY = load_registry()
WORLD = Path(images.__file__).with_name("world.yaml")


def plan(**words):
    return make_plan(REGISTRY, choices_of({"task": "world", "n": 4, **words}))


def shared(method="undeclared", **words):
    (cell,) = plan(method=method, **words).cells
    return [key for _, key in cell.shared]


def fit(method="shift", **words):
    (cell,) = plan(method=method, **words).cells
    stage, key = cell.fit
    assert stage.name == "fit"
    return key


def task_file(folder, old, new):
    text = WORLD.read_text(encoding="utf-8")
    assert old in text
    path = folder / "task.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return str(path)


def test_a_declared_option_is_in_the_key_of_a_stage_and_another_is_not():
    assert shared("undeclared:strength=0.25") != shared()
    assert shared("undeclared:power=2") == shared()


def test_a_declared_axis_is_in_the_key_of_a_stage_and_another_is_not():
    assert shared(nfe=5) != shared(nfe=4)
    words = {"method": "ddib", "transform": "identity", "solver": "heun"}
    assert shared(**words) != shared(**words, source_score="world_exact:delay=0.001")
    assert shared(**words) == shared(**words, target_score="world_exact:delay=0.001")


def test_the_image_stage_of_a_transform_alone_is_in_the_key():
    words = {"method": "ddib", "solver": "heun"}
    plain = shared(**words, transform="identity")
    assert shared(**words, transform="scale:c=0.8") == plain
    assert shared(**words, transform="rotate_image") != plain
    assert shared(**words, transform="rotate_image+scale:c=0.8") != plain


def test_the_weights_are_in_the_key_of_a_stage(monkeypatch):
    words = {"method": "ddib", "solver": "heun", "transform": "identity"}
    before = shared(**words)
    score = REGISTRY.load(Kind.SCORE, "world_exact")
    monkeypatch.setattr(score, "files", lambda self: {"weights": "0" * 64})
    assert shared(**words) != before


@pytest.mark.parametrize("words", [{"seed": 1}, {"batch": 2}, {"precision": "bf16"}])
def test_seed_batch_and_precision_are_in_the_key_of_a_stage(words):
    assert shared(precision="fp32") != shared(**{"precision": "fp32"} | words)


def test_a_stage_sees_the_target_domain_in_its_setting(tmp_path):
    """The encode of a method that uses the target's model is another for another target."""
    words = {"method": "ddib_single", "solver": "heun", "transform": "identity"}
    other = task_file(tmp_path, "{domain: green,", "{domain: red,")
    assert shared(**words, task=other) != shared(**words)


def test_a_declared_option_is_in_the_key_of_a_fit_and_another_is_not():
    assert fit("shift:how=other") != fit()
    assert fit("shift:scale=2") == fit()


def test_a_fit_depends_on_the_seed_and_not_on_how_many_images_are_evaluated():
    assert fit(seed=1) != fit()
    assert fit(n=8) == fit()
    assert fit(batch=2) == fit()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("reference: train, held_out: test", "reference: test, held_out: train"),
        ("dataset: world", "dataset: world_pairs"),
        ("low: -1.0", "low: -2.0"),
    ],
)
def test_a_fit_depends_on_all_that_its_context_shows(tmp_path, old, new):
    assert fit(task=task_file(tmp_path, old, new)) != fit()


def test_training_images_decide_the_cell_and_stand_in_its_row():
    (cell,) = plan(method="shift").cells
    assert set(json.loads(cell.provenance["weights"])) == {
        "training/train/red",
        "training/train/green",
    }
    (plain,) = plan(method="identity").cells
    assert plain.fit is None
    assert json.loads(plain.provenance["weights"]) == {}


def test_a_skipped_method_is_not_fitted_and_names_no_training_images(tmp_path):
    task = task_file(tmp_path, "split: test}", "split: train}")
    (cell,) = plan(method="shift", task=task).cells
    assert cell.skip == "it is fitted to images of the split 'train', which task world evaluates"
    assert cell.fit is None
    assert "training" not in cell.provenance["weights"]


def test_training_images_that_the_dataset_does_not_have_are_a_reason(monkeypatch):
    task = plan(method="identity").task
    dataset = REGISTRY.load(Kind.DATASET, "world")()
    assert training_refusal((), task, dataset) == ""
    assert training_refusal(("red",), task, dataset) == ""
    assert training_refusal(("blue",), task, dataset) == (
        "it is fitted to images of blue, a domain that world does not have"
    )
    monkeypatch.setattr(type(dataset), "splits", ("test",))
    assert training_refusal(("red",), task, dataset) == (
        "it is fitted to training images, and world has no split 'train'"
    )


def test_a_stage_that_names_no_option_of_its_method_is_one_line(monkeypatch):
    monkeypatch.setattr(
        Undeclared, "shared_stages", lambda self, cell, setting: (Stage("s", options=("strange",)),)
    )
    with pytest.raises(PluginError) as caught:
        plan(method="undeclared")
    assert str(caught.value) == (
        "method 'undeclared' has no option 'strange', which its stage 's' names; its options: "
        "where, strength, power"
    )
