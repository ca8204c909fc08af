"""Which cells are translated together: a part of the plan, and not of what is left to do."""

import pytest

from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plan.together import evaluations_for, most_together, sets_of, touched
from bridgebench.plugins.registry import load_registry

LATENTS = "scale:c=0.7,scale:c=0.8,scale:c=0.9,identity,rotate_image"


def plan(**words):
    words = {"task": "world", "method": "ddib", "transform": LATENTS, **words}
    return make_plan(load_registry(), choices_of(words))


def transforms(sets):
    return [[member.axes["transform"] for member in each] for each in sets]


@pytest.mark.parametrize(
    ("words", "together"),
    [
        ({"n": 4, "batch": 4}, 1),
        ({"n": 4, "batch": 7}, 1),
        ({"n": 4, "batch": 8}, 2),
        ({"n": 4, "batch": 100}, 25),
        ({"n": 10}, 1),
        ({"n": 2}, 2),
        ({"n": 4, "batch": 100, "limit": 60}, 1),
    ],
)
def test_a_batch_holds_several_cells_where_one_does_not_fill_it_and_no_limit_is_set(
    words, together
):
    assert plan(**words).together == together


def test_a_set_is_of_one_group_in_its_order_and_no_larger_than_the_batch_allows():
    made = plan(n=4, batch=12, solver="euler")
    first, second = (transforms(sets_of(group, made.together)) for group in made.groups)
    assert first == [["scale:c=0.7", "scale:c=0.8", "scale:c=0.9"], ["identity"]]
    assert second == [["rotate_image"]]


@pytest.mark.parametrize(
    "words",
    [
        {"method": "ddib,ddib:clip=none"},
        {"target_score": "world_exact,world_exact:delay=0.1"},
    ],
)
def test_cells_of_one_encode_and_two_methods_or_targets_are_apart(words):
    made = plan(n=4, batch=100, solver="euler", transform="identity,scale:c=0.8", **words)
    (group,) = made.groups
    sets = sets_of(group, made.together)
    assert transforms(sets) == [["identity", "scale:c=0.8"]] * 2
    for members in sets:
        assert len({(each.cell.method, each.cell.target_score) for each in members}) == 1


def test_one_missing_cell_touches_its_set_and_no_other():
    made = plan(n=4, batch=8, solver="euler")
    group = made.groups[0]
    part = touched(group, {group.cells[1].identity}, made.together)
    assert part.cells == group.cells[:2]
    assert part.shared == group.shared
    assert evaluations_for(made, {group.cells[1].identity}) == (4 + 2 * 4) * 4


def test_a_limit_can_be_given_to_a_folder_that_was_begun_without():
    assert plan(n=4, batch=8).contract == plan(n=4, batch=8, limit=60).contract


def test_a_batch_smaller_than_twice_the_images_holds_one_cell():
    assert most_together(batch=7, images=4, limit=None) == 1
