"""Weights files: what is written is read, and what was altered is refused in one line."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from bridgebench import IntegrityError
from bridgebench.toolkit.nn.files import read_tensors, write_tensors
from bridgebench.toolkit.nn.two_domains import TwoDomains
from bridgebench.toolkit.nn.unet import UNet, UNetConfig
from bridgebench.toolkit.nn.weights import checked_sha256
from bridgebench_otcfm.weights import BY, load_flow, read_description, shipped_path

CONFIG = UNetConfig(channels=(16, 16), blocks=(1, 1), attention=(False, True), embedding=16)
DESCRIPTION = TwoDomains("cmnist", "a", "b", (3, 32, 32), CONFIG.to_json())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    return DESCRIPTION.write(tmp_path, "mine", UNet(CONFIG), {"seed": 0}, BY)


def altered(path: Path, **changes: torch.Tensor) -> Path:
    """A file with other tensors and no manifest."""
    tensors, metadata = read_tensors(path)
    other = path.with_name("other.safetensors")
    write_tensors(other, tensors | changes, metadata)
    return other


def test_what_is_written_is_read(path: Path) -> None:
    torch.manual_seed(0)
    expected = UNet(CONFIG).state_dict()
    found = load_flow(path).state_dict()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    description = read_description(path)
    assert (description.source, description.target) == ("a", "b")
    assert description.shape == (3, 32, 32)
    manifest = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert manifest["sha256"] == checked_sha256(path)
    assert manifest["bytes"] == path.stat().st_size
    assert manifest["training"] == {"seed": 0}


def test_a_changed_byte_is_refused(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match="its manifest says"):
        load_flow(path)


def test_a_missing_file_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"No such file.*weights=PATH"):
        read_description(tmp_path / "none.safetensors")


def test_a_broken_manifest_is_refused(path: Path) -> None:
    path.with_suffix(".json").write_text("{}")
    with pytest.raises(IntegrityError, match="a manifest has the fields"):
        checked_sha256(path)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    write_tensors(other, {"x": torch.zeros(1)}, {})
    with pytest.raises(IntegrityError, match="does not say what network it fits"):
        read_description(other)
    other.write_bytes(b"no tensors")
    with pytest.raises(IntegrityError, match="not a readable safetensors file"):
        read_description(other)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"extra": torch.zeros(1)}, "1 tensors do not match its architecture, extra"),
        ({"head.bias": torch.zeros(3)}, r"head.bias is torch.float32 \(3,\), expected"),
        ({"head.bias": torch.zeros(12).double()}, "head.bias is torch.float64"),
        ({"head.bias": torch.full((12,), float("nan"))}, "head.bias has values that are not"),
    ],
)
def test_other_tensors_are_refused(
    changes: dict[str, torch.Tensor], complaint: str, path: Path
) -> None:
    with pytest.raises(IntegrityError, match=complaint):
        load_flow(altered(path, **changes))


def test_a_description_is_checked() -> None:
    with pytest.raises(ValueError, match="expected three numbers"):
        replace(DESCRIPTION, shape=(3, 32))


def test_an_architecture_that_cannot_be_built_is_refused(tmp_path: Path) -> None:
    odd = replace(DESCRIPTION, architecture=CONFIG.to_json() | {"blocks": [1]})
    torch.manual_seed(0)
    path = odd.write(tmp_path, "odd", UNet(CONFIG), {}, BY)
    with pytest.raises(IntegrityError, match="cannot be built: channels, blocks and attention"):
        load_flow(path)


def test_the_shipped_file_is_the_one_of_its_manifest_and_small() -> None:
    path = shipped_path()
    manifest = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert checked_sha256(path) == manifest["sha256"]
    assert path.stat().st_size == manifest["bytes"] <= 9_000_000
    description = read_description(path)
    assert (description.source, description.target) == ("not_digit:7", "digit:7")
    assert path.with_suffix(".md").read_text(encoding="utf-8").startswith("# Model card: otcfm\n")
