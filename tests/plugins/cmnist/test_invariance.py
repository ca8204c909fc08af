"""A row is the same whatever it was computed beside, in which batches, and on how many threads.

On the shipped weights: the source is encoded by `cmnist_labels`, the latent decoded by
`cmnist_sevens`, and the transform draws noise.
"""

import math

import numpy as np
import pytest
import torch

from bridgebench.api import run_choices
from bridgebench.leaderboard.render.show import with_half_width
from bridgebench.plan.choices import choices_of

WORDS = {
    "task": "cmnist_to7",
    "device": "cpu",
    "method": "ddib",
    "source_score": "cmnist_labels",
    "target_score": "cmnist_sevens",
}
ONE_CELL = {**WORDS, "solver": "dpm", "transform": "fixed_noise:c=0.3"}
CELLS = {"solver": ["euler", "dpm"], "transform": ["identity", "rotate_image", "fixed_noise:c=0.3"]}


@pytest.fixture(autouse=True)
def threads():
    """The tests set the number of threads; it is what it was afterwards."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def run(out, **words):
    finished = run_choices(choices_of({**WORDS, "out": out, **words}))
    assert finished.all_ok
    return finished


def statistics_of(finished, record):
    """What a run says of a cell, but its cost: the numbers, and every statistic of its images."""
    return record.values, record.facts, finished.folder.records.items(record)


def assert_same_bits(finished, other):
    theirs = {record.identity: record for record in other.records}
    for record in finished.records:
        values, facts, items = statistics_of(finished, record)
        their_values, their_facts, their_items = statistics_of(other, theirs[record.identity])
        assert (values, facts) == (their_values, their_facts)
        assert items.keys() == their_items.keys()
        assert all(items[name].tobytes() == their_items[name].tobytes() for name in items)


def last_digit(value):
    """The last digit that a number is printed with, as a step: 0.01 for 0.62 ±0.18."""
    if value.low is not None and value.high > value.low:
        printed = with_half_width(value.value, (value.high - value.low) / 2).partition(" ")[0]
        return 10.0 ** -len(printed.partition(".")[2])
    return 10.0 ** (math.floor(math.log10(abs(value.value))) - 3) if value.value else 0.0


def assert_same_as_printed(finished, other):
    (record,), (their_record,) = finished.records, other.records
    assert record.values.keys() == their_record.values.keys()
    for name, value in record.values.items():
        theirs = their_record.values[name]
        for number, expected in zip(
            (value.value, value.low, value.high), (theirs.value, theirs.low, theirs.high),
            strict=True,
        ):  # fmt: skip
            if number is None:
                assert expected is None
            else:
                assert number == pytest.approx(expected, abs=last_digit(value), rel=0), name


class TestBatchesAndThreads:
    @pytest.fixture(scope="class")
    def made(self, tmp_path_factory):
        """A run and its images by batch size and threads; each is made once."""
        memo = {}

        def make(batch, threads, again=""):
            if (batch, threads, again) not in memo:
                torch.set_num_threads(threads)
                folder = tmp_path_factory.mktemp("made")
                kept = folder / "kept.pt"
                words = {**ONE_CELL, "n": 256, "nfe": 2, "batch": batch, "precision": "fp32"}
                finished = run(folder / "out", **words, metric=f"kept:file={kept}")
                memo[batch, threads, again] = finished, torch.load(kept, weights_only=True)
            return memo[batch, threads, again]

        return make

    @pytest.mark.parametrize(("batch", "threads"), [(16, 1), (256, 1), (64, 2)])
    def test_other_batches_and_threads_give_the_same_row(self, made, batch, threads):
        finished, images = made(64, 1)
        other, theirs = made(batch, threads)
        assert finished.records[0].values["success"].value > 0
        assert (images - theirs).abs().max() < 1e-4
        assert_same_as_printed(finished, other)

    def test_the_same_batches_and_threads_give_the_same_bits(self, made):
        finished, images = made(64, 1)
        again, theirs = made(64, 1, "again")
        assert torch.equal(images, theirs)
        assert_same_bits(finished, again)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_order_and_number_of_the_rows_change_no_bit(tmp_path, precision, threads):
    threads(1)
    # 20 images in batches of 16, so that the last one is filled up
    words = {"n": 20, "batch": 16, "nfe": 4, "precision": precision}
    together = run(tmp_path / "together", **words, **CELLS)
    assert len(together.records) == 6
    assert {record.provenance["precision"] for record in together.records} == {precision}
    turned = {axis: values[::-1] for axis, values in CELLS.items()}
    assert_same_bits(run(tmp_path / "turned", **words, **turned), together)
    alone = {axis: values[-1] for axis, values in CELLS.items()}
    assert_same_bits(run(tmp_path / "alone", **words, **alone), together)


def test_images_past_the_end_of_a_short_batch_change_nothing(tmp_path):
    words = {**ONE_CELL, "nfe": 4, "precision": "fp32", "batch": 16}
    short, whole = (run(tmp_path / str(n), n=n, **words) for n in (20, 32))
    few, many = (one.folder.records.items(one.records[0]) for one in (short, whole))
    # means over the images, and not statistics of all of them together
    for name in ("color_deg", "confidence", "transport", "structure", "saturation"):
        assert np.array_equal(few[name], many[name][:20])
