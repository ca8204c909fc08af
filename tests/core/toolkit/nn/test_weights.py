"""Weights files: what was written comes back; whatever is not that is one line with a remedy."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from bridgebench import IntegrityError
from bridgebench.toolkit.nn.weights import (
    checked_sha256,
    fill,
    read_manifest,
    read_weights,
    write_weights,
)

BY = "bridgebench_any"
DESCRIPTION = {"kind": "two layers", "width": 3}


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_weights(tmp_path, "tiny", network(), DESCRIPTION, {"seed": 0}, BY)


def load(path: Path) -> nn.Module:
    description, tensors = read_weights(path, BY)
    assert description == DESCRIPTION
    empty = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3))
    fill(empty, tensors, path, BY)
    return empty


def test_weights_come_back_bit_for_bit_and_for_evaluation_alone(path: Path) -> None:
    original, loaded = network().state_dict(), load(path)
    assert all(torch.equal(original[k], v) for k, v in loaded.state_dict().items())
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())
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


@pytest.mark.parametrize(
    ("text", "message"), [("{}", "a manifest has the fields"), ("{", "not a readable manifest")]
)
def test_a_malformed_manifest_is_found(path: Path, text: str, message: str) -> None:
    path.with_suffix(".json").write_text(text)
    with pytest.raises(IntegrityError, match=message):
        load(path)


def test_a_file_that_is_no_safetensors_is_found(tmp_path: Path) -> None:
    path = tmp_path / "pickle.pt"
    torch.save({"0.weight": torch.zeros(1)}, path)
    with pytest.raises(IntegrityError, match="not a readable safetensors file"):
        load(path)


Change = Callable[[dict[str, Tensor], dict[str, str]], None]


def rename(tensors: dict[str, Tensor], _: dict[str, str]) -> None:
    tensors["other"] = tensors.pop("0.weight")


def reshape(tensors: dict[str, Tensor], _: dict[str, str]) -> None:
    tensors["0.bias"] = torch.zeros(4)


def halve(tensors: dict[str, Tensor], _: dict[str, str]) -> None:
    tensors["0.bias"] = tensors["0.bias"].half()


def poison(tensors: dict[str, Tensor], _: dict[str, str]) -> None:
    tensors["0.bias"][0] = torch.nan


def forget(_: dict[str, Tensor], metadata: dict[str, str]) -> None:
    metadata.clear()


def list_it(_: dict[str, Tensor], metadata: dict[str, str]) -> None:
    metadata[BY] = "[]"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rename, r"2 tensors do not match its architecture, 0\.weight for one"),
        (reshape, r"0\.bias is torch\.float32 \(4,\), expected torch\.float32 \(3,\)"),
        (halve, r"0\.bias is torch\.float16"),
        (poison, "not finite"),
        (forget, "does not say what network it fits"),
        (list_it, "does not say what network it fits"),
    ],
)
def test_a_file_without_a_manifest_is_checked_against_the_network(
    path: Path, change: Change, message: str
) -> None:
    path.with_suffix(".json").unlink()
    assert load(path)
    tensors, metadata = load_file(path), {BY: json.dumps(DESCRIPTION)}
    change(tensors, metadata)
    save_file(tensors, path, metadata)
    with pytest.raises(IntegrityError, match=f"{message}.*use a file that {BY}.train wrote"):
        load(path)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"file": 1, "bytes": "a", "sha256": 3, "network": {}, "training": {}}',
        '{"file": NaN}',
    ],
)
def test_an_odd_manifest_is_one_line(path: Path, text: str) -> None:
    path.with_suffix(".json").write_text(text)
    with pytest.raises(IntegrityError) as caught:
        read_weights(path, BY)
    assert "\n" not in str(caught.value)


def test_a_pipe_in_place_of_weights_is_refused_and_not_waited_for(path: Path) -> None:
    path.with_suffix(".json").unlink()
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(IntegrityError, match="not a regular file"):
        read_weights(path, BY)


def test_a_description_that_is_nested_too_deeply_is_one_line(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "deep.safetensors", {BY: "[" * 100_000})
    with pytest.raises(IntegrityError, match="does not say what network it fits"):
        read_weights(tmp_path / "deep.safetensors", BY)
