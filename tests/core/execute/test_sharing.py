"""Shared stages from the store: the same rows, at the cost of the cell, and nothing stale."""

import pytest
import torch

from bridgebench import UsageError
from bridgebench.api import run_choices
from bridgebench.execute.sharing import cached_share, entry_key
from bridgebench.execute.store import LIMIT_VARIABLE, Store, user_store
from bridgebench.files.cache_folder import FOLDER_VARIABLE
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plugins.registry import load_registry

WORDS = {"task": "world", "method": "ddib", "transform": "identity"}
CPU = torch.device("cpu")
DISTURBED = ["seconds", "images_per_s", "peak_memory_mb"]


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(LIMIT_VARIABLE, "100MB")
    return tmp_path / "cache"


class Counting:
    """A progress that counts evaluations; those skipped are told of as well."""

    def __init__(self):
        self.expected, self.told = 0, 0

    def start(self, evaluations, cells):
        self.expected = evaluations

    def evaluated(self, count):
        self.told += count

    def doing(self, text):
        pass

    def finished_cell(self, identity):
        pass


def run(out, progress=None, **words):
    return run_choices(choices_of({**WORDS, "out": out, **words}), progress)


def numbers(finished):
    return finished.board.table.drop(columns=DISTURBED).to_csv()


def encodes(cache):
    return sorted(cache.glob("stages/??/*.safetensors"))


def refuse(self, cell, batch, previous, context):
    raise AssertionError("the stage is in the cache")


def test_a_cached_encode_gives_the_same_row_and_its_whole_cost(tmp_path, cache, monkeypatch):
    progress = Counting()
    first = run(tmp_path / "a", solver="heun")
    monkeypatch.setattr("bridgebench_ddib.ddib.Ddib.run_stage", refuse)
    second = run(tmp_path / "b", progress, solver="heun")
    assert numbers(first) == numbers(second)
    assert progress.told == progress.expected
    plan = second.plan
    keys = [entry_key(key, 0, min(plan.batch, plan.n), CPU) for _, key in plan.cells[0].shared]
    encode_seconds = user_store().get(keys[0]).facts["seconds"]
    assert second.board.table["seconds"].item() > encode_seconds > 0


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UsageError("a blur needs planes"), "in the shared stage encode: a blur needs planes"),
        (KeyError("mean"), "in the shared stage encode: KeyError: 'mean'"),
    ],
)
def test_a_stage_that_fails_names_itself_and_only_what_is_no_message_its_class(
    tmp_path, monkeypatch, error, said
):
    def fail(self, cell, batch, previous, context):
        raise error

    monkeypatch.setattr("bridgebench_ddib.ddib.Ddib.run_stage", fail)
    (record,) = run(tmp_path / "a", solver="heun").records
    assert (record.status, record.reason) == ("failed", said)


def test_a_damaged_entry_is_computed_again(tmp_path, cache):
    first = run(tmp_path / "a")
    for path in encodes(cache):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    assert numbers(run(tmp_path / "b")) == numbers(first)
    assert len(encodes(cache)) > 0


def test_without_a_cache_the_row_is_the_same(tmp_path, monkeypatch):
    cached = [run(tmp_path / "a"), run(tmp_path / "b")][1]
    monkeypatch.setenv(LIMIT_VARIABLE, "0")
    assert numbers(run(tmp_path / "c")) == numbers(cached)


def keys_of(**words):
    plan = make_plan(load_registry(), choices_of({**WORDS, **words}))
    return {key for cell in plan.cells for _, key in cell.shared}


@pytest.mark.parametrize(
    "words",
    [{"nfe": 6}, {"seed": 1}, {"batch": 3}, {"solver": "euler"}, {"precision": "bf16"}],
)
def test_what_decides_an_encode_is_in_its_key(words):
    alone = {"nfe": 4, "seed": 0, "solver": "heun", "precision": "fp32"}
    assert not keys_of(**alone) & keys_of(**{**alone, **words})


def test_metrics_and_the_latent_stage_have_no_part_in_it():
    plain = keys_of(solver="heun")
    assert keys_of(solver="heun", metric="cycle") == plain
    assert keys_of(solver="heun", transform="normalize,scale:c=0.5") == plain


def test_the_plan_knows_what_is_there(tmp_path):
    plan = make_plan(load_registry(), choices_of({**WORDS, "solver": "heun"}))
    (group,) = [group for group in plan.groups if group.shared]
    assert cached_share(group, plan, user_store()) == 0.0
    run(tmp_path / "a", solver="heun")
    assert cached_share(group, plan, user_store()) == 1.0
    assert cached_share(group, plan, Store(tmp_path / "elsewhere", 10**6)) == 0.0


def test_a_read_only_cache_is_a_warning_and_a_whole_run(tmp_path, cache):
    cache.write_text("a file where the folder would be")
    with pytest.warns(UserWarning, match="shared work is done again"):
        assert run(tmp_path / "a").all_ok


def test_only_an_encode_of_partners_depends_on_how_many_images_the_run_has():
    own = {"n": 4, "batch": 4}
    assert keys_of(**own) == keys_of(**{**own, "n": 8})
    shuffled = {**own, "method": "ddib:latent=shuffled"}
    assert not keys_of(**shuffled) & keys_of(**own)
    assert not keys_of(**shuffled) & keys_of(**{**shuffled, "n": 8})
    assert keys_of(**own, method="ddib:latent=noise") == set()


def test_controls_of_a_run_of_other_images_are_not_taken_from_the_cache(tmp_path):
    words = {"method": "ddib:latent=shuffled", "solver": "heun", "batch": 4}
    run(tmp_path / "first", n=4, **words)
    cached = run(tmp_path / "cached", n=8, **words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(LIMIT_VARIABLE, "0")
        assert numbers(run(tmp_path / "anew", n=8, **words)) == numbers(cached)


def test_a_latent_of_another_source_needs_another_source(tmp_path):
    (record,) = run(tmp_path / "a", n=1, method="ddib:latent=shuffled", solver="heun").records
    assert record.status == "failed"
    assert record.reason == (
        "in the shared stage encode: 1 source image has no other one to change places with; "
        "give n=2"
    )


def test_noise_is_decoded_at_the_cost_of_the_decode_alone(tmp_path):
    (record,) = run(tmp_path / "a", method="ddib:latent=noise", solver="heun").records
    assert (record.cost["nfe_encode"], record.cost["nfe_decode"]) == (0, 4)
    assert record.baseline


def test_chance_beside_the_partners_undoes_the_shuffling_of_the_latents(tmp_path):
    """The output of an item is the translation of its partner, whose source stands beside it."""
    words = {"method": "ddib,ddib:latent=shuffled", "solver": "heun"}
    found = {r.axes["method"]: r.values for r in run(tmp_path / "a", **words).records}
    shuffled, own = found["ddib:latent=shuffled"], found["ddib"]
    assert shuffled["transport_chance"].value == pytest.approx(own["transport"].value, rel=1e-4)
    assert shuffled["transport"].value != pytest.approx(own["transport"].value, rel=1e-4)
