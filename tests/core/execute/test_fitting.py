"""Fits: computed once, kept, reported apart; what goes wrong with one fails its own rows alone."""

import json
from pathlib import Path

import pytest
import torch
from bridgebench_world import images
from bridgebench_world.contract import FITTED, Shift, raise_
from safetensors.torch import load_file

from bridgebench.api import run_choices
from bridgebench.execute.store import LIMIT_VARIABLE
from bridgebench.files.cache_folder import FOLDER_VARIABLE
from bridgebench.plan.choices import choices_of

SMALL = {"task": "world", "n": 4, "batch": 4}
WORLD = Path(images.__file__).with_name("world.yaml")


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(LIMIT_VARIABLE, "100MB")
    FITTED.clear()
    return tmp_path / "cache"


def run(out, **words):
    return run_choices(choices_of({**SMALL, "out": out, **words}))


def by_method(finished):
    return {record.axes["method"]: record for record in finished.records}


def kept(cache):
    """The fits in the store, which has the features of real images as well."""
    files = cache.glob("stages/??/*.safetensors")
    return [path for path in files if load_file(path).keys() & {"shift", "way"}]


def task_file(folder, *changes):
    """The world's task with some words replaced."""
    text = WORLD.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "task.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_fit_is_computed_once_for_all_cells_that_share_it_and_its_seconds_are_their_own(
    tmp_path, cache
):
    records = by_method(run(tmp_path / "out", method="shift,shift:scale=0.5,identity"))
    assert {record.status for record in records.values()} == {"ok"}
    assert FITTED == [0]
    assert len(kept(cache)) == 1
    seconds = records["shift"].cost["fit_seconds"]
    assert seconds > 0
    assert records["shift:scale=0.5"].cost["fit_seconds"] == seconds
    assert "fit_seconds" not in records["identity"].cost
    assert records["shift"].values["accuracy"].value == 1


def test_a_later_run_takes_it_from_the_store_with_its_seconds(tmp_path):
    first = by_method(run(tmp_path / "a", method="shift"))["shift"]
    second = by_method(run(tmp_path / "b", method="shift"))["shift"]
    assert FITTED == [0]
    assert second.values == first.values
    assert second.cost["fit_seconds"] == first.cost["fit_seconds"]


def test_a_fit_of_other_images_is_another(tmp_path):
    run(tmp_path / "a", method="shift")
    run(tmp_path / "more", method="shift", n=8)
    assert FITTED == [0], "how many images are evaluated is no matter of a fit"
    run(tmp_path / "seed", method="shift", seed=1)
    turned = task_file(
        tmp_path,
        ("domain: red, unconditional: red", "domain: green, unconditional: green"),
        ("{domain: green, reference", "{domain: red, reference"),
        ("label=1", "label=0"),
    )
    finished = run(tmp_path / "turned", task=turned, method="shift")
    assert FITTED == [0, 1, 0]
    assert by_method(finished)["shift"].values["accuracy"].value == 1


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("raise", "in its fit: ValueError: no data like more data"),
        (
            "exit",
            "in its fit: method 'shift' would have ended the run with SystemExit(3); it must raise "
            "an exception",
        ),
        (
            "list",
            "in its fit: method 'shift' gave a list, but fit() gives tensors in a dict by name",
        ),
        (
            "text",
            "in its fit: method 'shift' gave 'shift' in fit(), which is no tensor of finite "
            "numbers",
        ),
        (
            "nan",
            "in its fit: method 'shift' gave 'shift' in fit(), which is no tensor of finite "
            "numbers",
        ),
        (
            "option",
            "in its fit: method 'shift' uses the option 'scale' in its stage 'fit', whose options "
            "do not name it; add it",
        ),
        (
            "undeclared",
            "in its fit: method 'shift' uses training images of red, but its training_domains() "
            "name green; add it",
        ),
    ],
)
def test_a_fit_that_fails_fails_its_rows_leaves_nothing_and_its_siblings_finish(
    tmp_path, cache, how, reason
):
    odd = f"shift:how={how}"
    records = by_method(run(tmp_path / "out", method=f"{odd},{odd}:scale=0.5,shift,identity"))
    for spec in (odd, f"{odd}:scale=0.5"):
        assert (records[spec].status, records[spec].reason) == ("failed", reason)
    assert FITTED == [0, 0], "the failed fit is tried once"
    assert records["shift"].status == records["identity"].status == "ok"
    assert len(kept(cache)) == 1


