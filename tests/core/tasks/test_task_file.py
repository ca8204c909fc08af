"""Task files: the shipped ones are sound, and a wrong one says what is wrong."""

import os
import re
from pathlib import Path

import pytest

from bridgebench import InvalidOption, UnknownName
from bridgebench.plugins.registry import load_registry
from bridgebench.tasks.lookup import find_task
from bridgebench.tasks.task_file import parse_task, read_task

TO7 = Path(__file__).parents[3] / "tasks" / "cmnist_to7.yaml"


def with_also(text, combination):
    """The text of a task with one combination besides its axes."""
    return re.sub(r"^also:\n(  .*\n)+", "", text, flags=re.MULTILINE) + f"also: [{combination}]\n"


def with_flags(text, rules):
    """The text of a task with these flags alone."""
    return text.partition("\nflags:")[0] + f"\nflags: [{rules}]\n"


@pytest.mark.parametrize("name", ["cmnist_to7", "cmnist_2to3"])
def test_the_shipped_tasks_flag_what_is_too_good_too_alike_or_copied(name):
    rules = {rule.name: rule for rule in find_task(load_registry(), name).flags}
    assert {"below_floor", "low_diversity", "memorized"} <= set(rules)
    assert rules["below_floor"].columns == ("fid", "fid_floor")
    assert (rules["memorized"].below, rules["memorized"].copying) == (0.3, True)
    assert (rules["low_diversity"].below, rules["low_diversity"].copying) == (0.5, False)


def test_the_task_of_the_study_has_its_37_transforms():
    task = read_task(TO7)
    assert len(task.axes.transform) == len(set(task.axes.transform)) == 37
    assert {name: protocol.n for name, protocol in task.protocols.items()} == {
        "quick": 128,
        "standard": 512,
        "full": 2000,
    }


def test_a_second_task_is_one_more_file():
    task = find_task(load_registry(), "cmnist_2to3")
    assert (task.source.domain, task.target.domain) == ("digit:2", "digit:3")


def test_a_task_is_also_found_by_its_file():
    assert find_task(load_registry(), str(TO7)) == find_task(load_registry(), "cmnist_to7")
    with pytest.raises(UnknownName, match="task file"):
        find_task(load_registry(), str(TO7.with_name("cmnist_to8.yaml")))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text + "colour: red\n", "unknown key 'colour'"),
        (lambda text: text.replace("split: test", "split: test, speed: 3"), "'source.speed'"),
        (lambda text: text.replace("ranked_by: success", ""), "missing key 'ranked_by'"),
        (lambda text: text.replace("ranked_by: success", "ranked_by: kid"), "one of primary"),
        (lambda text: text.replace("n: 128", "n: 0"), "greater than or equal to 1"),
        (lambda text: text.replace("n: 128", "n: many"), "protocols.quick.n"),
        (lambda text: text.replace("held_out: test", "held_out: train"), "different splits"),
        (lambda text: text.replace("at_most: 0.01", ""), "exactly one of"),
        (lambda text: with_also(text, "{solver: [dpm]}"), "missing key 'also.0.method'"),
        (lambda text: with_also(text, "{method: [ddib], solver: []}"), "also.0.solver"),
        (lambda text: with_also(text, "{method: [ddib], score: [x]}"), "key 'also.0.score'"),
        (lambda text: with_flags(text, "{name: a, column: fid}"), "exactly one of below, above"),
        (lambda text: with_flags(text, "{name: a, column: fid, below: 1, above: 2}"), "exactly"),
        (lambda text: with_flags(text, "{name: a, column: fid, below: Fid}"), "flags.0.below"),
        (lambda text: with_flags(text, "{name: a, column: fid, below: .nan}"), "flags.0.below"),
        (lambda text: with_flags(text, "{name: a, column: fid, above: true}"), "flags.0.above"),
        (lambda text: with_flags(text, "{name: a b, column: fid, above: 1}"), "flags.0.name"),
        (lambda text: with_flags(text, "{name: a, column: fid, over: 1}"), "key 'flags.0.over'"),
        (
            lambda text: with_flags(
                text, "{name: a, column: fid, above: 1}, {name: a, column: kid, above: 1}"
            ),
            "two of flags are called 'a'",
        ),
        (lambda text: text.replace("name: cmnist_to7", "name: ../evil"), "'name'"),
        (lambda text: text + "}{", "is not YAML"),
        (lambda text: "", "missing key"),
        (lambda text: "- a\n- b\n", "the whole"),
    ],
)
def test_a_wrong_task_file_is_said_in_one_line(change, said):
    text = TO7.read_text(encoding="utf-8")
    assert change(text) != text
    with pytest.raises(InvalidOption, match=said) as caught:
        parse_task(change(text), "mine.yaml")
    assert "mine.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_task_names_what_its_axes_and_its_further_combinations_name():
    alone = parse_task(
        with_also(TO7.read_text(encoding="utf-8"), "{method: [ddib_single]}"), "mine.yaml"
    )
    further = (
        "{method: [ddib_single, mine], solver: [dpm, new], transform: [identity, turn], "
        "source_score: [seen], target_score: [cmnist_labels]}"
    )
    task = parse_task(with_also(TO7.read_text(encoding="utf-8"), further), "mine.yaml")
    assert task.methods == (*alone.methods, "mine")
    assert task.solvers == (*alone.solvers, "new")
    assert task.transforms == (*alone.transforms, "turn")
    assert task.score_models == (*alone.score_models, "seen")


def test_a_task_file_is_data_and_names_no_environment_variable(monkeypatch):
    monkeypatch.setenv("SECRET", "hidden")
    text = TO7.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("summary:"))
    task = parse_task(text.replace(line, "summary: ${oc.env:SECRET}"), "it")
    assert task.summary == "${oc.env:SECRET}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\nname: b\n", "the key 'name' is given twice"),
        ("[" * 100_000, "nested too deeply"),
        ("name: !!python/object/apply:os.getcwd []\n", "is not YAML"),
    ],
)
def test_yaml_that_is_no_plain_data_is_one_line(text, said):
    with pytest.raises(InvalidOption, match=said) as raised:
        parse_task(text, "it")
    assert "\n" not in str(raised.value)


def test_an_old_key_is_said_without_the_words_of_a_library():
    text = TO7.read_text(encoding="utf-8").replace("unconditional: ", "pooled: ", 1)
    assert "pooled: " in text
    with pytest.raises(InvalidOption) as raised:
        parse_task(text, "it")
    assert str(raised.value) == (
        "task file it: 'source': 'pooled' has a new name; write unconditional: in its place"
    )


def test_a_task_file_is_a_regular_file_of_a_sensible_size(tmp_path):
    os.mkfifo(tmp_path / "fifo.yaml")
    with pytest.raises(InvalidOption, match="no regular file"):
        read_task(tmp_path / "fifo.yaml")
    (tmp_path / "large.yaml").write_text("#" * 2**21)
    with pytest.raises(InvalidOption, match="shorten it"):
        read_task(tmp_path / "large.yaml")


def test_a_spec_in_a_task_file_may_be_quoted():
    text = TO7.read_text(encoding="utf-8").replace(
        "dataset: cmnist\n", "dataset: 'folder:path=\"my photos, 10:30\"'\n"
    )
    assert parse_task(text, "it").dataset == 'folder:path="my photos, 10:30"'
