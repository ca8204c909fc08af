"""Weights files: what was shipped loads, and whatever is not that is one line with a remedy."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from bridgebench import IntegrityError
from bridgebench.toolkit.nn.unet import UNet, UNetConfig
from bridgebench.toolkit.nn.weights import checked_sha256, read_manifest
from bridgebench_cmnist.score.family import load_conditional, load_unconditional
from bridgebench_cmnist.training.recipes import (
    CLASSIFIER,
    CLASSIFIER_2,
    LABELS,
    SEVENS,
    ClassifierRecipe,
    ScoreRecipe,
)
from bridgebench_cmnist.weights import load_weights, shipped_path, write_weights

TINY = UNetConfig(channels=(16,), blocks=(1,), attention=(False,), embedding=16, classes=10)
DESCRIPTION = {
    "kind": "score network",
    "architecture": TINY.to_json(),
    "sigma_data": 0.5,
    "digit": None,
}
CPU = torch.device("cpu")
RANGE = (0.02, 80.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    return write_weights(tmp_path, "tiny", UNet(TINY), DESCRIPTION, {"seed": 0})


def load(path: Path) -> UNet:
    network, _ = load_weights(path, "score network", lambda f: UNet(UNetConfig.from_json(f)))
    return network


def test_weights_come_back_bit_for_bit(path: Path) -> None:
    torch.manual_seed(0)
    original, loaded = UNet(TINY).state_dict(), load(path).state_dict()
    assert all(torch.equal(original[k], loaded[k]) for k in original)
    assert read_manifest(path.with_suffix(".json")).sha256 == checked_sha256(path)


Change = Callable[[dict[str, str]], None]


def describe(**changes: object) -> Change:
    def change(metadata: dict[str, str]) -> None:
        metadata["bridgebench_cmnist"] = json.dumps(DESCRIPTION | changes)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (describe(kind="classifier"), "holds a classifier, expected a score network"),
        (describe(architecture={"depth": 3}), "cannot be built"),
        (describe(sigma_data=-1.0), "sigma_data is -1.0"),
    ],
)
def test_a_users_own_file_is_checked_against_its_network(
    path: Path, change: Change, message: str
) -> None:
    path.with_suffix(".json").unlink()
    tensors = load_file(path)
    metadata = {"bridgebench_cmnist": json.dumps(DESCRIPTION)}
    change(metadata)
    save_file(tensors, path, metadata)
    with pytest.raises(IntegrityError, match=message):
        load_conditional(path, CPU, "fp32", RANGE)


def test_a_users_own_file_needs_no_manifest(path: Path) -> None:
    path.with_suffix(".json").unlink()
    assert load(path).config == TINY


def test_a_conditional_network_is_no_unconditional_one(path: Path) -> None:
    with pytest.raises(IntegrityError, match="10 classes, expected 0"):
        load_unconditional(path, CPU, "fp32", RANGE, ["digit:7"])


@pytest.mark.parametrize(
    "name", ["cmnist_digits", "cmnist_digits_2", "cmnist_labels", "cmnist_sevens"]
)
def test_shipped_weights_are_those_of_their_manifests(name: str) -> None:
    manifest = read_manifest(shipped_path(name).with_suffix(".json"))
    manifest.check(shipped_path(name))
    assert manifest.training["command"].startswith("python -m bridgebench_cmnist.train ")
    assert manifest.training["images_seen"] > 100_000


@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        ("cmnist_digits", CLASSIFIER),
        ("cmnist_digits_2", CLASSIFIER_2),
        ("cmnist_labels", LABELS),
        ("cmnist_sevens", SEVENS),
    ],
)
def test_shipped_weights_were_made_by_the_recipe_as_it_stands(
    name: str, recipe: ScoreRecipe | ClassifierRecipe
) -> None:
    training = read_manifest(shipped_path(name).with_suffix(".json")).training
    assert training["recipe"] == json.loads(json.dumps(recipe.to_json()))
    parts = recipe.parts() if isinstance(recipe, ScoreRecipe) else (recipe,)
    assert training["steps"] == sum(part.schedule.steps for part in parts)
    card = shipped_path(name).with_suffix(".md").read_text(encoding="utf-8")
    assert f"`{training['command']}`" in card
    assert f"{training['images_seen']:,}" in card


def test_the_second_classifier_is_small() -> None:
    assert shipped_path("cmnist_digits_2").stat().st_size < 1_000_000


def test_all_weights_together_stay_small() -> None:
    folder = shipped_path("cmnist_digits").parent
    assert sum(p.stat().st_size for p in folder.glob("*.safetensors")) < 60_000_000
