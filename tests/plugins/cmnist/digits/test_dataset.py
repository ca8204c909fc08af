"""The dataset: items that never change, uniform hues, domains, and what it refuses."""

import numpy as np
import pytest
import torch
from scipy import stats

from bridgebench import InvalidOption, UnknownName
from bridgebench.toolkit.color import mean_hue
from bridgebench_cmnist.digits.coloring import color_digits
from bridgebench_cmnist.digits.dataset import ColoredMnist
from bridgebench_cmnist.digits.files import load_digits

DATASET = ColoredMnist()


def test_a_smaller_n_is_a_prefix_bit_for_bit() -> None:
    many = DATASET.items("digits", "test", 300, seed=4)
    few = DATASET.items("digits", "test", 20, seed=4)
    assert few.ids == many.ids[:20]
    assert torch.equal(few.images, many.images[:20])


def test_a_stream_colors_a_batch_when_it_is_asked_for(monkeypatch) -> None:
    colored = []

    def counting(digits, hues):
        colored.append(len(digits))
        return color_digits(digits, hues)

    whole = DATASET.items("not_digit:7", "test", 50, seed=3)
    monkeypatch.setattr("bridgebench_cmnist.digits.coloring.color_digits", counting)
    stream = DATASET.stream("not_digit:7", "test", 50, seed=3, size=20)
    first = next(stream)
    assert colored == [20]
    parts = [first, *stream]
    assert colored == [20, 20, 10]
    assert torch.equal(torch.cat([part.images for part in parts]), whole.images)


def test_an_item_is_the_same_image_in_every_domain_and_order() -> None:
    whole = DATASET.items("digits", "test", 10_000, seed=2)
    sevens = DATASET.items("digit:7", "test", 50, seed=2)
    place = {item: i for i, item in enumerate(whole.ids)}
    assert torch.equal(sevens.images, whole.images[[place[i] for i in sevens.ids]])
    assert whole.ids != tuple(sorted(whole.ids))


def test_images_are_the_digits_that_their_ids_name() -> None:
    items = DATASET.items("not_digit:7", "test", 100, seed=0)
    digits = load_digits("test")
    for image, item, domain in zip(items.images, items.ids, items.domains, strict=True):
        split, index = item.split("/")
        assert (split, len(index)) == ("test", 5)
        assert domain == f"digit:{digits.labels[int(index)]}"
        value = ((image.amax(dim=0) + 1) / 2 * 255).round()[2:30, 2:30]
        assert np.array_equal(value.numpy(), digits.images[int(index)])


def test_hues_are_uniform_and_differ_between_seeds_and_splits() -> None:
    first = mean_hue(DATASET.items("digits", "test", 3000, seed=0).images)
    assert stats.kstest(first.numpy() / 360, "uniform").pvalue > 1e-3
    assert first.max() > 300

    def hue_by_index(split: str, seed: int) -> dict[str, float]:
        items = DATASET.items("digit:7", split, 900, seed)
        hues = mean_hue(items.images).tolist()
        return {i.split("/")[1]: h for i, h in zip(items.ids, hues, strict=True)}

    one, other = hue_by_index("test", 0), hue_by_index("test", 1)
    shared = sorted(set(one) & set(other))
    assert len(shared) > 500
    correlation = np.corrcoef([one[i] for i in shared], [other[i] for i in shared])[0, 1]
    assert abs(correlation) < 0.15


def test_domains_have_the_digits_they_say() -> None:
    assert DATASET.size("digit:7", "test") == 1028
    assert DATASET.size("not_digit:7", "test") == 10_000 - 1028
    assert DATASET.size("digits", "train") == 60_000
    assert DATASET.class_domains("not_digit:2") == tuple(
        f"digit:{d}" for d in (0, 1, 3, 4, 5, 6, 7, 8, 9)
    )
    items = DATASET.items("digit:3", "train", 50, seed=0)
    assert set(items.domains) == {"digit:3"}
    assert all(item.startswith("train/") for item in items.ids)


@pytest.mark.parametrize("n", [0, -1, 1029])
def test_more_than_there_are_is_refused(n: int) -> None:
    with pytest.raises(InvalidOption, match="there are 1 to 1028"):
        DATASET.items("digit:7", "test", n, seed=0)


def test_unknown_domain_and_split_are_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean digit:7"):
        DATASET.size("digit:77", "test")
    with pytest.raises(UnknownName, match="split of cmnist 'validation'"):
        DATASET.size("digits", "validation")


def test_files_are_named_with_their_hashes() -> None:
    files = DATASET.files()
    assert sorted(files) == [
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
    ]
    assert all(len(digest) == 64 for digest in files.values())
