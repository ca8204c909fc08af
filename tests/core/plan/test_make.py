"""Plans: which cells there are, what they share, and what decides their keys."""

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import ClassVar

import pytest

from bridgebench import (
    BudgetError,
    Column,
    InvalidOption,
    Metric,
    PluginError,
    UnknownName,
    UsageError,
)
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plan.model import evaluations
from bridgebench.plan.provenance import _code_of
from bridgebench.plugins.registry import Entry, Kind, load_registry


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def plan(registry, **words):
    return make_plan(registry, choices_of({"task": "world", **words}))


def test_every_combination_is_one_cell(registry):
    cells = plan(registry).cells
    assert len(cells) == 2 * 4 + 2
    assert len({cell.identity for cell in cells}) == len(cells)


def test_axes_that_a_method_does_not_use_are_none(registry):
    (cell,) = plan(registry, method="identity").cells
    unused = ("source_score", "target_score", "solver", "nfe", "transform")
    assert [cell.axes[axis] for axis in unused] == [None] * 5


def everything(made):
    return {cell.identity for cell in made.cells}


def test_cells_with_one_image_stage_share_the_encode(registry):
    made = plan(registry, method="ddib", solver="euler")
    assert [len(group.cells) for group in made.groups] == [2, 2]
    assert {evaluations(group, everything(made)) for group in made.groups} == {4 + 2 * 4}


def test_target_scores_share_the_encode(registry):
    made = plan(registry, method="ddib", solver="euler", transform="identity",
                target_score="world_exact,world_exact:delay=0.001")  # fmt: skip
    assert [len(group.cells) for group in made.groups] == [2]


def test_keys_change_with_whatever_decides_the_numbers(registry):
    words = {"method": "ddib", "solver": "euler", "transform": "identity"}
    keys = {
        plan(registry, **words, **more).cells[0].key
        for more in (
            {},
            {"seed": 1},
            {"n": 9},
            {"batch": 2},
            {"nfe": 5},
            {"precision": "fp32"},
            {"precision": "bf16"},
            {"source_score": "world_exact:delay=0.001"},
            {"protocol": "twice"},
        )
    }
    there_twice = 1
    assert len(keys) == 9 - there_twice


@pytest.mark.parametrize(
    "changed", ["bridgebench", "bridgebench_baselines", "bridgebench_metrics", "bridgebench_world"]
)
def test_a_plugin_of_other_code_has_another_key(registry, monkeypatch, changed):
    before = plan(registry, method="identity").cells[0]

    def code(modules):
        return {**_code_of(modules), changed: "another"}

    monkeypatch.setattr("bridgebench.plan.provenance._code_of", code)
    after = plan(registry, method="identity").cells[0]
    assert after.key != before.key
    assert json.loads(after.provenance["plugins"])[changed]["sha256"] == "another"


def test_a_new_release_of_equal_code_keeps_the_key(registry, monkeypatch):
    before = plan(registry, method="identity").cells[0]
    monkeypatch.setattr("bridgebench.plan.provenance._installed", lambda distribution: "9.9")
    assert plan(registry, method="identity", metric="transport").cells[0].key == before.key


def test_equal_requests_give_equal_plans(registry):
    first, second = plan(registry), plan(registry)
    assert [cell.key for cell in first.cells] == [cell.key for cell in second.cells]


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        ({"method": "ddbi"}, UnknownName, "did you mean ddib"),
        ({"solver": "heum"}, UnknownName, "did you mean heun"),
        ({"transform": "scale"}, InvalidOption, "'c' must be given"),
        ({"transform": "scale:d=1"}, UnknownName, "option of transform scale"),
        ({"solver": "heun", "nfe": "5"}, BudgetError, "4 and 6"),
        ({"n": 41}, InvalidOption, "more than the 40 images"),
        ({"protocol": "quik"}, UnknownName, "did you mean quick"),
        ({"method": "identity", "solver": "heun"}, InvalidOption, "none of the chosen methods"),
        ({"method": "identity", "score": "world_exact"}, InvalidOption, "uses a score model"),
        ({"score": "cmnist_sevens"}, UnknownName, "domain of score model cmnist_sevens"),
        ({"device": "cuda:7"}, InvalidOption, "not on this machine"),
        ({"device": "tpu"}, InvalidOption, "not on this machine"),
        ({"metric": "success:label=0,success:label=1"}, InvalidOption, "'success' twice"),
        ({"metric": "fud"}, UnknownName, "did you mean fid"),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(registry, words, error, said):
    with pytest.raises(error, match=said) as caught:
        plan(registry, **words)
    assert "\n" not in str(caught.value)


