"""Weights between two domains: what they do not fit, and what a training of them needs."""

from pathlib import Path

import pytest
from torch import nn

from bridgebench import IntegrityError, InvalidOption, UnknownName
from bridgebench.toolkit.nn.two_domains import TwoDomains, check_trainable, read_two_domains
from bridgebench.toolkit.nn.weights import write_weights
from bridgebench_cmnist.digits.dataset import ColoredMnist

HERE = TwoDomains("cmnist", "digit:2", "digit:3", (3, 32, 32), {"width": 8})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = HERE.write(tmp_path, "mine", nn.Linear(2, 2), {}, "somebody")
    found, tensors = read_two_domains(path, "somebody")
    assert found == HERE
    assert set(tensors) == {"weight", "bias"}


@pytest.mark.parametrize(
    "fields",
    [
        {"dataset": "cmnist"},
        {**vars(HERE), "shape": [3, 32]},
        {**vars(HERE), "shape": [3, 32, 32.5]},
        {**vars(HERE), "more": 1},
    ],
)
def test_a_file_that_says_something_else_is_refused(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    path = write_weights(tmp_path, "odd", nn.Linear(2, 2), fields, {}, "somebody")
    with pytest.raises(IntegrityError, match=r"does not say which domains.*somebody\.train"):
        read_two_domains(path, "somebody")


@pytest.mark.parametrize(
    ("source", "target", "shape", "said"),
    [
        ("digit:2", "digit:3", (3, 32, 32), ""),
        ("digit:3", "digit:2", (3, 32, 32), "lead from digit:2 to digit:3 alone"),
        ("digit:2", "digit:7", (3, 32, 32), "mine.train --source digit:2 --target digit:7"),
        ("digit:2", "digit:3", (1, 32, 32), "items of shape (3, 32, 32), not (1, 32, 32)"),
    ],
)
def test_other_domains_and_shapes_are_named(
    source: str, target: str, shape: tuple[int, ...], said: str
) -> None:
    reason = HERE.unfit_for(source, target, shape, "mine")
    assert said in reason
    assert bool(reason) == bool(said)


def test_a_training_needs_its_domain_its_split_and_enough_images() -> None:
    dataset = ColoredMnist()
    size = dataset.size("digit:7", "train")
    check_trainable(dataset, "digit:7", size, "--batch")
    with pytest.raises(UnknownName, match="digit:x"):
        check_trainable(dataset, "digit:x", 1, "--batch")
    with pytest.raises(InvalidOption, match=f"{size} training images.*a smaller --batch"):
        check_trainable(dataset, "digit:7", size + 1, "--batch")
