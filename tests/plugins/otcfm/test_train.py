"""The training as a command: weights, manifest, resume, a reflow round, and bad input."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

from bridgebench.toolkit.nn.training import Schedule, Shard, ShardLoss
from bridgebench.toolkit.nn.unet import UNetConfig
from bridgebench_otcfm import train
from bridgebench_otcfm.pairs import PathStream
from bridgebench_otcfm.recipe import CMNIST_TO7
from bridgebench_otcfm.training import flow_loss, fresh_trainer
from bridgebench_otcfm.weights import load_flow, read_description

TINY = replace(
    CMNIST_TO7,
    network=UNetConfig(channels=(16, 16), blocks=(1, 1), attention=(False, True), embedding=16),
    schedule=Schedule(steps=6, warmup=2, checkpoint_every=2),
    coupling=16,
    batch=8,
)


@pytest.fixture(autouse=True)
def small_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "CMNIST_TO7", TINY)


def command(folder: Path, *words: str, fails: bool = False) -> str:
    sizes = ["--coupling", "16", "--steps", "6"]
    result = CliRunner().invoke(train.main, ["--out", str(folder), *sizes, *words])
    assert (result.exit_code != 0) == fails, result.output
    return result.output


def weights(folder: Path, name: str = "cmnist_to7") -> torch.Tensor:
    tensors = load_file(folder / f"{name}.safetensors")
    return torch.cat([tensors[key].flatten() for key in sorted(tensors)])


def test_a_command_makes_weights_that_load(tmp_path: Path) -> None:
    output = command(tmp_path, "--seed", "3", "--target", "digit:3", "--name", "mine")
    path = tmp_path / "mine.safetensors"
    assert output.splitlines() == [f"wrote {path}"]
    training = json.loads((tmp_path / "mine.json").read_text(encoding="utf-8"))["training"]
    assert training["command"] == (
        "python -m bridgebench_otcfm.train --target digit:3 --seed 3 --steps 6 --coupling 16"
    )
    assert (training["images_seen"], training["steps"]) == (48, 6)
    assert read_description(path).target == "digit:3"
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    assert card.startswith("# Model card: mine\n")
    assert "optimal transport between 16 images a side" in card
    assert "| images seen | 48 in 6 steps |" in card
    assert load_flow(path)(torch.zeros(2, 3, 32, 32), torch.zeros(2)).shape == (2, 3, 32, 32)


def test_weights_are_a_function_of_the_seed(tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        command(tmp_path / name, "--seed", seed)
    assert torch.equal(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert not torch.equal(weights(tmp_path / "a"), weights(tmp_path / "c"))


@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_run_goes_on_from_its_checkpoint_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: str
) -> None:
    command(tmp_path / "whole", "--threads", threads)

    def stopping(stream: PathStream, seed: int) -> ShardLoss:
        def loss_of(network: torch.nn.Module, shard: Shard) -> torch.Tensor:
            if shard.step == 5:
                raise KeyboardInterrupt
            return flow_loss(stream, seed)(network, shard)

        return loss_of

    monkeypatch.setattr(train, "flow_loss", stopping)
    command(tmp_path / "broken", "--threads", threads, fails=True)
    assert not (tmp_path / "broken" / "cmnist_to7.safetensors").exists()
    monkeypatch.setattr(train, "flow_loss", flow_loss)
    command(tmp_path / "broken", "--threads", threads)
    assert torch.equal(weights(tmp_path / "broken"), weights(tmp_path / "whole"))


def test_a_reflow_round_learns_from_the_first_flow(tmp_path: Path) -> None:
    command(tmp_path)
    first = tmp_path / "cmnist_to7.safetensors"
    command(tmp_path, "--reflow", str(first), "--name", "again", "--pairs", "16")
    training = json.loads((tmp_path / "again.json").read_text(encoding="utf-8"))["training"]
    sha256 = json.loads(first.with_suffix(".json").read_text(encoding="utf-8"))["sha256"]
    assert training["first_flow"] == sha256
    assert f"those of the flow with sha256 {sha256[:12]}" in (tmp_path / "again.md").read_text(
        encoding="utf-8"
    )
    assert training["command"].endswith("--reflow cmnist_to7.safetensors --pairs 16")
    assert not torch.equal(weights(tmp_path, "again"), weights(tmp_path))
    other = tmp_path / "other"
    command(other, "--reflow", str(first), "--name", "again", "--pairs", "32")
    assert not torch.equal(weights(tmp_path, "again"), weights(other, "again"))


def test_a_constant_displacement_is_learned() -> None:
    """Every path goes 0.5 up, so that the least loss is 0 and a network of zeros has 0.25."""
    recipe = replace(TINY, schedule=Schedule(steps=60, warmup=5), lr=1e-2)

    def make(number: int) -> tuple[torch.Tensor, torch.Tensor]:
        start = torch.randn(16, 3, 8, 8, generator=torch.Generator().manual_seed(number))
        return start, start + 0.5

    trainer, loss_of = fresh_trainer(recipe, 0, 1), flow_loss(PathStream(make, recipe), 0)
    losses = [trainer.advance(loss_of) for _ in range(60)]
    assert losses[0] == pytest.approx(0.25, abs=1e-4)
    assert losses[-1] < 0.01


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--dataset", "cmnits"], "unknown dataset 'cmnits'; did you mean cmnist?"),
        (["--source", "digit:77"], "unknown domain of cmnist 'digit:77'; did you mean digit:7"),
        (["--coupling", "8192"], "digit:7 has 6265 training images, fewer than the 8192"),
        (["--coupling", "12"], "coupling=12 is cut into batches of 8; give a multiple"),
        (["--threads", "3"], "3 threads cannot share batches of 8 evenly"),
        (["--pairs", "16"], "--pairs says how many pairs a reflow round has; give --reflow"),
        (["--pairs", "20", "--reflow", "FILE"], "20 pairs are no multiple of the coupling of 16"),
    ],
)
def test_bad_input_is_one_line(words: list[str], complaint: str, tmp_path: Path) -> None:
    command(tmp_path / "first")
    first = str(tmp_path / "first" / "cmnist_to7.safetensors")
    output = command(tmp_path, *(first if word == "FILE" else word for word in words), fails=True)
    assert output.startswith(f"Error: {complaint}")
    assert len(output.splitlines()) == 1


def test_another_seed_is_refused_over_a_checkpoint_in_one_line(tmp_path: Path) -> None:
    command(tmp_path)
    output = command(tmp_path, "--seed", "9", fails=True)
    assert "the checkpoint of another recipe" in output
    assert len(output.splitlines()) == 1
    command(tmp_path, "--seed", "9", "--restart")


def test_without_pot_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ot", None)
    output = command(tmp_path, fails=True)
    assert output == (
        "Error: couplings by optimal transport need POT; pip install 'bridgebench[train]'\n"
    )
