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
    assert all(unit.parts == len(unit.cells) for unit in units if len(unit.cells) > 1)
    assert any(unit.parts > 1 for unit in units)


def test_one_worker_runs_in_the_order_of_the_plan(plan):
    missing = {cell.identity for cell in plan.cells}
    units = units_of(plan, missing, 1)
    assert [cell for unit in units for cell in unit.cells] == [c.identity for c in plan.cells]


def test_cells_are_tried_together_then_alone_then_lost():
    unit = Unit(0, ("a", "b", "c"))
    (unit,), lost = after_death(unit, ["a"], retries=1)
    assert (unit.cells, unit.deaths, lost) == (("b", "c"), 1, ())
    alone, lost = after_death(unit, [], retries=1)
    assert ([each.cells for each in alone], lost) == ([("b",), ("c",)], ())
    assert after_death(alone[0], [], retries=1) == ((), ("b",))


def test_an_encode_that_kills_loses_all_that_wait_for_it():
    unit = Unit(0, ("a", "b"), parts=2, deaths=2)
    assert after_death(unit, [], retries=2) == ((), ("a", "b"))


def test_nothing_is_lost_with_a_worker_that_had_just_finished():
    assert after_death(Unit(0, ("a",), deaths=2), ["a"], retries=2) == ((), ())