def test_a_fit_that_is_interrupted_leaves_nothing_and_is_computed_by_the_next_run(tmp_path, cache):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Shift, "fit", lambda self, cell, context: raise_(KeyboardInterrupt()))
        stopped = run(tmp_path / "out", method="identity,shift")
    assert stopped.interrupted
    assert {spec: record.status for spec, record in by_method(stopped).items()} == {
        "identity": "ok"
    }
    assert kept(cache) == []
    again = run(tmp_path / "out", method="identity,shift")
    assert {record.status for record in again.records} == {"ok"}
    assert again.clock.computed_cells == 1
    assert FITTED == [0]


def test_what_a_cell_writes_into_its_fit_is_no_matter_of_the_next(tmp_path, monkeypatch):
    words = {"method": "shift,shift:scale=1.5"}
    honest = by_method(run(tmp_path / "honest", **words))["shift:scale=1.5"]
    translate = Shift.translate

    def spoiling(self, cell, batch, shared, context):
        made = translate(self, cell, batch, shared, context)
        context.fitted["shift"].fill_(0.1)
        return made

    monkeypatch.setattr(Shift, "translate", spoiling)
    spoiled = by_method(run(tmp_path / "spoiled", **words))["shift:scale=1.5"]
    assert spoiled.values == honest.values


def test_a_row_says_which_training_images_it_was_fitted_to(tmp_path):
    records = by_method(run(tmp_path / "out", method="shift,identity"))
    weights = json.loads(records["shift"].provenance["weights"])
    assert set(weights) == {"training/train/red", "training/train/green"}
    assert len(set(weights.values())) == 2
    assert "training" not in records["identity"].provenance["weights"]


def test_a_task_that_evaluates_the_training_split_skips_the_method_with_the_reason(tmp_path):
    task = task_file(tmp_path, ("split: test}", "split: train}"))
    records = by_method(run(tmp_path / "out", task=task, method="shift,paired,identity"))
    for spec in ("shift", "paired"):
        assert (records[spec].status, records[spec].reason) == (
            "skipped",
            "it is fitted to images of the split 'train', which task world evaluates",
        )
    assert records["identity"].status == "ok"
    assert FITTED == []


def paired_task(folder, missing=""):
    option = f":missing={missing}" if missing else ""
    return task_file(folder, ("dataset: world", f'dataset: "world_pairs{option}"'))


def test_a_method_is_fitted_to_pairs(tmp_path):
    records = by_method(run(tmp_path / "out", task=paired_task(tmp_path), method="paired"))
    assert records["paired"].status == "ok", records["paired"].reason
    assert records["paired"].values["accuracy"].value == 1


def test_a_dataset_without_pairs_is_one_line_and_its_siblings_finish(tmp_path):
    records = by_method(run(tmp_path / "out", method="paired,identity"))
    assert records["paired"].status == "failed"
    assert records["paired"].reason == "in its fit: dataset world has no pairs of red and green"
    assert records["identity"].status == "ok"


def test_a_missing_pair_is_one_line_that_names_it_and_its_siblings_finish(tmp_path, cache):
    task = paired_task(tmp_path, "train/red07")
    records = by_method(run(tmp_path / "out", task=task, method="paired,identity"))
    assert records["paired"].reason == (
        "in its fit: item train/red07 has no true target in world_pairs"
    )
    assert records["identity"].status == "ok"
    assert kept(cache) == []


def test_a_fit_has_gradients_and_translate_has_none(tmp_path, monkeypatch):
    seen = []
    translate = Shift.translate

    def watched(self, cell, batch, shared, context):
        seen.append(torch.is_grad_enabled())
        return translate(self, cell, batch, shared, context)

    monkeypatch.setattr(Shift, "translate", watched)
    run(tmp_path / "out", method="shift")
    assert seen == [False]
