"""The exact score of the training digits, against brute force over digits and hues."""

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from bridgebench import UnknownName
from bridgebench.cli.info import info
from bridgebench.plan.choices import choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plugins.registry import load_registry
from bridgebench.toolkit.color import hsv_to_rgb
from bridgebench_cmnist.digits.files import load_digits
from bridgebench_cmnist.exact import posterior
from bridgebench_cmnist.exact.model import CmnistExact
from bridgebench_cmnist.exact.posterior import ColoredDigits

HUES = 6 * 200
"""The grid of the brute force, with no point on the border of a sextant."""


@pytest.fixture(scope="module")
def digits():
    return torch.from_numpy(load_digits("train").images[:3].copy())


@pytest.fixture(scope="module")
def family():
    return CmnistExact().load(torch.device("cpu"), "fp32")


def colored(grey, hues):
    """(N, 28, 28) in every hue: (N, hues, 3, 32, 32) float64, from HSV alone."""
    value = torch.nn.functional.pad(grey.double() / 255, (2, 2, 2, 2))
    one = torch.ones((), dtype=torch.float64)
    pure = hsv_to_rgb(hues, one, one)
    return 2 * pure[None, :, :, None, None] * value[:, None, None] - 1


def brute_force(x, grey, sigma):
    images = colored(grey, (torch.arange(HUES, dtype=torch.float64) + 0.5) * 360 / HUES)
    flat = images.flatten(0, 1).flatten(1)
    distance = (x.flatten(1)[:, None] - flat[None]).square().sum(2)
    return ((-distance / (2 * sigma**2)).softmax(1) @ flat).view_as(x)


@pytest.mark.parametrize("sigma", [0.25, 3.0, 80.0])
def test_the_posterior_mean_is_that_of_brute_force(digits, sigma):
    torch.manual_seed(0)
    clean = colored(digits[:2], torch.tensor([37.0, 285.0], dtype=torch.float64))
    x = clean[[0, 1], [0, 1]] + sigma * torch.randn(2, 3, 32, 32, dtype=torch.float64)
    got = ColoredDigits.of(digits).posterior_mean(x, sigma)
    torch.testing.assert_close(got, brute_force(x, digits, sigma), rtol=0, atol=5e-5)


def test_little_noise_gives_the_training_image_back(family):
    grey = torch.from_numpy(load_digits("train").images[:3].copy())
    clean = colored(grey, torch.tensor([75.0], dtype=torch.float64))[:, 0]
    torch.manual_seed(0)
    noisy = clean + 0.02 * torch.randn_like(clean)
    got = family.denoiser(("digits",) * 3)(noisy, torch.full((3,), 0.02))
    # what is left is the hue, which 0.02 of noise on some hundred pixels moves by a thousandth
    torch.testing.assert_close(got, clean, rtol=0, atol=0.01)
    assert not torch.equal(got, clean)


def test_endless_noise_gives_the_mean_of_all_digits_in_grey(family):
    sevens = load_digits("train").images[load_digits("train").labels == 7]
    mean = np.pad(sevens.mean(0) / 255, 2)
    got = family.denoiser(("digit:7",))(torch.zeros(1, 3, 32, 32), torch.tensor([1e5]))
    # half of V in each channel, on average over the hues, on the scale of [-1, 1]
    expected = torch.from_numpy(mean - 1).float().expand(1, 3, 32, 32)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-4)


def test_blocks_and_left_out_colors_do_not_show(monkeypatch):
    train = load_digits("train")
    ones = ColoredDigits.of(torch.from_numpy(train.images[train.labels == 1][:300].copy()))
    torch.manual_seed(1)
    x = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    for sigma in (0.3, 1.0, 20.0):
        monkeypatch.setattr(posterior, "BLOCK", 2048)
        whole = ones.posterior_mean(sigma * x, sigma)
        monkeypatch.setattr(posterior, "BLOCK", 7)
        blocks = ones.posterior_mean(sigma * x, sigma)
        monkeypatch.setattr(posterior, "BLOCK", 2048)
        monkeypatch.setattr(posterior, "NEGLIGIBLE", 1e6)
        everything = ones.posterior_mean(sigma * x, sigma)
        monkeypatch.undo()
        torch.testing.assert_close(blocks, whole, rtol=0, atol=1e-12)
        torch.testing.assert_close(everything, whole, rtol=0, atol=1e-12)


def test_each_image_is_held_against_its_own_domain(family):
    torch.manual_seed(2)
    x, sigma = 2 * torch.randn(2, 3, 32, 32), torch.tensor([2.0, 5.0])
    got = family.denoiser(("digit:7", "digit:1"))(x, sigma)
    for index, domain in enumerate(("digit:7", "digit:1")):
        alone = family.denoiser((domain,))(x[[index]], sigma[[index]])
        torch.testing.assert_close(got[[index]], alone)
    with pytest.raises(UnknownName, match="digit:12"):
        family.denoiser(("digit:12",))


def test_it_is_made_of_the_training_files():
    assert set(CmnistExact().files()) == {
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
    }


def test_encoding_with_it_is_skipped_with_the_reason_and_decoding_is_not():
    def reasons(**words):
        words = {"task": "cmnist_to7", "n": 4, "solver": "dpm", **words}
        plan = make_plan(load_registry(), choices_of(words))
        return {planned.skip for planned in plan.cells}

    refused = {CmnistExact.unfit_to_encode}
    encoded = {"transform": "identity"}
    assert reasons(method="ddib", score="cmnist_exact", **encoded) == refused
    assert reasons(method="ddib_single", target_score="cmnist_exact", **encoded) == refused
    assert reasons(method="random_latent", target_score="cmnist_exact") == {""}


def test_info_says_that_it_is_not_to_encode_with():
    said = CliRunner().invoke(info, ["cmnist_exact"]).output
    assert f"not suitable for encoding: {CmnistExact.unfit_to_encode}" in said
    assert "not to encode with" not in CliRunner().invoke(info, ["cmnist_sevens"]).output
