"""A broken task for each check of tasks."""

from pathlib import Path

import pytest

from bridgebench.conformance import ConformanceError
from bridgebench.conformance.catalog import checks_of
from bridgebench.conformance.harness import make_harness
from bridgebench.plugins.registry import Kind, load_registry

WORLD = Path(__file__).parents[2] / "world" / "bridgebench_world" / "world.yaml"
TEXT = WORLD.read_text(encoding="utf-8").replace("random_target]", "random_target, recolor]")
BROKEN = [
    ("summary: Reddish noise into greenish noise.", 'summary: " "', "documented", "a summary"),
    ("- transport", "- transportt", "plan", "did you mean transport"),
    ("n: 10", "n: 1000", "plan", "n=1000 is more than the 40 images"),
    (", low: -1.0, high: 1.0}", "}", "combinations", "none of ['recolor']"),
    ("low: -1.0", "low: -0.1", "items", "items in [-0.1, 1]; got [-"),
    ("- transport", "- transport\n  - precision_recall:k=9", "run", "results of ddib"),
    ("random_target, recolor]", "nan_output]", "run", "outputs with NaN or infinity"),
    ('"rotate_image", ', '"rotate_image", "explode", ', "run", "the latent exploded"),
]


@pytest.mark.parametrize(("text", "other", "check", "said"), BROKEN)
def test_a_broken_task_is_caught(text, other, check, said, tmp_path):
    assert text in TEXT
    path = tmp_path / "task.yaml"
    path.write_text(TEXT.replace(text, other))
    harness = make_harness(load_registry(), str(path), "cpu")
    (wanted,) = (each for each in checks_of(Kind.TASK) if each.name == check)
    with pytest.raises(ConformanceError) as raised:
        wanted(harness.task, harness)
    assert said in str(raised.value)


def test_every_check_has_a_broken_task():
    assert {check.name for check in checks_of(Kind.TASK)} == {check for _, _, check, _ in BROKEN}
