"""The commands behind the model cards."""

from pathlib import Path

import torch
from click.testing import CliRunner
from torch import Tensor

from bridgebench_cmnist.evaluate import images_per_second, main


class Counting:
    """A denoiser that counts the images it has seen."""

    sigma_min, sigma_max = 0.02, 80.0
    seen = 0

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        self.seen += len(x)
        assert not torch.is_grad_enabled()
        return x


def test_speed_is_images_over_time_after_a_warm_up() -> None:
    denoiser = Counting()
    speed = images_per_second(denoiser, batch=4, seconds=0.05)
    assert denoiser.seen > 5 * 4
    assert speed > denoiser.seen / 1.0


def test_accuracy_is_printed_for_all_digits_and_each() -> None:
    result = CliRunner().invoke(main, ["classifier"])
    assert result.exit_code == 0, result.output
    rows = [line.split("│")[1:3] for line in result.output.splitlines() if "│" in line]
    found = {name.strip(): float(value) for name, value in rows}
    assert list(found) == ["all", *(str(digit) for digit in range(10))]
    assert found["all"] >= 0.992


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["classifier", "--weights", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "No such file" in result.output
    assert len(result.output.splitlines()) == 1
