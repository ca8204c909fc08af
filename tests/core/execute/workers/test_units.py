"""What a worker is given at once, and what becomes of it when the worker dies."""

import pytest

from bridgebench.execute.workers.units import Unit, after_death, units_of
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plugins.registry import load_registry


@pytest.fixture(scope="module")
def plan():
    return make_plan(load_registry(), choices_of({"task": "world", "protocol": "twice"}))


@pytest.mark.parametrize("workers", [1, 2, 50])
def test_every_missing_cell_is_in_one_unit_and_seeds_stay_together(plan, workers):
    missing = {cell.identity for cell in plan.cells[1:]}
    units = units_of(plan, missing, workers)
    given = [cell for unit in units for part in unit.slices() for cell in part.cells]
    assert sorted(given) == sorted(missing)
    seeds = [plan.groups[unit.group].seed for unit in units]
    assert seeds == sorted(seeds)


def test_one_worker_has_nothing_to_share(plan):
    missing = {cell.identity for cell in plan.cells}
    assert all(unit.parts == 1 for unit in units_of(plan, missing, 1))


def test_a_group_larger_than_its_share_is_cut_after_its_encode(plan):
    missing = {cell.identity for cell in plan.cells}
    units = units_of(plan, missing, 50)
    assert all(unit.parts == len(unit.sets) for unit in units if len(unit.sets) > 1)
    assert any(unit.parts > 1 for unit in units)


def test_cells_are_tried_together_then_alone_then_lost():
    unit = Unit(0, (("a", "b"), ("c",)))
    (unit,), lost = after_death(unit, ["a"], retries=1)
    assert (unit.sets, unit.deaths, lost) == ((("b",), ("c",)), 1, ())
    alone, lost = after_death(unit, [], retries=1)
    assert ([each.cells for each in alone], lost) == ([("b",), ("c",)], ())
    assert not unit.alone
    assert all(each.alone for each in alone)
    assert after_death(alone[0], [], retries=1) == ((), ("b",))


def test_the_last_of_a_set_is_tried_without_the_others_before_it_is_lost():
    left = Unit(0, (("b",),), deaths=1)
    (alone,), lost = after_death(left, [], retries=1)
    assert (alone.cells, alone.alone, lost) == (("b",), True, ())


def test_a_set_is_given_to_one_worker():
    words = {"task": "world", "method": "ddib", "solver": "euler", "n": 4, "batch": 8}
    latents = "identity,scale:c=0.7,scale:c=0.8,scale:c=0.9,scale:c=1.1"
    plan = make_plan(load_registry(), choices_of({**words, "transform": latents}))
    missing = {cell.identity for cell in plan.cells[1:]}
    (unit,) = units_of(plan, missing, 50)
    assert [len(each) for each in unit.sets] == [1, 2, 1]
    assert [part.sets for part in unit.slices()] == [(each,) for each in unit.sets]
    assert not any(part.alone for part in unit.slices())


def test_an_encode_that_kills_loses_all_that_wait_for_it():
    unit = Unit(0, (("a",), ("b",)), parts=2, deaths=2)
    assert after_death(unit, [], retries=2) == ((), ("a", "b"))


def test_nothing_is_lost_with_a_worker_that_had_just_finished():
    assert after_death(Unit(0, (("a",),), deaths=2), ["a"], retries=2) == ((), ())
