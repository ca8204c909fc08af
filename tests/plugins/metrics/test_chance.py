"""What the columns that compare with the source say by chance, on the task and in the scorer."""

import pytest
import torch

import bridgebench
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.plugins.specs import build
from bridgebench_metrics.formulas import color

N = 96
COMPARED = {
    *("success", "color_deg", "color_within15", "transport", "structure"),
    *("slant_r", "thickness_r", "style_r"),
}


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    """Columns of the task's baselines that look at their source, by method."""
    out = tmp_path_factory.mktemp("run") / "out"
    table = bridgebench.run("cmnist_to7", method=["identity", "recolor"], n=N, out=out)
    return {cells["method"]: cells for cells in table.to_dict("records")}


def test_hues_of_different_sources_are_90_degrees_apart(values):
    for method in ("identity", "recolor"):
        assert values[method]["color_deg"] < 3
        assert values[method]["color_deg_chance"] == pytest.approx(90, abs=4 * 52 / N**0.5)


def test_a_hue_is_within_15_degrees_of_another_a_twelfth_of_the_time(values):
    recolor = values["recolor"]
    assert recolor["success"] > 0.95
    assert recolor["success_chance"] == pytest.approx(1 / 12, abs=4 * (1 / 12 / N) ** 0.5)
    assert recolor["color_within15_chance"] >= recolor["success_chance"]


def test_what_is_kept_of_the_source_is_above_chance(values):
    identity = values["identity"]
    assert identity["structure"] == pytest.approx(1)
    assert 0 < identity["structure_chance"] < 0.6
    assert identity["transport"] == 0 < identity["transport_chance"]


def test_the_columns_that_compare_with_the_source_are_those_marked(values):
    assert {name.removesuffix("_chance") for name in values["identity"] if "_chance" in name} == (
        COMPARED
    )


def test_a_mean_change_has_no_chance_column_as_no_permutation_moves_it(bench):
    """The mean of output minus source is the difference of two means."""
    generator = torch.Generator().manual_seed(0)
    source, output = (torch.rand(8, 3, 4, 4, generator=generator) * 2 - 1 for _ in range(2))
    metric = build(load_registry(), Kind.METRIC, bridgebench.Metric, "saturation")
    found = []
    for order in (list(range(8)), [3, 0, 1, 2, 7, 4, 5, 6]):
        context = bench(source, output)
        meter = metric.meter(context)
        meter.update(context.observe(output, source[order]))
        found.append(meter.compute()["saturation"].value)
    assert found[0] == pytest.approx(found[1], abs=1e-6)
    assert not any(column.chance for column in metric.columns())


def test_sources_and_partners_are_looked_at_once_for_all_rows(monkeypatch, tmp_path):
    looks = []

    def counted(images, plain=color.image_color):
        looks.append(len(images))
        return plain(images)

    monkeypatch.setattr(color, "image_color", counted)
    for methods in (["identity"], ["identity", "random_target", "recolor"]):
        looks.clear()
        out = tmp_path / str(len(methods))
        bridgebench.run("cmnist_to7", method=methods, n=8, batch=4, out=out)
        batches = 2
        assert len(looks) == batches * (2 + len(methods)), "sources, partners, each row's outputs"
