"""Plugins that misbehave: a row says so, and the rows beside it are what they are without them."""

import pytest
from bridgebench_world.misbehaving import ANSWERS, ENDS, QUIET, STATE, MisbehavingExtractor

from bridgebench.api import run_choices
from bridgebench.execute.store import FOLDER_VARIABLE, LIMIT_VARIABLE
from bridgebench.plan.choices import choices_of

BESIDE = {"method": "ddib,random_target", "solver": "heun", "transform": "identity,scale:c=0.8"}


def run(out, **words):
    return run_choices(choices_of({"task": "world", "out": out, **words}))


def numbers(finished, but=()):
    """The numbers of each row, but of those that name one of some words."""
    return {
        record.identity: (record.status, record.values, record.items_sha256)
        for record in finished.records
        if not any(word in str(record.axes) for word in but)
    }


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    return numbers(run(tmp_path_factory.mktemp("honest") / "out", **BESIDE))


def beside(out, method, **words):
    """The row of a method, and the numbers of those that ran after it."""
    finished = run(out, **{**BESIDE, "method": f"{method},{BESIDE['method']}"}, **words)
    (odd,) = [record for record in finished.records if "misbehaving" in str(record.axes)]
    return odd, numbers(finished, but=("misbehaving",))


@pytest.mark.parametrize(
    ("how", "at"),
    [*((how, "translate") for how in STATE), ("default_dtype", "share"), ("mkldnn", "share")],
)
def test_a_change_of_what_decides_numbers_is_a_failed_row(tmp_path, honest, how, at):
    odd, others = beside(tmp_path / "out", f"misbehaving:how={how}:at={at}")
    assert odd.status == "failed"
    assert odd.reason.startswith(("method 'misbehaving'", "in the shared stage"))
    assert " changed " in odd.reason
    assert others == honest


@pytest.mark.parametrize("how", QUIET)
def test_what_decides_no_number_is_put_back(tmp_path, honest, how, monkeypatch):
    monkeypatch.chdir(tmp_path)
    odd, others = beside("out", f"misbehaving:how={how}")
    assert odd.status == "ok"
    assert others == honest


@pytest.mark.parametrize(
    ("how", "at"), [*((how, "translate") for how in ENDS), ("sys_exit", "share")]
)
def test_no_exception_ends_the_run(tmp_path, honest, how, at):
    odd, others = beside(tmp_path / "out", f"misbehaving:how={how}:at={at}")
    assert odd.status == "failed"
    assert odd.reason.isprintable()
    assert others == honest


def test_an_attempt_to_end_the_process_names_the_method(tmp_path, monkeypatch):
    monkeypatch.setattr("bridgebench.execute.seed.use_second_thread", lambda device, cores: False)
    odd, _ = beside(tmp_path / "out", "misbehaving:how=os_exit")
    assert odd.reason == (
        "method 'misbehaving' would have ended the run with SystemExit(0); it must raise an "
        "exception"
    )


@pytest.mark.parametrize("how", ANSWERS)
def test_a_wrong_answer_is_a_failed_row(tmp_path, honest, how):
    odd, others = beside(tmp_path / "out", f"misbehaving:how={how}")
    assert odd.status == "failed"
    assert odd.reason
    assert others == honest


@pytest.mark.parametrize(
    ("how", "said"),
    [("back_number", "gave int in translate_back()"), ("back_shape", "gave (4, 1, 32, 32) in")],
)
def test_a_wrong_way_back_is_a_failed_row(tmp_path, how, said):
    odd, _ = beside(tmp_path / "out", f"misbehaving:how={how}", metric="cycle")
    assert odd.status == "failed"
    assert said in odd.reason


@pytest.mark.parametrize(
    ("how", "at"),
    [("in_place", "translate"), ("in_place", "share"), ("previous", "share")],
)
@pytest.mark.parametrize("words", [{}, {"limit": 900}])
def test_an_input_that_is_modified_is_a_failed_row(tmp_path, honest, how, at, words):
    odd, others = beside(tmp_path / "out", f"misbehaving:how={how}:at={at}", **words)
    assert odd.reason.endswith(
        "method 'misbehaving' modified its input batch in place; it must clone it"
    )
    assert others == honest


