"""The scripts behind the numbers in the docs: what they print holds, on samples that are enough."""

import importlib.util
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "measurements"


def script(name):
    spec = importlib.util.spec_from_file_location(f"measurements_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def coverage():
    return script("coverage")


@pytest.fixture(scope="module")
def color():
    return script("color")


@pytest.fixture(scope="module")
def style():
    return script("style")


@pytest.fixture(scope="module")
def judges():
    return script("judges")


@pytest.fixture(scope="module")
def copying():
    return script("copying")


def beyond_chance(samples):
    """Two standard errors of a share of 95 % over that many samples."""
    return 2 * (0.95 * 0.05 / samples) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("n", [128, 512])
def test_intervals_of_shares_and_means_cover(coverage, n):
    shares = coverage.shares(n)
    assert 0.95 <= shares.held <= 0.97
    assert float(shares.note.removeprefix("from ")) >= 0.94
    assert 0.93 - beyond_chance(1000) <= coverage.means(n, 1000).held <= 0.97


@pytest.mark.slow
def test_intervals_of_fid_and_kid_cover_near_the_floor_and_far_from_it(coverage):
    margin = beyond_chance(200)
    lines = list(coverage.distances(coverage.features(), 128, 200))
    assert len(lines) == 10
    rarely_far_off = [line for line in lines if line.of.startswith("1 %")]
    assert all(line.held < 0.9 for line in rarely_far_off if line.what == "FID")
    for line in lines:
        if line in rarely_far_off:
            continue
        assert 0.93 - margin <= line.held <= 0.97 + margin, line


def test_intervals_of_pixel_distances_cover(coverage):
    lines = list(coverage.pixel_distances(coverage.pixels(), 128, 100))
    assert len(lines) == 6
    for line in lines:
        if line.of != "1 % white":
            assert line.held >= 0.93 - beyond_chance(100), line


@pytest.mark.slow
def test_equal_rows_share_a_group_where_levels_are_clear_of_each_other(coverage, monkeypatch):
    monkeypatch.setattr(coverage, "LEVELS", ((5, 4),))
    monkeypatch.setattr(coverage, "SEPARATIONS", (3.0, 8.0))
    near, far = coverage.levels(200)
    assert near.held > 0.5
    assert far.held <= 0.05 + beyond_chance(200)


@pytest.mark.slow
def test_equal_rows_tie_and_rows_five_standard_errors_apart_do_not(coverage):
    lines = list(coverage.ties(40))
    assert [line.what for line in lines] == 3 * ["tied"] + 5 * ["not tied"]
    for line in lines:
        least = 0.95 - beyond_chance(40) if line.what == "tied" else 0.9
        assert line.held >= least, line


def test_the_metric_of_color_follows_a_wrong_hue_and_little_else(color):
    points = {(point.damage, point.amount): point.found for point in color.measured(60, 0)}
    hue = {amount: points["wrong hue, degrees", amount]["color_deg"] for amount in ("15", "120")}
    assert hue == pytest.approx({"15": 15.0, "120": 120.0}, abs=0.05)
    assert points["blur, pixels", "2"]["color_deg"] < 0.1
    assert points["less saturation", "0.75"]["color_deg"] < 0.1
    assert points["noise", "0.1"]["color_deg"] < 3
    same, unrelated = (points["another digit, hue", hue] for hue in ("same", "unrelated"))
    assert same["color_deg"] < 0.1
    assert 60 < unrelated["color_deg"] < 120
    assert unrelated["paired RMSE"] < 2 * same["paired RMSE"]
    assert points["noise", "0.1"]["unweighted hue"] > 40


def test_distances_see_what_the_docs_say():
    found = dict(script("distances").lines(128, 0))
    floor = found.pop("none (the floor)")
    for name in ("all red", "gray", "half the hues"):
        assert found[name]["swd"] > 3 * floor["swd"]
    assert found["gray"]["fid"] < 2 * floor["fid"]
    ground = found["background -1 to -0.9"]
    assert ground["swd"] == pytest.approx(0.1, rel=0.1)
    assert ground["fid"] > 100 * floor["fid"]
    assert found["one seven, recolored"]["diversity"] < 0.2
    assert found["blur of 1 pixel"]["swd"] < 2 * floor["swd"]


def test_the_plot_has_every_metric(color, tmp_path):
    color.draw(color.measured(4, 0), tmp_path / "color.png")
    drawn = color.Image.open(tmp_path / "color.png").convert("RGB")
    found = {f"#{r:02x}{g:02x}{b:02x}" for _, (r, g, b) in drawn.getcolors(1 << 20)}
    assert set(color.COLORS) <= found


def test_the_metric_of_style_follows_handwriting_and_little_else(style):
    found = style.measured(300, 0)
    assert found["none"] == pytest.approx(dict.fromkeys(style.COLUMNS, 1.0))
    for change in ("another hue", "moved by 2 pixels", "half as bright", "all sheared by 0.3"):
        assert found[change]["style_r"] > 0.98
    assert found["mirrored"]["slant_r"] < -0.99
    assert found["half without ink"]["style_r"] == pytest.approx(0.5, abs=0.1)
    for change in ("another digit", "another digit of the same class", "one digit for all"):
        assert abs(found[change]["style_r"]) < 0.2


@pytest.mark.parametrize("amount", [0.1, 0.3])
def test_slants_that_vary_on_their_own_lower_the_correlation_as_they_should(style, amount):
    items = style.ColoredMnist().items("digits", "test", 1000, 0)
    source = style.traits(items.images)
    spread = source.slant.std().item()
    expected = spread / (spread**2 + amount**2) ** 0.5
    sheared = style.traits(style.CHANGES[f"each sheared by ±{amount}"](items))
    found = style.style_scores(source, sheared)
    assert found["slant_r"].value == pytest.approx(expected, abs=0.03)
    assert found["thickness_r"].value > 0.97


@pytest.mark.slow
@pytest.mark.parametrize("n", [128, 512])
def test_intervals_of_style_cover(style, n):
    lines = list(style.coverage(n, 1000))
    assert len(lines) == 9
    for line in lines:
        assert 0.93 - beyond_chance(1000) <= line.held <= 0.97, line


def test_the_table_of_copies_has_a_row_a_method(copying):
    methods = ("copy_random:shift=1", "ddib_guided")
    found = copying.measured(16, 2, methods)
    assert set(found) == set(methods)
    assert found["copy_random:shift=1"]["copied"] == 1.0
    assert all(set(row) == set(copying.COLUMNS) for row in found.values())


def test_a_method_that_failed_is_no_row_of_zeros(copying):
    with pytest.raises(copying.click.ClickException, match="nan_output is failed"):
        copying.measured(4, 2, ("nan_output", "ddib_guided"))


def test_no_two_real_images_are_as_near_as_copies_are(copying):
    for closest, *others in copying.real_distances().values():
        assert 0.4 < closest < others[0] < others[1] < others[2]


def test_verdicts_of_judges_by_hand(judges):
    wanted, first, second = ([7, 7, 7, 7, 1, 1], [7, 7, 2, 3, 1, 4], [7, 9, 7, 3, 4, 3])
    found = judges.Verdicts(*map(judges.torch.tensor, (wanted, first, second)))
    assert found.accuracies() == pytest.approx((3 / 6, 2 / 6, 2 / 6))
    assert found.one_sided() == (2, 1)
    assert found.kinds() == [((1, 4), 1), ((2, 7), 1), ((4, 3), 1), ((7, 9), 1)]
    often = judges.Verdicts(*map(judges.torch.tensor, ([7] * 3, [2, 1, 2], [7, 7, 7])))
    assert often.kinds() == [((2, 7), 2), ((1, 7), 1)]


def test_the_judges_verdicts_are_those_of_the_board(judges, monkeypatch):
    boards = []
    run = judges.bridgebench.run
    monkeypatch.setattr(
        judges.bridgebench, "run", lambda *a, **k: boards.append(run(*a, **k)) or boards[-1]
    )
    monkeypatch.setattr(judges, "METHODS", ("identity", "ddib"))
    found = dict(judges.of_outputs(16, 4))
    assert tuple(found) == judges.METHODS
    rows = boards[0].set_index("method")
    for method, verdicts in found.items():
        expected = [rows.loc[method, name] for name in ("accuracy", "accuracy_2", "agreement")]
        assert verdicts.accuracies() == pytest.approx(expected)
    assert found["identity"].accuracies()[0] < 0.2 < 0.8 < found["ddib"].accuracies()[0]


def test_real_digits_are_known_to_both_judges(judges):
    found = judges.of_real_digits(400)
    assert len(found.wanted) == 400
    assert min(found.accuracies()) > 0.98