def test_a_metric_that_is_asked_for_takes_the_place_of_the_tasks_own(registry):
    metrics = plan(registry, metric="success:label=0,cycle").metrics
    own = plan(registry).metrics
    assert [metric.name for metric in metrics] == [*(metric.name for metric in own), "cycle"]
    assert metrics[0].spec == "success:label=0"


def test_all_is_what_the_task_lists_and_every_other_plugin(registry):
    methods = {cell.cell.method.name for cell in plan(registry, method="all").cells}
    complete = {
        name
        for name in registry.names(Kind.METHOD)
        if not any(f.is_required() for f in registry.load(Kind.METHOD, name).model_fields.values())
    }
    assert methods == complete
    assert {"ddib", "ddib_single", "raising"} <= methods


ALSO = """
also:
  - {method: ["ddib:clip=both"], solver: [dpm], transform: [identity]}
  - {method: [random_latent], solver: [heun, dpm], target_score: ["world_exact:delay=0.001"]}
  - {method: [ddib_single, "ddib:clip=both"], solver: [euler], transform: [identity]}
"""


BESIDE = """
also:
  - method: [ddib]
    solver: [dpm]
    transform: [identity]
    target_score: ["world_exact:delay=0.001"]
  - {method: [ddib, random_latent], solver: [dpm], transform: [identity]}
"""


def task_with(tmp_path, also):
    """The task of the world with combinations besides those of its axes."""
    text = (resources.files("bridgebench_world") / "world.yaml").read_text(encoding="utf-8")
    path = tmp_path / "extended.yaml"
    path.write_text(text.replace("name: world", "name: extended") + also)
    return str(path)


@pytest.fixture
def extended(tmp_path):
    return task_with(tmp_path, ALSO)


def test_further_combinations_have_axes_of_their_own(registry, extended):
    def combined(**words):
        cells = plan(registry, task=extended, **words).cells
        axes = ("solver", "transform", "target_score")
        return [tuple(cell.axes[axis] for axis in axes) for cell in cells]

    assert len(combined()) == len(plan(registry).cells) + 2 + 2 + 1
    exact, slow = "world_exact", "world_exact:delay=0.001"
    both = [("dpm", "identity", exact), ("euler", "identity", exact)]
    assert combined(method="ddib:clip=both") == both
    assert combined(method="random_latent") == [("heun", None, slow), ("dpm", None, slow)]
    assert combined(method="random_latent:clip=false", target_score=exact, solver="euler") == [
        ("euler", None, exact)
    ]
    assert len(combined(method="ddib")) == 2 * 4
    assert combined(method="ddib:last_step=true", solver="dpm", transform="identity") == both[:1]
    assert combined(method="ddib:clip=both", solver="heun") == [("heun", "identity", exact)]


def test_a_choice_does_not_make_further_rows_of_a_method_more(registry, tmp_path):
    task = task_with(tmp_path, BESIDE)
    slow = "world_exact:delay=0.001"

    def beside(**words):
        """The rows that only the further combinations have."""
        rows = [cell.axes for cell in plan(registry, task=task, method="ddib", **words).cells]
        return [
            (row["solver"], row["transform"], row["target_score"])
            for row in rows
            if row["target_score"] == slow or row["solver"] == "dpm"
        ]

    both = [("dpm", "identity", slow), ("dpm", "identity", "world_exact")]
    assert beside() == both
    assert beside(transform="normalize") == []
    assert beside(transform="identity,normalize") == both
    assert beside(transform="scale:c=1,identity", solver="euler,dpm")[-1] == both[0]
    assert beside(solver="euler") == []
    assert beside(target_score=slow, transform="identity", solver="dpm") == both[:1]
    assert beside(score="world_exact", transform="identity", solver="euler") == []


