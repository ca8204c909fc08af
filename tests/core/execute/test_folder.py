"""A folder of results belongs to one meaning of the numbers, and a refusal names what differs."""

import json
from dataclasses import replace
from importlib import resources

import pytest

from bridgebench import OutputError
from bridgebench.execute.folder import claim
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plugins.registry import load_registry

REGISTRY = load_registry()
WORLD = (resources.files("bridgebench_world") / "world.yaml").read_text(encoding="utf-8")


@pytest.fixture
def planned(tmp_path):
    """The plan of the world, its task file changed as told."""

    def of(old="", new="", **words):
        assert old in WORLD
        path = tmp_path / "world.yaml"
        path.write_text(WORLD.replace(old, new, 1) if old else WORLD, encoding="utf-8")
        return make_plan(REGISTRY, choices_of({"task": str(path), "method": "identity", **words}))

    return of


@pytest.mark.parametrize(
    ("old", "new", "words", "said"),
    [
        ("", "", {"n": 9}, "n=10, but this run has n=9"),
        ("", "", {"seed": 1}, "seeds=[0], but this run has seeds=[1]"),
        ("", "", {"precision": "bf16"}, "precision=fp32, but this run has precision=bf16"),
        ("", "", {"metric": "kid"}, "metrics="),
        ("unconditional: red", "unconditional: green", {}, "fingerprint.source.pooled=red, but"),
        ("split: test", "split: train", {}, "fingerprint.source.split=test, but"),
        ("low: -1.0", "low: -2.0", {}, "fingerprint.item="),
        ("reference: train, held_out: test", "reference: test, held_out: train", {},
         "fingerprint.target.reference=train, but"),
        ("held_out: test}", "held_out: test, reference_in_training: true}", {},
         "fingerprint.target.reference_in_training=False, but"),
    ],
)  # fmt: skip
def test_a_run_that_means_something_else_is_refused(planned, tmp_path, old, new, words, said):
    claim(tmp_path / "out", planned(), overwrite=False)
    claim(tmp_path / "out", planned(), overwrite=False)
    with pytest.raises(OutputError) as raised:
        claim(tmp_path / "out", planned(old, new, **words), overwrite=False)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"files": {"pixels": "1" * 64}}, "fingerprint.files.pixels="),
        ({"draws": "1" * 12}, "fingerprint.draws="),
        ({"dataset": {"name": "world", "side": 9}}, "fingerprint.dataset.side=None, but"),
    ],
)
def test_other_images_and_draws_are_refused_by_name(planned, tmp_path, part, said):
    plan = planned()
    claim(tmp_path / "out", plan, overwrite=False)
    other = replace(plan, fingerprint={**plan.fingerprint, **part})
    with pytest.raises(OutputError, match="give another out=") as raised:
        claim(tmp_path / "out", other, overwrite=False)
    assert said in str(raised.value)


def test_a_contract_with_a_part_too_many_is_refused(planned, tmp_path):
    claim(tmp_path / "out", planned(), overwrite=False)
    path = tmp_path / "out" / "run.json"
    content = json.loads(path.read_text())
    content["contract"]["mood"] = "good"
    path.write_text(json.dumps(content))
    with pytest.raises(OutputError, match="mood=good, but this run has mood=None"):
        claim(tmp_path / "out", planned(), overwrite=False)
