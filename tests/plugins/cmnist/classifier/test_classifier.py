"""The digit classifier: how good it is, on which hues, and that its features are its logits'."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from bridgebench import Extracted, IntegrityError, Items, LoadedExtractor
from bridgebench.toolkit.nn.training import Shard
from bridgebench_cmnist.classifier.convolutional import ClassifierConfig, DigitClassifier
from bridgebench_cmnist.classifier.extractor import DigitExtractor, SecondDigitExtractor
from bridgebench_cmnist.classifier.residual import ResidualClassifier, ResidualConfig
from bridgebench_cmnist.digits.dataset import ColoredMnist
from bridgebench_cmnist.digits.files import load_digits
from bridgebench_cmnist.training.classifier_data import ClassifierData, random_affine
from bridgebench_cmnist.weights import load_weights, shipped_path


@pytest.fixture(scope="module")
def classifier() -> LoadedExtractor:
    return DigitExtractor().load(torch.device("cpu"))


@pytest.fixture(scope="module")
def items() -> Items:
    return ColoredMnist().items("digits", "test", 10_000, seed=3)


@pytest.fixture(scope="module")
def seen(classifier: LoadedExtractor, items: Items) -> Extracted:
    parts = [classifier(batch.images) for batch in items.batches(500)]
    logits = [part.logits for part in parts if part.logits is not None]
    return Extracted(torch.cat([part.features for part in parts]), torch.cat(logits))


def test_it_knows_the_colored_test_digits(seen: Extracted, items: Items) -> None:
    assert seen.logits is not None
    labels = torch.tensor([int(domain.removeprefix("digit:")) for domain in items.domains])
    right = (seen.logits.argmax(dim=1) == labels).double()
    assert right.mean() >= 0.992
    by_class = [right[labels == digit].mean().item() for digit in range(10)]
    assert min(by_class) >= 0.985


def test_features_are_64_wide_and_alive(seen: Extracted) -> None:
    assert seen.features.shape == (10_000, 64)
    assert seen.features.dtype == torch.float32
    assert (seen.features.std(dim=0) > 0.1).all()


def test_an_image_is_seen_alike_in_any_batch(
    classifier: LoadedExtractor, items: Items, seen: Extracted
) -> None:
    few = classifier(items.images[37:40])
    torch.testing.assert_close(few.features, seen.features[37:40], rtol=1e-3, atol=1e-3)


def test_sha256_is_that_of_the_shipped_file() -> None:
    assert len(DigitExtractor().sha256()) == 64
    other = DigitExtractor(weights=shipped_path("cmnist_digits"))
    assert other.sha256() == DigitExtractor().sha256()


def test_score_weights_are_no_classifier() -> None:
    wrong = DigitExtractor(weights=shipped_path("cmnist_sevens"))
    with pytest.raises(IntegrityError, match="holds a score network, expected a classifier"):
        wrong.load(torch.device("cpu"))


def test_training_batches_are_a_function_of_seed_and_step() -> None:
    data = ClassifierData(load_digits("test"), batch=16, seed=1)
    images, labels = data.draw(Shard(9))
    data.draw(Shard(2))
    again, same = data.draw(Shard(9))
    assert torch.equal(images, again)
    assert torch.equal(labels, same)
    assert images.shape == (16, 3, 32, 32)


def test_affine_distortion_keeps_ink_and_moves_little() -> None:
    value = torch.zeros(64, 32, 32)
    value[:, 12:20, 14:18] = 1.0
    moved = random_affine(value, np.random.default_rng(0))
    ink = moved.sum(dim=(1, 2)) / value.sum(dim=(1, 2))
    assert ink.min() > 0.7
    assert ink.max() < 1.4
    weight = moved / moved.sum(dim=(1, 2), keepdim=True)
    grid = torch.arange(32.0)
    centers = torch.stack(
        [(weight.sum(dim=2) * grid).sum(1), (weight.sum(dim=1) * grid).sum(1)], dim=1
    )
    assert (centers - 15.5).abs().max() < 3.5
    assert not torch.allclose(moved[0], moved[1])


def test_folded_norms_change_round_off_alone(classifier: Any, items: Items) -> None:
    network, _ = load_weights(
        shipped_path("cmnist_digits"),
        "classifier",
        lambda fields: DigitClassifier(ClassifierConfig.from_json(fields)),
    )
    images = items.images[:200]
    with torch.inference_mode():
        expected = network.features(images)
    torch.testing.assert_close(classifier(images).features, expected, rtol=0, atol=1e-4)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in classifier.network.modules())


def test_folded_norms_of_the_second_classifier_change_round_off_alone(items: Items) -> None:
    network, _ = load_weights(
        shipped_path("cmnist_digits_2"),
        "residual classifier",
        lambda fields: ResidualClassifier(ResidualConfig.from_json(fields)),
    )
    second = SecondDigitExtractor().load(torch.device("cpu"))
    images = items.images[:200]
    with torch.inference_mode():
        expected = network.features(images)
        logits = network(images)
    found = second(images)
    assert found.features.shape == (200, 96)
    torch.testing.assert_close(found.features, expected, rtol=0, atol=1e-4)
    torch.testing.assert_close(found.logits, logits, rtol=0, atol=1e-3)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in second.network.modules())


def test_neither_classifier_loads_as_the_other() -> None:
    first, second = shipped_path("cmnist_digits"), shipped_path("cmnist_digits_2")
    with pytest.raises(IntegrityError, match="holds a residual classifier, expected a classifier"):
        DigitExtractor(weights=second).load(torch.device("cpu"))
    with pytest.raises(IntegrityError, match="holds a classifier, expected a residual classifier"):
        SecondDigitExtractor(weights=first).load(torch.device("cpu"))
    assert SecondDigitExtractor().sha256() != DigitExtractor().sha256()


@pytest.mark.parametrize("fields", [{"widths": [1, 2, 3]}, {"widths": [1, 2], "dropout": 0.1}])
def test_an_architecture_that_does_not_fit_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected 3 widths and dropout"):
        ResidualConfig.from_json(fields)
