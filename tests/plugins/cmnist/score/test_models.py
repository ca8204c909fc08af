"""The score models as plugins: domains, labels, options, precision, and the shipped weights."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from bridgebench import BridgebenchError, Denoiser, Precision, ScoreModel, UnknownName
from bridgebench.toolkit.nn.unet import UNet, UNetConfig
from bridgebench_cmnist.digits.dataset import ColoredMnist
from bridgebench_cmnist.score.models import CmnistLabels, CmnistSevens
from bridgebench_cmnist.weights import write_weights

CPU = torch.device("cpu")


@pytest.fixture
def own(tmp_path: Path) -> CmnistLabels:
    """A conditional network of nobody's, with every layer awake."""
    torch.manual_seed(0)
    config = UNetConfig(channels=(16,), blocks=(1,), attention=(False,), embedding=16, classes=10)
    network = UNet(config)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    description = {"kind": "score network", "architecture": config.to_json(), "sigma_data": 0.5}
    return CmnistLabels(weights=write_weights(tmp_path, "own", network, description, {}))


def test_each_image_gets_the_label_of_its_domain(own: CmnistLabels) -> None:
    family = own.load(CPU, "fp32")
    x = torch.randn(1, 3, 16, 16).expand(3, -1, -1, -1)
    sigma = torch.full((3,), 0.7)
    mixed = family.denoiser(["digit:7", "digits", "digit:7"])(x, sigma)
    torch.testing.assert_close(mixed[0], mixed[2], rtol=1e-5, atol=1e-5)
    assert not torch.allclose(mixed[0], mixed[1], atol=1e-3)
    alone = family.denoiser(["digits"])(x[:1], sigma[:1])
    torch.testing.assert_close(mixed[1:2], alone, rtol=1e-4, atol=1e-4)


def test_state_keeps_its_dtype_and_bfloat16_is_close(own: CmnistLabels) -> None:
    x, sigma = torch.randn(4, 3, 16, 16), torch.tensor([0.02, 0.5, 5.0, 80.0])
    exact = own.load(CPU, "fp32").denoiser(["digit:1"] * 4)(x, sigma)
    coarse = own.load(CPU, "bf16").denoiser(["digit:1"] * 4)(x, sigma)
    double = own.load(CPU, "bf16").denoiser(["digit:1"] * 4)(x.double(), sigma.double())
    assert exact.dtype == coarse.dtype == torch.float32
    assert double.dtype == torch.float64
    assert (coarse - exact).abs().max() < 0.05 * exact.abs().max()
    # Near σ = 0 the denoiser is the identity, whatever the network's precision.
    assert (coarse[0] - x[0]).abs().max() < 0.1


def test_options_are_the_range_of_the_denoiser(own: CmnistLabels) -> None:
    ranged = own.model_copy(update={"sigma_min": 0.1, "sigma_max": 20.0})
    denoiser = ranged.load(CPU, "fp32").denoiser(["digit:0"])
    assert isinstance(denoiser, Denoiser)
    assert (denoiser.sigma_min, denoiser.sigma_max) == ranged.sigma_range == (0.1, 20.0)


@pytest.mark.parametrize("model", [CmnistLabels, CmnistSevens])
def test_a_range_upside_down_is_refused(model: type[ScoreModel]) -> None:
    with pytest.raises((ValidationError, BridgebenchError), match="sigma_min"):
        model.model_validate({"sigma_min": 3.0, "sigma_max": 2.0})
    with pytest.raises(ValidationError):
        model.model_validate({"sigma_min": 0})


def test_domains_that_a_model_lacks_are_refused() -> None:
    with pytest.raises(UnknownName, match="there are: digit:7"):
        CmnistSevens().check_domain("letters")
    family = CmnistSevens().load(CPU, "bf16")
    with pytest.raises(UnknownName, match="domain of this score model 'digit:3'"):
        family.denoiser(["digit:3"])


@pytest.mark.parametrize(
    ("model", "domain"),
    [(CmnistLabels(), "digit:7"), (CmnistLabels(), "digits"), (CmnistSevens(), "digit:7")],
)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_shipped_weights_denoise_unseen_digits(
    model: ScoreModel, domain: str, precision: Precision
) -> None:
    clean = ColoredMnist().items("digit:7", "test", 16, seed=0).images
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    denoiser = model.load(CPU, precision).denoiser([domain] * 16)
    for level, bound in ((0.05, 0.02), (0.3, 0.08), (1.0, 0.2)):
        denoised = denoiser(clean + level * noise, torch.full((16,), level))
        assert (denoised - clean).square().mean().sqrt() < bound
    # At the highest level all that is left is the mean image: dark, brighter in the middle.
    blind = denoiser(80.0 * noise, torch.full((16,), 80.0))
    assert (blind[..., :2].mean() - -1).abs() < 0.05
    assert blind[..., 8:24, 8:24].mean() > blind[..., :4, :].mean() + 0.1


def test_files_name_the_weights_by_hash() -> None:
    files = CmnistSevens().files()
    assert list(files) == ["cmnist_sevens.safetensors"]
    assert len(files["cmnist_sevens.safetensors"]) == 64


def test_describing_the_plugins_does_not_import_torch() -> None:
    code = (
        "import sys, bridgebench_cmnist.hooks, bridgebench_cmnist.digits.dataset, "
        "bridgebench_cmnist.classifier.extractor, bridgebench_cmnist.score.models; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
