"""What is seen of a training: lines now and then in a pipe, a bar in a terminal."""

import io

import pytest
from rich.console import Console

from bridgebench.toolkit.nn import training_report
from bridgebench.toolkit.nn.training_report import Smoothed, TrainingReport


def test_a_pipe_gets_a_line_when_the_last_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(training_report.time, "monotonic", lambda: now)
    out = io.StringIO()
    with TrainingReport(Console(file=out), "net", 9) as report:
        for step, at in enumerate((10.0, 29.0, 31.0, 40.0, 61.5), start=1):
            now = at
            report.show(step, f"loss {step}")
    assert out.getvalue().splitlines() == ["net 3/9 loss 3", "net 5/9 loss 5"]


def test_a_terminal_gets_a_bar() -> None:
    out = io.StringIO()
    with TrainingReport(Console(file=out, force_terminal=True, width=100), "net", 9) as report:
        report.show(9, "loss 0.5")
    assert "net 9/9" in out.getvalue()
    assert "loss 0.5" in out.getvalue()


def test_a_smoothed_value_starts_at_the_first_and_follows_slowly() -> None:
    smooth = Smoothed()
    assert smooth.add(2.0) == 2.0
    assert smooth.add(1.0) == pytest.approx(1.99)
