"""Weights files: what was shipped loads, and whatever is not that is one line with a remedy."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from bridgebench import IntegrityError
from bridgebench.nn.unet import UNet, UNetConfig
from bridgebench_cmnist.recipes import (
    CLASSIFIER,
    LABELS,
    SEVENS,
    ClassifierRecipe,
    ScoreRecipe,
)
from bridgebench_cmnist.score_family import load_conditional, load_unconditional
from bridgebench_cmnist.weights import (
    checked_sha256,
    load_weights,
    read_manifest,
    shipped_path,
    write_weights,
)

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


def test_no_partial_file_is_left(path: Path) -> None:
    assert sorted(p.name for p in path.parent.iterdir()) == ["tiny.json", "tiny.safetensors"]


def test_an_altered_byte_is_found(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-7] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"tiny\.safetensors: sha256 .*reinstall") as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_a_cut_file_is_found(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(IntegrityError, match="its manifest says"):
        load(path)


def test_a_missing_file_is_found(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="No such file"):
        load(tmp_path / "nothing.safetensors")


def test_a_malformed_manifest_is_found(path: Path) -> None:
    manifest = path.with_suffix(".json")
    manifest.write_text("{}")
    with pytest.raises(IntegrityError, match="a manifest has the fields"):
        load(path)
    manifest.write_text("{")
    with pytest.raises(IntegrityError, match="not a readable manifest"):
        load(path)


Change = Callable[[dict[str, torch.Tensor], dict[str, str]], None]


def rename(tensors: dict[str, torch.Tensor], _: dict[str, str]) -> None:
    tensors["other"] = tensors.pop("stem.weight")


def reshape(tensors: dict[str, torch.Tensor], _: dict[str, str]) -> None:
    tensors["stem.bias"] = torch.zeros(3)


def halve(tensors: dict[str, torch.Tensor], _: dict[str, str]) -> None:
    tensors["stem.bias"] = tensors["stem.bias"].half()


def poison(tensors: dict[str, torch.Tensor], _: dict[str, str]) -> None:
    tensors["stem.bias"][0] = torch.nan


def forget(_: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    metadata.clear()


def describe(**changes: object) -> Change:
    def change(_: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
        metadata["bridgebench_cmnist"] = json.dumps(DESCRIPTION | changes)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rename, "2 tensors do not match its architecture"),
        (reshape, r"stem\.bias is torch\.float32 \(3,\), expected torch\.float32 \(16,\)"),
        (halve, r"stem\.bias is torch\.float16"),
        (poison, "not finite"),
        (forget, "does not say what network it fits"),
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
    change(tensors, metadata)
    save_file(tensors, path, metadata)
    with pytest.raises(IntegrityError, match=message):
        load_conditional(path, CPU, "fp32", RANGE)


def test_a_users_own_file_needs_no_manifest(path: Path) -> None:
    path.with_suffix(".json").unlink()
    assert load(path).config == TINY


def test_a_conditional_network_is_no_unconditional_one(path: Path) -> None:
    with pytest.raises(IntegrityError, match="10 classes, expected 0"):
        load_unconditional(path, CPU, "fp32", RANGE, ["digit:7"])


def test_a_file_that_is_no_safetensors_is_found(tmp_path: Path) -> None:
    path = tmp_path / "pickle.pt"
    torch.save({"stem.weight": torch.zeros(1)}, path)
    with pytest.raises(IntegrityError, match="not a readable safetensors file"):
        load(path)


@pytest.mark.parametrize("name", ["cmnist_digits", "cmnist_labels", "cmnist_sevens"])
def test_shipped_weights_are_those_of_their_manifests(name: str) -> None:
    manifest = read_manifest(shipped_path(name).with_suffix(".json"))
    manifest.check(shipped_path(name))
    assert manifest.training["command"].startswith("python -m bridgebench_cmnist.train ")
    assert manifest.training["images_seen"] > 100_000


@pytest.mark.parametrize(
    ("name", "recipe"),
    [("cmnist_digits", CLASSIFIER), ("cmnist_labels", LABELS), ("cmnist_sevens", SEVENS)],
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


def test_all_weights_together_stay_small() -> None:
    folder = shipped_path("cmnist_digits").parent
    assert sum(p.stat().st_size for p in folder.glob("*.safetensors")) < 60_000_000
