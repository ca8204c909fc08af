"""The recipes as commands: weights, manifest, snapshots, resume, and plain output when piped."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file
from torch import nn

from bridgebench import Extractor
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.plugins.specs import build
from bridgebench.toolkit.nn.training import Schedule, Shard, ShardLoss
from bridgebench.toolkit.nn.unet import UNetConfig
from bridgebench_cmnist import train
from bridgebench_cmnist.classifier.extractor import DigitExtractor, SecondDigitExtractor
from bridgebench_cmnist.score.models import CmnistSevens
from bridgebench_cmnist.training.recipes import LABELS, SEVENS
from bridgebench_cmnist.training.score_data import ScoreData

TINY = replace(
    SEVENS,
    network=UNetConfig(channels=(16, 16), blocks=(1, 1), attention=(False, True), embedding=16),
    schedule=Schedule(steps=6, warmup=2, checkpoint_every=2),
    batch=8,
)


@pytest.fixture(autouse=True)
def small_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "SEVENS", TINY)


def command(folder: Path, *words: str) -> str:
    result = CliRunner().invoke(train.main, ["sevens", "--out", str(folder), *words])
    assert result.exit_code == 0, result.output
    return result.output


def weights(folder: Path) -> torch.Tensor:
    tensors = load_file(folder / "cmnist_sevens.safetensors")
    return torch.cat([tensors[name].flatten() for name in sorted(tensors)])


def test_a_command_makes_weights_that_load(tmp_path: Path) -> None:
    output = command(tmp_path, "--seed", "3")
    assert output.splitlines() == [f"wrote {tmp_path / 'cmnist_sevens.safetensors'}"]
    manifest = json.loads((tmp_path / "cmnist_sevens.json").read_text(encoding="utf-8"))
    assert manifest["training"]["command"] == (
        "python -m bridgebench_cmnist.train sevens --seed 3 --threads 2"
    )
    assert manifest["training"]["images_seen"] == 48
    model = CmnistSevens(weights=tmp_path / "cmnist_sevens.safetensors")
    denoiser = model.load(torch.device("cpu"), "fp32").denoiser(["digit:7"] * 2)
    assert denoiser(torch.zeros(2, 3, 32, 32), torch.ones(2)).shape == (2, 3, 32, 32)


def test_weights_are_a_function_of_the_seed(tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        command(tmp_path / name, "--seed", seed)
    assert torch.equal(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert not torch.equal(weights(tmp_path / "a"), weights(tmp_path / "c"))


def test_a_run_goes_on_from_its_checkpoint_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(tmp_path / "whole")
    honest = train.score_loss

    def stopping(data: ScoreData) -> ShardLoss:
        def loss_of(network: nn.Module, shard: Shard) -> torch.Tensor:
            if shard.step == 5:
                raise KeyboardInterrupt
            return honest(data)(network, shard)

        return loss_of

    monkeypatch.setattr(train, "score_loss", stopping)
    stopped = CliRunner().invoke(train.main, ["sevens", "--out", str(tmp_path / "broken")])
    assert stopped.exit_code == 1
    assert not (tmp_path / "broken" / "cmnist_sevens.safetensors").exists()
    monkeypatch.setattr(train, "score_loss", honest)
    command(tmp_path / "broken")
    assert torch.equal(weights(tmp_path / "broken"), weights(tmp_path / "whole"))


def test_a_later_part_goes_on_from_the_average_of_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(tmp_path / "first")
    monkeypatch.setattr(train, "SEVENS", replace(TINY, batch=4, after=TINY))
    output = command(tmp_path / "both")
    first, last = output.splitlines()
    assert first == f"wrote {tmp_path / 'both' / 'cmnist_sevens.part1.safetensors'}"
    assert last == f"wrote {tmp_path / 'both' / 'cmnist_sevens.safetensors'}"
    one, two = (load_file(tmp_path / "first" / "cmnist_sevens.safetensors"), load_file(first[6:]))
    assert all(torch.equal(one[name], two[name]) for name in one)
    training = json.loads((tmp_path / "both" / "cmnist_sevens.json").read_text(encoding="utf-8"))[
        "training"
    ]
    assert training["steps"] == 12
    assert training["images_seen"] == 48 + 24
    assert training["recipe"]["after"]["batch"] == 8

    whole = weights(tmp_path / "both")
    monkeypatch.setattr(train, "SEVENS", replace(TINY, batch=4))
    command(tmp_path / "alone")
    assert not torch.equal(whole, weights(tmp_path / "alone"))


def test_another_seed_is_refused_over_a_checkpoint_in_one_line(tmp_path: Path) -> None:
    command(tmp_path)
    words = ["sevens", "--out", str(tmp_path), "--seed", "9"]
    result = CliRunner().invoke(train.main, words)
    assert result.exit_code == 1
    assert "the checkpoint of another recipe" in result.output
    assert len(result.output.splitlines()) == 1
    command(tmp_path, "--seed", "9", "--restart")


@pytest.mark.parametrize(
    ("model", "extractor"),
    [
        ("classifier", DigitExtractor),
        ("classifier_2", SecondDigitExtractor),
    ],
)
def test_both_classifiers_are_made_by_one_command(
    model: str, extractor: type[Extractor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for recipe in ("CLASSIFIER", "CLASSIFIER_2"):
        monkeypatch.setattr(train, recipe, replace(getattr(train, recipe), batch=8))
    words = [model, "--out", str(tmp_path), "--steps", "2", "--threads", "1"]
    result = CliRunner().invoke(train.main, words)
    assert result.exit_code == 0, result.output
    path = tmp_path / f"{extractor.name}.safetensors"
    assert result.output.splitlines() == [f"wrote {path}"]
    made = build(load_registry(), Kind.EXTRACTOR, Extractor, extractor.name).model_copy(
        update={"weights": path}
    )
    seen = made.load(torch.device("cpu"))(torch.zeros(3, 3, 32, 32))
    assert seen.logits is not None
    assert seen.logits.shape == (3, 10)


def test_an_unknown_model_is_a_usage_error() -> None:
    result = CliRunner().invoke(train.main, ["eights"])
    assert result.exit_code == 2
    assert "'eights' is not one of" in result.output


def test_the_shipped_recipes_are_the_defaults() -> None:
    assert LABELS.network.classes == 10
    assert SEVENS.network.classes == 0
    assert LABELS.digit is None
    assert SEVENS.digit == 7
