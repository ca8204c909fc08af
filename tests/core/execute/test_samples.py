"""Several outputs of each source, for metrics that ask for them."""

import pytest

from bridgebench.api import run_choices
from bridgebench.execute.progress import Silent
from bridgebench.plan.choices import choices_of

DIVERSITY = "sample_diversity:k=3"


class Counting(Silent):
    """Counts the evaluations that it was told of and those that it was told to expect."""

    def __init__(self):
        self.expected = self.told = 0

    def start(self, evaluations, cells):
        self.expected = evaluations

    def evaluated(self, count):
        self.told += count


def run(out, *, progress=None, **words):
    return run_choices(choices_of({"task": "world", "out": out, **words}), progress)


def rows(finished):
    return finished.board.table.set_index("method")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    out = tmp_path_factory.mktemp("plain") / "out"
    return rows(run(out, method="random_latent,dice,identity", solver="euler"))


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    out = tmp_path_factory.mktemp("sampled") / "out"
    methods = "random_latent,dice,identity"
    return rows(run(out, method=methods, solver="euler", metric=DIVERSITY))


def test_a_stochastic_method_has_samples_and_a_deterministic_one_has_none(sampled):
    diversity = sampled["sample_diversity"]
    assert diversity["random_latent"] > 0.3
    assert diversity["dice"] > 0.3
    assert diversity.isna()["identity"]
    assert set(sampled["status"]) == {"ok"}


def test_more_samples_change_neither_the_row_nor_its_cost(plain, sampled):
    for column in ("fid", "color_deg", "accuracy", "transport", "nfe_total", "nfe_decode"):
        assert plain[column].equals(sampled[column]), column
    assert sampled["nfe_total"]["random_latent"] == 4


def test_evaluations_for_samples_are_no_progress(tmp_path):
    progress = Counting()
    run(
        tmp_path / "out",
        progress=progress,
        method="random_latent,ddib",
        metric=f"{DIVERSITY},cycle",
    )
    assert progress.told == progress.expected > 0


def test_samples_do_not_depend_on_the_batch(tmp_path, sampled):
    whole = rows(run(tmp_path / "out", method="dice", metric=DIVERSITY, batch=10))
    for column in ("sample_diversity", "sample_diversity_low"):
        assert whole[column]["dice"] == pytest.approx(sampled[column]["dice"], rel=1e-6)


def test_what_a_shared_stage_draws_is_drawn_again(tmp_path, sampled):
    staged = rows(run(tmp_path / "out", method="dice:stage=true", metric=DIVERSITY))
    assert staged["sample_diversity"].item() == pytest.approx(
        sampled["sample_diversity"]["dice"], rel=1e-6
    )


def test_a_sample_that_fails_is_a_failed_row(tmp_path):
    finished = run(tmp_path / "out", method="dice:fails=true,identity", metric=DIVERSITY)
    failed, other = finished.records
    assert (failed.status, failed.reason) == ("failed", "ValueError: no second throw")
    assert other.status == "ok"
