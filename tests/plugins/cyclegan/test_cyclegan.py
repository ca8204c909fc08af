"""The method in a run: rows, counted evaluations, the way back, and what it cannot carry."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import bridgebench
from bridgebench import IntegrityError
from bridgebench.conformance.catalog import Wanted, bound_checks, verdicts
from bridgebench.plugins.registry import load_registry
from bridgebench.toolkit.nn.two_domains import TwoDomains
from bridgebench.toolkit.nn.weights import read_manifest
from bridgebench_cyclegan.generator import GeneratorFile
from bridgebench_cyclegan.networks import Generator, GeneratorConfig
from bridgebench_cyclegan.recipe import CMNIST_TO7
from bridgebench_cyclegan.training import networks
from bridgebench_cyclegan.weights import BY, load_pair, shipped_path

CONFIG = GeneratorConfig(width=8, blocks=1, group_width=4)
RED_TO_GREEN = TwoDomains("world", "red", "green", (3, 32, 32), CONFIG.to_json())
GREEN, RED = (-2.0, 2.0, -2.0), (2.0, -2.0, -2.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A pair that makes everything green on the way there, and everything red on the way back."""
    pair = torch.nn.ModuleDict()
    for name, color in (("to_target", GREEN), ("to_source", RED)):
        network = Generator(CONFIG)
        with torch.no_grad():
            network.head.weight.zero_()
            # The head's channels are those of the image, each for the 2x2 pixels of a patch.
            network.head.bias.copy_(torch.tensor(color).repeat_interleave(4))  # type: ignore[union-attr]
        pair[name] = network
    return RED_TO_GREEN.write(tmp_path, "pair", pair, {}, BY)


def run(path: Path, out: Path, **words: object):
    return bridgebench.run("world", method=[f"cyclegan:weights={path}"], out=out, **words)


def test_a_row_has_one_evaluation_an_image_and_no_axes(path: Path, tmp_path: Path) -> None:
    (row,) = run(path, tmp_path / "out").to_dict("records")
    assert row["status"] == "ok", row["reason"]
    assert (row["nfe_encode"], row["nfe_decode"], row["nfe_total"]) == (0, 1, 1)
    axes = ("source_score", "target_score", "solver", "transform")
    assert [row[axis] for axis in axes] == ["-"] * 4
    assert row["supervision"] == "unpaired"
    assert row["accuracy"] == 1
    assert '"cyclegan/pair.safetensors"' in row["weights"]


def test_each_direction_has_its_generator(path: Path) -> None:
    for direction, color in (("to_target", GREEN), ("to_source", RED)):
        generator = GeneratorFile(path, direction)(torch.device("cpu"), "fp32")
        out = generator(torch.zeros(1, 3, 32, 32))
        torch.testing.assert_close(out.mean(dim=(0, 2, 3)), torch.tensor(color).tanh())


def test_other_domains_are_told_what_there_is_and_how_to_train(tmp_path: Path) -> None:
    (row,) = bridgebench.run("world", method=["cyclegan"], out=tmp_path).to_dict("records")
    assert row["status"] == "skipped"
    assert row["reason"] == (
        "its weights lead from not_digit:7 to digit:7 alone, not from red to green; train others "
        "with `python -m bridgebench_cyclegan.train --source red --target green` and give "
        "weights=PATH"
    )


def test_another_shape_is_told(path: Path, tmp_path: Path) -> None:
    odd = TwoDomains("world", "red", "green", (3, 16, 16), CONFIG.to_json())
    other = odd.write(tmp_path, "odd", load_pair(path), {}, BY)
    (row,) = run(other, tmp_path / "out").to_dict("records")
    assert row["reason"] == "its weights are for items of shape (3, 16, 16), not (3, 32, 32)"


def test_a_damaged_file_is_refused_before_anything_runs(path: Path, tmp_path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(bridgebench.IntegrityError, match="its manifest says"):
        run(path, tmp_path / "out")


Change = Callable[[dict[str, torch.Tensor], dict[str, object]], None]


def one_side(tensors: dict[str, torch.Tensor], _: dict[str, object]) -> None:
    for name in [name for name in tensors if name.startswith("to_source")]:
        del tensors[name]


def unbuildable(_: dict[str, torch.Tensor], said: dict[str, object]) -> None:
    said["architecture"] = {"depth": 3}


def no_domains(_: dict[str, torch.Tensor], said: dict[str, object]) -> None:
    del said["target"]


def flat(_: dict[str, torch.Tensor], said: dict[str, object]) -> None:
    said["shape"] = [3, 32]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (one_side, "tensors do not match its architecture, to_source"),
        (unbuildable, "an architecture that cannot be built"),
        (no_domains, "does not say which domains it leads between"),
        (flat, r"shape is \(3, 32\), expected three numbers"),
    ],
)
def test_a_users_own_file_is_checked(path: Path, change: Change, message: str) -> None:
    path.with_suffix(".json").unlink()
    tensors = load_file(path)
    said: dict[str, object] = json.loads(json.dumps(vars(RED_TO_GREEN)))
    change(tensors, said)
    save_file(tensors, path, {"bridgebench_cyclegan": json.dumps(said)})
    with pytest.raises(IntegrityError, match=message) as caught:
        load_pair(path)
    assert "\n" not in str(caught.value)


def test_it_passes_the_kit_in_another_world(path: Path) -> None:
    wanted = Wanted(f"cyclegan:weights={path}", "method", "world", "cpu")
    checks = bound_checks(load_registry(), wanted)
    assert [str(error) for _, error in verdicts(checks) if error is not None] == []


def test_the_shipped_weights_were_made_by_the_recipe_as_it_stands() -> None:
    manifest = read_manifest(shipped_path().with_suffix(".json"))
    training = manifest.training
    assert training["recipe"] == json.loads(json.dumps(CMNIST_TO7.to_json()))
    assert training["steps"] == CMNIST_TO7.steps
    assert training["command"] == "python -m bridgebench_cyclegan.train --seed 0 --threads 1"
    card = shipped_path().with_suffix(".md").read_text(encoding="utf-8")
    assert f"`{training['command']}`" in card
    assert f"{training['images_seen']:,}" in card
    assert f"{training['seconds']:,}" in card
    assert manifest.bytes < 10_000_000


def test_the_shipped_generators_are_those_of_the_recipe() -> None:
    expected = networks(CMNIST_TO7, 0)["to_target"].state_dict()
    for network in load_pair(shipped_path()).values():
        assert {k: v.shape for k, v in network.state_dict().items()} == {
            k: v.shape for k, v in expected.items()
        }


def test_shipped_weights_make_sevens_in_the_color_of_their_sources(tmp_path: Path) -> None:
    """A few images: the measured figures are in the model card."""
    (row,) = bridgebench.run(
        "cmnist_to7", method=["cyclegan"], n=48, metric=["cycle"], out=tmp_path
    ).to_dict("records")
    assert row["status"] == "ok", row["reason"]
    assert row["accuracy"] >= 0.85
    assert row["color_deg"] < 30
