from __future__ import annotations

import pytest

from bridgebench.errors import InvalidOption, UnknownName, UsageError
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.table.reference_rows import parse_reference, with_references


@pytest.fixture
def rows(bench) -> list[Row]:
    """Two methods with two solvers and three transforms, and one that uses no axis."""
    for method in ("ddib", "ddib:start=noised", "other"):
        for solver in ("dpm", "heun"):
            for transform in ("identity", "scale:c=0.8", "scale:c=1.2"):
                bench.add(method, solver=solver, transform=transform)
    bench.add("cyclegan", solver=None, transform=None)
    bench.add("other", status="failed", transform="blur", reason="boom")
    return bench.rows()


def names(pairs) -> list[tuple[str, str]]:
    return [(str(row), str(reference)) for row, reference in pairs]


def test_each_row_has_the_reference_of_equal_other_axes(rows: list[Row]) -> None:
    found = with_references(rows, {"transform": "identity"})
    assert len(found.pairs) == 3 * 2 * 2
    for row, reference in found.pairs:
        assert reference.axes["transform"] == "identity"
        assert row.axes["transform"] != "identity"
        assert (row.axes["method"], row.axes["solver"]) == (
            reference.axes["method"],
            reference.axes["solver"],
        )
    assert not found.one
    assert [row.axes["method"] for row in found.left_out] == ["cyclegan"]


def test_methods_are_compared_at_equal_solver_and_transform(rows: list[Row]) -> None:
    found = with_references(rows, {"method": "ddib"})
    assert len(found.pairs) == 2 * 6
    assert {r.axes["method"] for _, r in found.pairs} == {"ddib"}
    assert all(row.axes["solver"] == r.axes["solver"] for row, r in found.pairs)


@pytest.mark.parametrize(
    "to",
    [
        {"method": "cyclegan"},
        {"method": "ddib", "solver": "dpm", "transform": "identity"},
    ],
)
def test_a_method_that_fits_one_row_is_the_reference_of_all(rows: list[Row], to) -> None:
    found = with_references(rows, to)
    assert found.one
    assert len(found.pairs) == 18
    assert len({str(reference) for _, reference in found.pairs}) == 1
    assert found.left_out == ()


def test_only_the_rows_asked_for_are_compared(rows: list[Row]) -> None:
    heun = [row for row in rows if row.axes["solver"] == "heun"]
    found = with_references(rows, {"solver": "dpm"}, heun)
    assert len(found.pairs) == 9
    assert all(reference.axes["solver"] == "dpm" for _, reference in found.pairs)


def test_a_name_without_options_will_do_where_it_fits_one_value(rows: list[Row]) -> None:
    kept = [row for row in rows if row.axes["transform"] != "scale:c=1.2"]
    found = with_references(kept, {"transform": "scale"})
    assert {reference.axes["transform"] for _, reference in found.pairs} == {"scale:c=0.8"}
    with pytest.raises(InvalidOption, match=r"scale:c=0\.8, scale:c=1\.2; name one"):
        with_references(rows, {"transform": "scale"})


def test_rows_of_other_seeds_have_references_of_their_own(bench) -> None:
    for seed in (0, 1):
        for transform in ("identity", "blur"):
            bench.add("ddib", transform=transform, seed=seed)
    bench.add("ddib", transform="blur", seed=2)
    rows = bench.rows()
    found = with_references(rows, {"method": "ddib", "transform": "identity"})
    assert found.one
    seeds = [(row.axes["seed"], other.axes["seed"]) for row, other in found.pairs]
    assert seeds == [(0, 0), (1, 1)]
    assert [row.axes["seed"] for row in found.left_out] == [2]


@pytest.mark.parametrize(
    ("to", "error", "message"),
    [
        ({"transform": "identty"}, UnknownName, "did you mean identity"),
        ({"transform": "blur"}, UnknownName, "unknown transform of this board 'blur'"),
        ({"method": "cyclegan", "solver": "dpm"}, UsageError, "but not in one row"),
        ({"solver": "-"}, UsageError, "agrees with one|no other row"),
    ],
)
def test_what_cannot_be_a_reference_is_refused(rows: list[Row], to, error, message) -> None:
    with pytest.raises(error, match=message):
        with_references(rows, to)


def test_a_reference_of_another_seed_or_fingerprint_is_refused(bench) -> None:
    bench.add("ddib", seed=0)
    bench.add("other", seed=1)
    rows = bench.rows()
    with pytest.raises(UsageError, match="have seeds 0 and 1; only rows of one fingerprint"):
        with_references(rows, {"method": "ddib"})
    bench.add("third", seed=0, fingerprint={"resize": True})
    rows = [bench.rows()[i] for i in (0, 2)]
    with pytest.raises(UsageError, match=r"have fingerprints [0-9a-f]+ and [0-9a-f]+; only"):
        with_references(rows, {"method": "ddib"})


def test_methods_that_share_no_axes_need_the_axes_named(bench) -> None:
    bench.add("ddib", solver="dpm")
    bench.add("ddib", solver="heun")
    bench.add("cyclegan", solver=None, transform=None)
    rows = bench.rows()
    with pytest.raises(UsageError, match=r"fits 2 rows.*--to method=ddib,target_score=labels,sol"):
        with_references(rows, {"method": "ddib"})
    with pytest.raises(UsageError, match="every row chosen has"):
        with_references(rows, {"method": "ddib"}, rows[:2])


@pytest.mark.parametrize("text", ["transform", "transform=", "=identity", "solver=a,solver=b", ""])
def test_a_reference_has_one_form(text: str) -> None:
    with pytest.raises(InvalidOption, match="must be AXIS=VALUE"):
        parse_reference(text)


def test_only_axes_name_a_reference() -> None:
    with pytest.raises(UnknownName, match="did you mean solver"):
        parse_reference("solvr=dpm")
