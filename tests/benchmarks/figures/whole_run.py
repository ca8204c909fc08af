"""Whole runs: beside the network evaluations that they need, and beside a loop without sharing."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import torch

from bridgebench.api import run_choices
from bridgebench.interfaces.score_model import ScoreModel
from bridgebench.plan.choices import Choices, choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plan.model import Plan
from bridgebench.plugins.registry import Registry
from figures.ratio import Ratio, Reach, in_turns

STUDY_BATCH = 16

BARE_CALLS = 5
"""Evaluations of each network that are timed before and after the run."""


def overhead(registry: Registry, words: Mapping[str, str]) -> Ratio:
    """A run over the bare evaluations that its plan needs, at its batch size.

    The evaluations are timed before and after the run, so that both see the same machine. The
    cache must be off or empty, or the run has less to do.
    """
    choices = choices_of(words)
    plan = make_plan(registry, choices)
    before = _bare_seconds(plan)
    with TemporaryDirectory() as scratch:
        run_seconds = _run(choices, Path(scratch))
    bare = (before + _bare_seconds(plan)) / 2
    return Ratio("whole run / bare evaluations", Reach.at_most(1.10), run_seconds, bare)


def study_loop(registry: Registry, words: Mapping[str, str]) -> Ratio:
    """Each combination alone, in float32 and batches of 16, over one run of all of them."""
    choices = choices_of(words)
    plan = make_plan(registry, choices)
    with TemporaryDirectory() as scratch:
        together = _run(choices, Path(scratch) / "together")
        alone = 0.0
        for number, planned in enumerate(plan.cells):
            cell = planned.cell
            own = {
                "method": cell.method.spec,
                "solver": cell.solver.spec if cell.solver else None,
                "transform": cell.transform.spec if cell.transform else None,
            }
            apart = {k: v for k, v in own.items() if v is not None}
            one = {**words, **apart, "batch": str(STUDY_BATCH), "precision": "fp32"}
            alone += _run(choices_of(one), Path(scratch) / str(number))
    name = f"each combination alone with batch {STUDY_BATCH} / this"
    return Ratio(name, Reach.at_least(3), alone, together)


def second_run(words: Mapping[str, str], rounds: int) -> Ratio:
    """The command again when all its cells are there, over `bridgebench --help`."""
    with TemporaryDirectory() as scratch:
        command = ["run", *(f"{k}={v}" for k, v in words.items()), f"out={scratch}/out"]
        name, reach = "a second run of the same command / --help", Reach.at_most(20)
        return in_turns(name, reach, lambda: _call(*command), lambda: _call("--help"), rounds)


def _call(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "bridgebench", *words], check=True, capture_output=True)


def _run(choices: Choices, out: Path) -> float:
    begun = perf_counter()
    run_choices(choices.model_copy(update={"out": out}))
    return perf_counter() - begun


def _bare_seconds(plan: Plan) -> float:
    """The evaluations of a plan in a loop: one call of each network, times how often it is due."""
    batches = plan.padded_n // plan.batch
    calls = _calls(plan)
    return sum(_call_seconds(plan, score) * number * batches for score, number in calls.items())


def _calls(plan: Plan) -> Counter[ScoreModel]:
    """Evaluations of a batch that a plan needs of each score model."""
    calls: Counter[ScoreModel] = Counter()
    for group in plan.groups:
        for stage, _ in group.shared:
            parts = group.cells[0].cell.for_stage(stage).parts
            for score in (parts.source_score, parts.target_score):
                if score is not None:
                    calls[score] += stage.evaluations
        for planned in group.cells:
            score = planned.cell.parts.target_score
            if score is not None and not planned.skip:
                calls[score] += planned.evaluations
    return calls


@torch.inference_mode()
def _call_seconds(plan: Plan, score: ScoreModel) -> float:
    family = score.load(torch.device(plan.device), plan.precision)
    denoiser = family.denoiser((plan.setting.target,) * plan.batch)
    x = torch.randn(plan.batch, *plan.setting.shape, device=plan.device)
    sigma = x.new_full((plan.batch,), 1.0)
    denoiser(x, sigma)
    spent = []
    for _ in range(BARE_CALLS):
        begun = perf_counter()
        denoiser(x, sigma)
        if x.is_cuda:
            torch.cuda.synchronize()
        spent.append(perf_counter() - begun)
    return median(spent)
