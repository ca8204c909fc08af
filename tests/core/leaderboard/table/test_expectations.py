from __future__ import annotations

import numpy as np

from bridgebench.tasks.task_file import Expectation


def shares(right: int, n: int = 40) -> np.ndarray:
    return (np.arange(n) < right).astype(float)


def test_a_board_as_expected_says_nothing(bench) -> None:
    bench.add("ddib", shares(30))
    bench.add("random_latent", shares(4), baseline=True)
    bench.add("identity", 0.0, color_deg=0.0, baseline=True)
    bench.add("recolor", 1.0, accuracy=0.995, baseline=True)
    bench.add("random_target", 0.1, color_deg=88.0, baseline=True)
    assert bench.board().warnings == ()


def test_methods_that_are_not_on_the_board_say_nothing(bench) -> None:
    bench.add("ddib", shares(1))
    assert bench.board().warnings == ()


def test_too_high(bench) -> None:
    bench.add("identity", 0.0, color_deg=0.5, baseline=True)
    assert bench.board().warnings == ("identity (seed 0) has color_deg 0.5, expected at most 0.01",)


def test_too_low(bench) -> None:
    bench.add("recolor", 0.9, accuracy=0.9, baseline=True)
    assert bench.board().warnings == ("recolor (seed 0) has accuracy 0.9, expected at least 0.99",)


def test_an_interval_that_does_not_contain_the_value(bench) -> None:
    bench.add("random_target", 0.1, color_deg=60.0, baseline=True)
    (warning,) = bench.board().warnings
    assert warning == (
        "random_target (seed 0) has color_deg 60 (45 to 75), expected an interval around 90"
    )


def test_a_number_that_is_not_defined(bench) -> None:
    bench.add("identity", 0.0, color_deg=None, baseline=True)
    assert bench.board().warnings == ("identity (seed 0) has no color_deg, expected at most 0.01",)


def test_every_seed_and_row_of_the_method_counts(bench) -> None:
    for seed in (0, 1, 2):
        bench.add("identity", 0.0, color_deg=0.1 * seed, seed=seed, baseline=True)
    assert [warning[:17] for warning in bench.board().warnings] == [
        "identity (seed 1)",
        "identity (seed 2)",
    ]


def test_failed_rows_are_not_held_to_it(bench) -> None:
    bench.add("identity", status="failed", reason="boom", baseline=True)
    assert bench.board().warnings == ()


def test_the_best_row_counts_with_its_options(bench) -> None:
    bench.add("ddib", shares(2))
    bench.add("ddib:start=noised", shares(35))
    bench.add("random_latent", shares(4), baseline=True)
    assert bench.board().warnings == ()


def test_better_in_number_but_not_told_apart(bench) -> None:
    bench.add("ddib", shares(8))
    bench.add("random_latent", shares(4), baseline=True)
    (warning,) = bench.board().warnings
    assert "do not differ significantly: 0.2 against 0.1, p = 0.12" in warning
    assert "the best ddib" in warning


def test_worse_although_told_apart(bench) -> None:
    bench.add("ddib", shares(4))
    bench.add("random_latent", shares(30), baseline=True)
    (warning,) = bench.board().warnings
    assert "it is not: 0.1 against 0.75" in warning


def test_without_statistics_of_the_images_the_numbers_alone_count(bench) -> None:
    bench.add("ddib", 0.11)
    bench.add("random_latent", 0.1, baseline=True)
    assert bench.board().warnings == ()
    bench.add("random_latent", 0.2, baseline=True, transform="x")
    assert "it is not: 0.11 against 0.2" in bench.board().warnings[0]


def test_a_seed_is_compared_with_itself(bench) -> None:
    bench.add("ddib", shares(30), seed=0)
    bench.add("random_latent", shares(4), seed=1, baseline=True)
    assert bench.board().warnings == ()


def expecting(task, *rules: dict[str, object]):
    """The task with other expectations."""
    return task.model_copy(update={"expect": tuple(Expectation(**rule) for rule in rules)})


def test_a_method_can_be_held_against_its_own_control(bench) -> None:
    rule = {"row": "ddib", "column": "success", "better_than": "ddib:latent=noise"}
    bench.task = expecting(bench.task, rule)
    bench.add("ddib", shares(30))
    bench.add("ddib:latent=noise", shares(4), baseline=True)
    bench.add("ddib:latent=shuffled", shares(36), baseline=True)
    assert bench.board().warnings == ()
    bench.task = expecting(bench.task, {**rule, "better_than": "ddib:latent=shuffled"})
    (warning,) = bench.board().warnings
    assert "it is not: 0.9 against 0.9" in warning, "the best row of any options is the control"


def test_with_options_only_rows_of_these_are_meant(bench) -> None:
    rule = {"row": "ddib:latent=noise", "column": "success", "at_most": 0.2}
    bench.task = expecting(bench.task, rule)
    bench.add("ddib", shares(30))
    bench.add("ddib:latent=noise", shares(12), baseline=True)
    (warning,) = bench.board().warnings
    assert warning.startswith("ddib:latent=noise (seed 0) has success 0.3")