def test_a_choice_on_an_axis_that_a_method_lacks_leaves_its_rows(registry, tmp_path):
    task = task_with(tmp_path, BESIDE)
    rows = plan(registry, task=task, method="ddib,random_latent", transform="normalize").cells
    latents = [cell.axes["solver"] for cell in rows if cell.axes["method"] == "random_latent"]
    assert latents == ["dpm"]


def test_an_axis_that_no_method_of_a_combination_uses_is_an_error(registry, extended):
    path = Path(extended)
    path.write_text(
        path.read_text(encoding="utf-8").replace("[random_latent], solver", "[identity], solver")
    )
    with pytest.raises(InvalidOption, match=r"also\.1 names a target_score, .*uses one: identity"):
        plan(registry, task=extended)


def test_a_cell_that_is_impossible_is_skipped_with_its_reason(registry, monkeypatch):
    ddib = registry.load(Kind.METHOD, "ddib")
    monkeypatch.setattr(ddib, "skip_reason", lambda self, cell, setting: "no common latent")
    cells = plan(registry, method="ddib").cells
    assert {cell.skip for cell in cells} == {"no common latent"}


def test_blocks_of_a_plan_are_immutable(registry):
    made = plan(registry)
    with pytest.raises(AttributeError):
        made.n = 3
    assert replace(made, n=3).padded_n == 4


@pytest.mark.parametrize("task", ["cmnist_to7", "cmnist_2to3"])
def test_every_row_that_a_shipped_task_expects_something_of_is_planned(registry, task):
    made = make_plan(registry, choices_of({"task": task}))
    specs = {cell.axes["method"] for cell in made.cells}
    named = specs | {spec.partition(":")[0] for spec in specs}
    columns = {column.name for column in made.columns}
    for rule in made.task.expect:
        assert {rule.row, rule.better_than or rule.row} <= named
        assert rule.column in columns


def test_the_boards_of_the_digits_have_controls_without_a_rank(registry):
    for task in ("cmnist_to7", "cmnist_2to3"):
        cells = make_plan(registry, choices_of({"task": task})).cells
        controls = [cell for cell in cells if "latent=" in cell.axes["method"]]
        assert len(controls) >= 2
        assert all(cell.cell.method.baseline for cell in controls)


def test_two_metrics_cannot_fill_one_chance_column(registry, monkeypatch):
    from bridgebench_metrics.transport import Transport

    taken = (Column("success_chance", "", "", "mine"),)
    monkeypatch.setattr(Transport, "columns", lambda self: taken)
    with pytest.raises(PluginError, match="fill the column 'success_chance'"):
        plan(registry, method="identity")


def with_flag(rule, path):
    text = (resources.files("bridgebench_world") / "world.yaml").read_text(encoding="utf-8")
    path.write_text(f"{text}flags: [{rule}]\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("limit", ["below: 1, column: nothing", "column: fid, above: nothing"])
def test_a_flag_needs_columns_that_a_metric_fills(registry, tmp_path, limit):
    task = with_flag(f"{{name: doubtful, {limit}}}", tmp_path / "flagged.yaml")
    with pytest.raises(UsageError, match="flags rows as 'doubtful' by the column 'nothing'") as e:
        plan(registry, task=task)
    assert "\n" not in str(e.value)


class Halves(Metric):
    """A metric whose option decides which column it fills."""

    name: ClassVar[str] = "transport"

    half: str = "left"

    def columns(self):
        return (Column(f"{self.half}_half", "", "", "a half", low=0),)

    def meter(self, context):
        raise AssertionError("a plan measures nothing")


def test_a_flag_says_nothing_of_a_column_that_the_run_replaces(registry, tmp_path):
    entry = Entry(Kind.METRIC, "transport", Halves, registry.entry(Kind.METRIC, "fid").source)
    metrics = {**registry.entries[Kind.METRIC], "transport": entry}
    halves = replace(registry, entries={**registry.entries, Kind.METRIC: metrics})
    task = with_flag("{name: far, column: left_half, above: 1}", tmp_path / "flagged.yaml")
    made = plan(halves, task=task, metric="transport:half=right")
    assert "right_half" in {column.name for column in made.columns}
    assert "left_half" not in {column.name for column in made.columns}
