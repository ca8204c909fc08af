"""The method in a run: rows, counted evaluations, the way back, and what it cannot carry."""

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from torch import Tensor

import bridgebench
from bridgebench.cli import main
from bridgebench.conformance.catalog import Wanted, bound_checks, verdicts
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.plugins.specs import build
from bridgebench.toolkit.item_files import item_file
from bridgebench.toolkit.nn.two_domains import TwoDomains
from bridgebench.toolkit.nn.unet import UNet, UNetConfig
from bridgebench_otcfm.velocity import FlowDenoiser, VelocityFile
from bridgebench_otcfm.weights import BY, load_flow, shipped_path

CONFIG = UNetConfig(channels=(16, 16), blocks=(1, 1), attention=(False, True), embedding=16)
RED_TO_GREEN = TwoDomains("world", "red", "green", (3, 32, 32), CONFIG.to_json())
RED_AND_GREEN = torch.tensor([-0.8, 0.8, 0.0])
"""The velocity of each channel."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A flow of the same velocity everywhere: its head says it, whatever the image."""
    network = UNet(CONFIG)
    with torch.no_grad():
        # The head's channels are those of the image, each for the 2x2 pixels of a patch.
        network.head.bias.copy_(RED_AND_GREEN.repeat_interleave(4))
    return RED_TO_GREEN.write(tmp_path, "flow", network, {}, BY)


def run(path: Path, out: Path, **words: object):
    return bridgebench.run("world", method=[f"otcfm:weights={path}"], out=out, **words)


@pytest.mark.parametrize("spec", ["euler", "heun", "dpm", "bdia", "dpm:variant=2s"])
def test_a_row_counts_what_was_asked_for(spec: str, path: Path, tmp_path: Path) -> None:
    (row,) = run(path, tmp_path / "out", solver=[spec], nfe=6).to_dict("records")
    assert (row["status"], row["nfe_encode"], row["nfe_decode"]) == ("ok", 0, 6)
    assert row["nfe_total"] == 6
    assert (row["source_score"], row["target_score"], row["transform"]) == ("-", "-", "-")
    assert row["supervision"] == "unpaired"
    assert row["accuracy"] == 1
    assert '"otcfm/flow.safetensors"' in row["weights"]


def test_the_flow_is_followed_to_what_is_left_of_the_way(path: Path, tmp_path: Path) -> None:
    run(path, tmp_path / "out", solver=["euler"], nfe=2, n=4, precision="fp32", save="images")
    (folder,) = (tmp_path / "out" / "images").iterdir()
    for name, source in zip(*run_sources(4), strict=True):
        expected = (source + 0.99 * RED_AND_GREEN.view(3, 1, 1)).clamp(-1, 1)
        png = torch.from_numpy(np.asarray(Image.open(folder / item_file(0, name))).copy())
        made = png.permute(2, 0, 1) / 127.5 - 1
        assert (made - expected).abs().max() <= 1.01 / 255


def run_sources(n: int) -> tuple[tuple[str, ...], Tensor]:
    items = build(load_registry(), Kind.DATASET, bridgebench.Dataset, "world").items(
        "red", "test", n, 0
    )
    return items.ids, items.images


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nfe=7", "solver=heun"], "heun uses 2 network evaluations an interval, so nfe=7"),
        (["transform=identity"], "transform= was given, but none of the chosen methods uses it"),
        (["method=otcfm:sigma_min=1"], "Input should be less than 1"),
        (["method=otcfm:weights=none.safetensors"], "none.safetensors: No such file"),
    ],
)
def test_a_wrong_command_is_one_line(words: list[str], complaint: str, tmp_path: Path) -> None:
    given = ["run", "task=cmnist_to7", f"out={tmp_path}", "n=8"]
    chosen = words if words[0].startswith("method=") else ["method=otcfm", *words]
    result = CliRunner().invoke(main, [*given, *chosen])
    assert result.exit_code == 2, result.output
    planning, error = result.output.strip().splitlines()
    assert planning == "planning cmnist_to7 (quick)"
    assert error.startswith("Error: ")
    assert complaint in error


def test_other_domains_are_told_what_there_is_and_how_to_train(tmp_path: Path) -> None:
    (row,) = bridgebench.run("world", method=["otcfm"], solver=["euler"], out=tmp_path).to_dict(
        "records"
    )
    assert row["status"] == "skipped"
    assert row["reason"] == (
        "its weights lead from not_digit:7 to digit:7 alone, not from red to green; train others "
        "with `python -m bridgebench_otcfm.train --source red --target green` and give weights=PATH"
    )


def test_another_shape_is_told(path: Path, tmp_path: Path) -> None:
    odd = TwoDomains("world", "red", "green", (3, 16, 16), CONFIG.to_json())
    other = odd.write(tmp_path, "odd", load_flow(path), {}, BY)
    (row,) = run(other, tmp_path / "out", solver=["euler"]).to_dict("records")
    assert row["reason"] == "its weights are for items of shape (3, 16, 16), not (3, 32, 32)"


def test_a_damaged_file_is_refused_before_anything_runs(path: Path, tmp_path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(bridgebench.IntegrityError, match="its manifest says"):
        run(path, tmp_path / "out")


def test_a_loaded_flow_says_where_a_path_ends(path: Path) -> None:
    denoiser = FlowDenoiser(VelocityFile(path)(torch.device("cpu"), "fp32"), 0.01)
    x = torch.zeros(1, 3, 32, 32)
    end = denoiser(x, torch.full((1,), 0.25))
    torch.testing.assert_close(end.mean(dim=(0, 2, 3)), 0.25 * RED_AND_GREEN)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_one_time_for_all_gives_what_a_time_for_each_gives(precision: str) -> None:
    denoiser = FlowDenoiser(VelocityFile(shipped_path())(torch.device("cpu"), precision), 0.01)
    _, x = run_sources(2)
    together = denoiser(x, torch.tensor([0.5, 0.5]))
    apart = denoiser(x, torch.tensor([0.5, 0.2]))
    torch.testing.assert_close(
        together[0], apart[0], rtol=0, atol=1e-4 if precision == "fp32" else 0.05
    )


def test_the_way_back_goes_up_the_same_flow(path: Path, tmp_path: Path) -> None:
    words = {"solver": ["heun"], "nfe": 4, "metric": ["cycle"], "precision": "fp32"}
    (row,) = run(path, tmp_path / "out", **words).to_dict("records")
    assert row["cycle_rmse"] < 1e-5


def test_it_passes_the_kit_in_another_world(path: Path) -> None:
    checks = bound_checks(
        load_registry(), Wanted(f"otcfm:weights={path}", "method", "world", "cpu")
    )
    assert [str(error) for _, error in verdicts(checks) if error is not None] == []
