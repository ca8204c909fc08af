"""The training as a command: weights, manifest, resume, and bad input."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

from bridgebench import Dataset
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.plugins.specs import build
from bridgebench_cyclegan import train
from bridgebench_cyclegan.image_stream import ImageStream
from bridgebench_cyclegan.networks import GeneratorConfig
from bridgebench_cyclegan.recipe import CMNIST_TO7
from bridgebench_cyclegan.training import CycleGanTrainer, Losses
from bridgebench_cyclegan.weights import load_pair, read_description

TINY = replace(
    CMNIST_TO7,
    generator=GeneratorConfig(width=8, blocks=1, group_width=4, skip=True),
    discriminator_width=4,
    discriminator_group=4,
    steps=6,
    batch=4,
    history=6,
    checkpoint_every=2,
)


@pytest.fixture(autouse=True)
def small_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "CMNIST_TO7", TINY)


def command(folder: Path, *words: str, fails: bool = False) -> str:
    sizes = ["--steps", "6", "--batch", "4"]
    result = CliRunner().invoke(train.main, ["--out", str(folder), *sizes, *words])
    assert (result.exit_code != 0) == fails, result.output
    return result.output


def weights(folder: Path) -> torch.Tensor:
    tensors = load_file(folder / "cmnist_to7.safetensors")
    return torch.cat([tensors[key].flatten() for key in sorted(tensors)])


def cmnist() -> Dataset:
    return build(load_registry(), Kind.DATASET, Dataset, "cmnist")


def test_a_command_makes_weights_that_load(tmp_path: Path) -> None:
    words = ("--seed", "3", "--target", "digit:3", "--source", "not_digit:3", "--cycle", "1")
    output = command(tmp_path, *words, "--name", "mine")
    path = tmp_path / "mine.safetensors"
    assert output.splitlines() == [f"wrote {path}"]
    training = json.loads((tmp_path / "mine.json").read_text(encoding="utf-8"))["training"]
    assert training["command"] == (
        "python -m bridgebench_cyclegan.train --seed 3 --threads 1 --source not_digit:3 "
        "--target digit:3 --cycle 1.0 --name mine"
    )
    assert (training["images_seen"], training["steps"]) == (48, 6)
    card = (tmp_path / "mine.md").read_text(encoding="utf-8")
    assert f"`{training['command']}`" in card
    assert "cycle 1, identity 3, falling to 0.3; history of 6 images" in card
    description = read_description(path)
    assert (description.source, description.target) == ("not_digit:3", "digit:3")
    x = torch.zeros(2, 3, 32, 32)
    assert all(network(x).shape == x.shape for network in load_pair(path).values())


def test_weights_are_a_function_of_the_seed(tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        command(tmp_path / name, "--seed", seed)
    assert torch.equal(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert not torch.equal(weights(tmp_path / "a"), weights(tmp_path / "c"))


def test_a_run_goes_on_from_its_checkpoint_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(tmp_path / "whole")
    advance = CycleGanTrainer.advance

    def stopping(self: CycleGanTrainer, x: torch.Tensor, y: torch.Tensor) -> Losses:
        if self.step == 5:
            raise KeyboardInterrupt
        return advance(self, x, y)

    monkeypatch.setattr(CycleGanTrainer, "advance", stopping)
    command(tmp_path / "broken", fails=True)
    assert not (tmp_path / "broken" / "cmnist_to7.safetensors").exists()
    monkeypatch.setattr(CycleGanTrainer, "advance", advance)
    command(tmp_path / "broken")
    assert torch.equal(weights(tmp_path / "broken"), weights(tmp_path / "whole"))


def test_a_step_may_be_added_before_the_rate_falls_and_not_after(tmp_path: Path) -> None:
    recipe = replace(TINY, steps=8)
    early, late = CycleGanTrainer(recipe, 0), CycleGanTrainer(recipe, 0)
    early.step, late.step = 2, 6
    early.save(tmp_path / "early", {})
    late.save(tmp_path / "late", {})
    longer = CycleGanTrainer(replace(recipe, steps=12), 0)
    longer.restore(tmp_path / "early", {})
    assert longer.step == 2
    with pytest.raises(ValueError, match="fell towards 8 steps already"):
        longer.restore(tmp_path / "late", {})


def test_every_step_has_images_of_its_own_from_the_training_split() -> None:
    dataset = cmnist()
    stream = ImageStream(dataset, replace(TINY, batch=3), seed=0, batches=2)
    steps = [stream.batch(step) for step in range(4)]
    assert all(torch.equal(a, b) for a, b in zip(steps[1], stream.batch(1), strict=True))
    sources = torch.cat([source for source, _ in steps])
    assert len(sources.flatten(1).unique(dim=0)) == 12
    # Whatever its hue, a digit is known by its largest channel.
    grey = dataset.items("digit:7", "train", dataset.size("digit:7", "train"), 0).images.amax(1)
    for target in torch.cat([target for _, target in steps]):
        assert (grey - target.amax(0)).abs().amax(dim=(1, 2)).min() < 1e-6


def test_the_terms_are_weighted_as_the_recipe_says() -> None:
    """At the first step the networks are the same, so that the losses differ by the weights."""
    x, y = (cmnist().items(d, "train", 4, 0).images for d in ("not_digit:7", "digit:7"))

    def losses(**weights: float) -> Losses:
        return CycleGanTrainer(replace(TINY, **weights), 0).advance(x, y)

    plain = losses(cycle=0.0, identity=0.0)
    cycled = losses(cycle=2.0, identity=0.0)
    assert cycled.cycle == plain.cycle
    # `cycle` is the mean of both directions, and the loss has their sum.
    assert cycled.generators - plain.generators == pytest.approx(2 * 2 * plain.cycle, rel=1e-4)
    both = losses(cycle=2.0, identity=1.0).generators - cycled.generators
    assert losses(cycle=2.0, identity=3.0).generators - cycled.generators == pytest.approx(
        3 * both, rel=1e-3
    )


def test_generators_learn_against_their_judges() -> None:
    """By the adversarial terms alone, red images become green ones, and the way back learns, too.

    A generator that has learned nothing leaves its images as they are.
    """
    recipe = replace(TINY, steps=10_000, cycle=0.0, identity=0.0, lr=2e-3, discriminator_lr=2e-3)
    trainer = CycleGanTrainer(recipe, 0)
    red, green = (
        torch.tensor(color).view(1, 3, 1, 1).expand(4, 3, 16, 16)
        for color in ((0.5, -0.5, -0.5), (-0.5, 0.5, -0.5))
    )

    @torch.no_grad()
    def green_less_red(name: str, images: torch.Tensor) -> float:
        r, g, _ = trainer.modules[name](images).mean(dim=(0, 2, 3)).tolist()
        return float(g - r)

    assert green_less_red("to_target", red) < -1
    assert green_less_red("to_source", green) > 1
    for _ in range(80):
        trainer.advance(red, green)
    assert green_less_red("to_target", red) > 1
    assert green_less_red("to_source", green) < -0.5


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--dataset", "cmnits"], "unknown dataset 'cmnits'; did you mean cmnist?"),
        (["--source", "digit:77"], "unknown domain of cmnist 'digit:77'; did you mean digit:7"),
        (["--batch", "512"], "digit:7 has 6265 training images, fewer than the 32768"),
        (["--dataset", "world", "--source", "red", "--target", "green"], "red has 40 training"),
    ],
)
def test_bad_input_is_one_line(words: list[str], complaint: str, tmp_path: Path) -> None:
    output = command(tmp_path, *words, fails=True)
    assert complaint in output
    assert output.startswith("Error: ")
    assert len(output.splitlines()) == 1


def test_another_seed_is_refused_over_a_checkpoint_in_one_line(tmp_path: Path) -> None:
    command(tmp_path)
    output = command(tmp_path, "--seed", "9", fails=True)
    assert "the checkpoint of another recipe" in output
    assert len(output.splitlines()) == 1
    command(tmp_path, "--seed", "9", "--restart")
