"""What the run gives a method: what it declared, its networks once, and gradients where it asks."""

import pytest
import torch
from bridgebench_world.contract import LOADED
from bridgebench_world.images import STD, World, mean_of

from bridgebench.api import run_choices
from bridgebench.plan.choices import choices_of

SMALL = {"task": "world", "n": 4, "batch": 4}


def run(out, **words):
    return run_choices(choices_of({**SMALL, "out": out, **words}))


def by_method(finished):
    return {record.axes["method"]: record for record in finished.records}


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        (
            "axis",
            "in the shared stage scaled: method 'undeclared' uses a solver, but its stage 'scaled' "
            "does not name Axis.SOLVER; add it",
        ),
        (
            "option",
            "in the shared stage scaled: method 'undeclared' uses the option 'power' in its stage "
            "'scaled', whose options do not name it; add it",
        ),
        (
            "translate",
            "method 'undeclared' uses a solver, but its `axes` do not name Axis.SOLVER; add it",
        ),
    ],
)
def test_what_is_used_undeclared_is_a_failed_row_and_its_siblings_finish(tmp_path, where, reason):
    odd = f"undeclared:where={where}"
    records = by_method(run(tmp_path / "out", method=f"{odd},undeclared,identity"))
    assert (records[odd].status, records[odd].reason) == ("failed", reason)
    assert records["undeclared"].status == records["identity"].status == "ok"


def test_a_network_is_loaded_once_for_all_cells_and_seeds_and_each_evaluation_counted(tmp_path):
    LOADED.clear()
    methods = "networked,networked:label=again,networked:factor=0.25"
    finished = run(tmp_path / "out", method=methods, seed="0,1")
    assert {record.status for record in finished.records} == {"ok"}
    assert LOADED == [0.5, 0.25]
    for record in finished.records:
        assert (record.cost["nfe_decode"], record.cost["nfe_encode"]) == (2, 0)


def test_a_network_that_is_not_declared_is_one_line(tmp_path):
    records = by_method(run(tmp_path / "out", method="networked:asked=other,networked"))
    assert records["networked:asked=other"].reason == (
        "method 'networked' uses the network 'other', but its networks() bring scaling"
    )
    assert records["networked"].status == "ok"


def test_a_method_differentiates_through_a_denoiser_where_it_asks_to(tmp_path):
    """Of an exact Gaussian denoiser D = (s²x + μ)/(s² + 1), whose gradient is known."""
    file = tmp_path / "kept.pt"
    finished = run(tmp_path / "out", method="gradient", metric=f"kept:file={file}", n=4)
    (record,) = finished.records
    assert (record.status, record.reason, record.cost["nfe_decode"]) == ("ok", "", 1)
    x = World().items("red", "test", 4, 0).images
    slope = (x - mean_of("green")) / (STD**2 + 1) ** 2
    torch.testing.assert_close(torch.load(file), (x - slope).clamp(-1, 1))


def test_without_asking_there_are_no_gradients(tmp_path):
    (record,) = run(tmp_path / "out", method="gradient:enabled=false").records
    assert record.status == "failed"
    assert "does not require grad" in record.reason