def test_nothing_is_kept_of_a_damaged_stage(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(LIMIT_VARIABLE, "100MB")
    for how in ("in_place", "default_dtype", "sys_exit"):
        run(tmp_path / how, method=f"misbehaving:how={how}:at=share", metric="fid")
    assert not list((tmp_path / "cache").glob("stages/*/*.safetensors"))


@pytest.mark.parametrize("how", ["image", "latent", "source", "default_dtype", "sys_exit"])
def test_a_transform_that_misbehaves_is_named(tmp_path, honest, how):
    odd = f"misbehaving_transform:how={how}"
    finished = run(tmp_path / "out", **{**BESIDE, "transform": f"{odd},{BESIDE['transform']}"})
    (row,) = [record for record in finished.records if record.axes["transform"] == odd]
    assert row.status == "failed"
    assert "transform 'misbehaving_transform'" in row.reason
    assert numbers(finished, but=("misbehaving",)) == honest


@pytest.mark.parametrize("how", ["in_place", "threads", "sys_exit"])
def test_a_solver_that_misbehaves_is_named(tmp_path, honest, how):
    odd = f"misbehaving_solver:how={how}"
    finished = run(tmp_path / "out", **{**BESIDE, "solver": f"{odd},heun"})
    rows = [record for record in finished.records if record.axes["solver"] == odd]
    assert {row.status for row in rows} == {"failed"}
    assert all("solver 'misbehaving_solver'" in row.reason for row in rows)
    assert numbers(finished, but=("misbehaving",)) == honest


@pytest.mark.parametrize(
    ("how", "where", "said", "beside"),
    [
        ("default_dtype", "update", "changed torch's default dtype", True),
        ("reference", "update", "a metric modified in place", True),
        ("sys_exit", "update", "SystemExit", True),
        ("source", "update", "modified the images it measures", False),
        ("output", "update", "modified the images it measures", False),
        ("reference", "update", "a metric modified in place", False),
        ("features", "update", "a metric modified in place", False),
        ("default_dtype", "update", "changed torch's default dtype", False),
        ("mkldnn", "compute", "changed whether torch uses mkldnn", False),
        ("sys_exit", "update", "SystemExit", False),
        ("os_exit", "compute", "SystemExit", False),
        ("sys_exit", "meter", "SystemExit", False),
        ("nan", "none", "gave nan in odd", False),
        ("text", "none", "expected a Score", False),
        ("list", "none", "computed a list", False),
        ("items", "none", "one number for each of 10 images", False),
    ],
)
def test_a_metric_that_misbehaves_fails_rows_and_damages_nothing(
    tmp_path, monkeypatch, honest, how, where, said, beside
):
    monkeypatch.setattr("bridgebench.execute.seed.use_second_thread", lambda device, cores: beside)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(LIMIT_VARIABLE, "100MB")
    odd = f"misbehaving_metric:how={how}:where={where}"
    finished = run(tmp_path / "out", **BESIDE, metric=odd)
    assert {record.status for record in finished.records} == {"failed"}
    assert all(said in record.reason for record in finished.records)
    assert numbers(run(tmp_path / "after", **BESIDE)) == honest


@pytest.mark.parametrize("how", ["in_place", "default_dtype", "sys_exit"])
def test_an_extractor_that_misbehaves_is_named(tmp_path, monkeypatch, honest, how):
    monkeypatch.setattr(MisbehavingExtractor, "how", how)
    words = {**BESIDE, "metric": "kid:features=misbehaving_extractor"}
    finished = run(tmp_path / "out", **words)
    assert {record.status for record in finished.records} == {"failed"}
    assert all("extractor 'misbehaving_extractor'" in record.reason for record in finished.records)
    assert numbers(run(tmp_path / "after", **BESIDE)) == honest
