"""Methods that copy training images in the source's hue, run as any other: each is flagged.

They have the best success of a board. What flags them, by the thresholds of the task's flags: an
FID below its floor, a memorization below 0.3, a diversity below half of that of real images, or
more than 5 % of outputs that repeat another one.
"""

import pytest

import bridgebench

COPIES = ("copy_one", "copy_random", "copy_nearest")
DISGUISES = ("", ":shift=1", ":noise=0.1", ":blur=0.7", ":shift=1:noise=0.05:blur=0.5")
HONEST = ("cyclegan", "otcfm", "identity")
N = 128


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    out = tmp_path_factory.mktemp("copying") / "out"
    methods = [copy + disguise for copy in COPIES for disguise in DISGUISES]
    table = bridgebench.run(
        "cmnist_to7", method=[*methods, *HONEST, "random_target"], solver="euler", n=N, out=out
    )
    assert set(table["status"]) == {"ok"}
    return {cells["method"]: cells for cells in table.to_dict("records")}


def flags(row):
    return {
        "below_floor": row["fid"] < row["fid_floor"],
        "memorized": row["memorization"] < 0.3,
        "low_diversity": row["diversity"] < 0.5,
        "near_identical": row["near_identical"] > 0.05,
    }


@pytest.mark.parametrize("copy", COPIES)
def test_copies_reach_the_success_of_the_best_and_are_memorized(rows, copy):
    assert rows[copy]["success"] > 0.9
    assert flags(rows[copy])["memorized"]
    assert rows[copy]["memorization"] < 1e-3
    assert rows[copy]["copied"] == 1.0


@pytest.mark.parametrize("disguise", DISGUISES[1:])
@pytest.mark.parametrize("copy", COPIES)
def test_a_disguise_does_not_help(rows, copy, disguise):
    found = next(row for name, row in rows.items() if name == copy + disguise)
    assert flags(found)["memorized"]
    assert found["copied"] > 0.9


def test_one_image_for_all_is_flagged_for_that_too(rows):
    for disguise in DISGUISES:
        found = flags(rows["copy_one" + disguise])
        assert found["low_diversity"]
        assert found["near_identical"]


def test_random_training_images_are_nearer_than_real_ones_can_be(rows):
    assert flags(rows["copy_random"])["below_floor"]


def test_sources_that_look_alike_share_their_nearest_image(rows):
    assert flags(rows["copy_nearest"])["near_identical"]


@pytest.mark.parametrize("method", HONEST)
def test_methods_that_do_not_copy_are_not_flagged(rows, method):
    assert not any(flags(rows[method]).values())
    assert rows[method]["copied"] == 0.0


def test_real_images_that_nobody_learned_from_are_no_copies(rows):
    real = rows["random_target"]
    assert real["memorization_low"] < 1 < real["memorization_high"]
    assert real["copied"] == 0.0


def test_real_images_drawn_with_replacement_meet_as_often_as_birthdays_do(rows):
    expected = 1 - (1 - 1 / 1028) ** (N - 1)
    deviation = (2 * expected * (1 - expected) / N) ** 0.5  # they come in pairs
    assert rows["random_target"]["near_identical"] == pytest.approx(expected, abs=3 * deviation)


def test_style_sees_who_looks_at_the_source(rows):
    assert rows["identity"]["style_r"] == pytest.approx(1)
    assert rows["cyclegan"]["style_r_low"] > rows["otcfm"]["style_r"] > 0.6
    assert rows["copy_one"]["style_r"] == 0
    for method in ("copy_random", "random_target"):
        assert rows[method]["style_r_low"] < 0 < rows[method]["style_r_high"]
    for method in ("identity", "cyclegan", "otcfm"):
        assert abs(rows[method]["style_r_chance"]) < 0.2
