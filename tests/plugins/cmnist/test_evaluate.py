"""The commands behind the model cards."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor

from bridgebench import normal
from bridgebench_cmnist.digits.dataset import ColoredMnist
from bridgebench_cmnist.evaluate import images_per_second, main
from bridgebench_cmnist.exact.model import CmnistExact
from bridgebench_cmnist.exact.network_error import denoising_errors
from bridgebench_cmnist.score.models import CmnistSevens
from bridgebench_cmnist.weights import shipped_path


class Taking:
    """A denoiser whose calls take so many seconds of its own clock, those past the end the last."""

    sigma_min, sigma_max = 0.02, 80.0

    def __init__(self, *seconds: float) -> None:
        self.seconds, self.now, self.calls = seconds, 0.0, 0

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        assert len(x) == len(sigma) == 4
        assert not torch.is_grad_enabled()
        self.now += self.seconds[min(self.calls, len(self.seconds) - 1)]
        self.calls += 1
        return x


def test_speed_is_images_over_the_median_time_after_a_warm_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    denoiser = Taking(9.0, 9.0, 9.0, 9.0, 9.0, 3.0, 0.5)
    clock = SimpleNamespace(perf_counter=lambda: denoiser.now)
    monkeypatch.setattr("bridgebench_cmnist.evaluate.time", clock)
    assert images_per_second(denoiser, batch=4, seconds=5.0) == 4 / 0.5
    assert denoiser.calls == 5 + 5


def test_accuracy_is_printed_for_all_digits_and_each() -> None:
    result = CliRunner().invoke(main, ["classifier"])
    assert result.exit_code == 0, result.output
    rows = [line.split("│")[1:3] for line in result.output.splitlines() if "│" in line]
    found = {name.strip(): float(value) for name, value in rows}
    assert list(found) == ["all", *(str(digit) for digit in range(10))]
    assert found["all"] >= 0.992


def test_the_second_classifier_is_as_good_and_its_card_says_so() -> None:
    result = CliRunner().invoke(main, ["classifier_2"])
    assert result.exit_code == 0, result.output
    rows = [line.split("│")[1:4] for line in result.output.splitlines() if "│" in line]
    found = {name.strip(): (float(right), float(same)) for name, right, same in rows}
    assert list(found) == ["all", *(str(digit) for digit in range(10))]
    accuracy, agreement = found["all"]
    assert accuracy >= 0.993
    assert 0.993 <= agreement < 1.0
    card = shipped_path("cmnist_digits_2").with_suffix(".md").read_text(encoding="utf-8")
    assert f"| accuracy | {accuracy:.4f} |" in card
    assert f"| agreement | {agreement:.4f} |" in card


@pytest.mark.parametrize("name", ["classifier", "classifier_2"])
def test_a_missing_file_is_one_line(name: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [name, "--weights", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "No such file" in result.output
    assert len(result.output.splitlines()) == 1


def columns(output: str) -> dict[str, list[float]]:
    """The numbers of each row of a printed table, by its first cell."""
    rows = [line.split("│")[1:-1] for line in output.splitlines() if "│" in line]
    return {row[0].strip(): [float(cell) for cell in row[1:] if "to" not in cell] for row in rows}


def test_errors_of_denoisers_are_small_beside_what_is_irreducible() -> None:
    result = CliRunner().invoke(main, ["denoisers", "--n", "2"], env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    found = columns(result.stdout)
    assert list(found) == ["0.1", "0.25", "0.5", "1", "2", "4", "8", "16", "32"]
    assert all(len(numbers) == 4 for numbers in found.values())
    irreducible = [numbers[0] for numbers in found.values()]
    assert irreducible[0] < irreducible[3] < irreducible[-1]
    assert all(0 < number < 0.3 for numbers in found.values() for number in numbers[1:])


def test_a_denoiser_is_held_against_the_exact_one_of_its_domain() -> None:
    level = next(iter(denoising_errors(2, 0)))
    assert level.sigma == 0.1
    exact = CmnistExact().load(torch.device("cpu"), "fp32").denoiser(["digit:7"] * 2)
    items = ColoredMnist().items("digit:7", "train", 2, 0)
    noise = normal(0, "denoising error", items.ids, (3, 32, 32))
    x, sigma = items.images + 0.1 * noise, torch.full((2,), 0.1)
    network = CmnistSevens().load(torch.device("cpu"), "fp32").denoiser(["digit:7"] * 2)
    with torch.inference_mode():
        error = (network(x, sigma) - exact(x, sigma)).square().mean().item()
    assert level.of_networks["cmnist_sevens digit:7"] == pytest.approx(error, rel=1e-4)


def test_the_cost_of_the_exact_score_is_printed_by_noise_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bridgebench_cmnist.evaluate._EXACT_BATCHES", {"digit:7": 2})
    result = CliRunner().invoke(main, ["exact-cost"])
    assert result.exit_code == 0, result.output
    named = [line.partition(": ") for line in result.output.splitlines()]
    assert [name for name, _, _ in named] == [f"digit:7 sigma={s}" for s in (0.02, 0.3, 2, 80)]
    assert all(float(cost.removesuffix(" ms an image")) > 0 for _, _, cost in named)


def test_generation_is_a_row_of_the_baseline() -> None:
    words = ["generation", "--n", "112", "--nfe", "2", "--model", "cmnist_sevens"]
    result = CliRunner().invoke(main, words, env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    fid, floor, ratio, infinity, accuracy = columns(result.stdout)["cmnist_sevens"]
    assert fid > floor > 0
    assert ratio == pytest.approx(fid / floor, rel=0.05)
    assert infinity < fid
    assert 0 <= accuracy <= 1


def test_a_model_that_is_not_there_is_one_line() -> None:
    result = CliRunner().invoke(main, ["generation", "--n", "4", "--model", "cmnist_seven"])
    assert result.exit_code == 1
    assert "did you mean cmnist_sevens" in result.output
