"""The baselines: what each keeps, where its images come from, and on what they depend."""

import colorsys
import importlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from bridgebench import (
    Axis,
    Batch,
    Cell,
    Dataset,
    Denoiser,
    Draw,
    Items,
    ItemStream,
    Method,
    Parts,
    Precision,
    ScoreModel,
    Setting,
    Solver,
    Supervision,
    Translation,
    UsageError,
)
from bridgebench.toolkit.color import hue_difference, mean_hue
from bridgebench_baselines.hooks import bridgebench_methods
from bridgebench_baselines.identity import Identity
from bridgebench_baselines.random_latent import RandomLatent
from bridgebench_baselines.random_target import RandomTarget
from bridgebench_baselines.recolor import Recolor
from bridgebench_solvers.dpm import Dpm
from bridgebench_solvers.euler import Euler
from bridgebench_solvers.heun import Heun

SHAPE = (3, 6, 5)
SETTING = Setting("not_digit:7", "digits", ("digit:1",), "digit:7", SHAPE, low=-1.0, high=1.0)
MEAN, STD, SIGMA_MIN, SIGMA_MAX = 0.1, 0.2, 0.02, 80.0


def painted(n: int, seed: int) -> Tensor:
    """Black images with a patch of one hue each, in [-1, 1]."""
    rng = np.random.default_rng(seed)
    images = np.full((n, *SHAPE), -1.0, dtype=np.float32)
    for image in images:
        hue = rng.random()
        for row, column in ((1, 1), (1, 2), (3, 4)):
            rgb = colorsys.hsv_to_rgb(hue, 1.0, rng.uniform(0.3, 1.0))
            image[:, row, column] = 2 * np.array(rgb) - 1
    return torch.from_numpy(images)


@dataclass(frozen=True)
class Gaussian:
    sigma_min: float = SIGMA_MIN
    sigma_max: float = SIGMA_MAX

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        sigma2 = sigma.view(-1, 1, 1, 1) ** 2
        return (STD**2 * x + sigma2 * MEAN) / (STD**2 + sigma2)


class GaussianScore(ScoreModel):
    """N(0.1, 0.2²) in every pixel."""

    name: ClassVar[str] = "gaussian"
    domains: ClassVar[tuple[str, ...]] = ("digit:7",)

    @property
    def sigma_range(self) -> tuple[float, float]:
        return SIGMA_MIN, SIGMA_MAX

    def files(self) -> Mapping[str, str]:
        return {}

    def load(self, device: torch.device, precision: Precision) -> "GaussianScore":
        return self

    def denoiser(self, domains: Sequence[str]) -> Gaussian:
        assert set(domains) == {"digit:7"}
        return Gaussian()


@dataclass(frozen=True)
class Counted:
    inner: Denoiser
    evaluated: list[int]
    sigma_min: float = SIGMA_MIN
    sigma_max: float = SIGMA_MAX

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        self.evaluated.append(len(x))
        return self.inner(x, sigma)


class Sevens(Dataset):
    """Some images of sevens."""

    name: ClassVar[str] = "sevens"
    domains: ClassVar[tuple[str, ...]] = ("digit:7",)
    splits: ClassVar[tuple[str, ...]] = ("test",)
    images: Any

    def size(self, domain: str, split: str) -> int:
        return len(self.images)

    def class_domains(self, domain: str) -> tuple[str, ...]:
        return (domain,)

    def items(self, domain: str, split: str, n: int, seed: int) -> Items:
        ids = tuple(f"test/{i:05d}" for i in range(n))
        return Items(self.images[:n], ids, (domain,) * n)

    def files(self) -> Mapping[str, str]:
        return {}


@dataclass
class RunContext:
    targets: Tensor = field(default_factory=lambda: painted(9, seed=1))
    setting: Setting = SETTING
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    evaluated: list[int] = field(default_factory=list)

    def denoiser(self, score: ScoreModel, domains: Sequence[str]) -> Counted:
        inner = score.load(self.device, "fp32").denoiser(domains)
        return Counted(inner, self.evaluated)

    def held_out_targets(self) -> ItemStream:
        return ItemStream(Sevens(images=self.targets), "digit:7", "test")


def batch_of(n: int = 40, seed: int = 0) -> Batch:
    ids = tuple(f"test/{i:05d}" for i in range(n))
    return Batch(painted(n, seed=2), ids, ("digit:1",) * n, Draw(seed=seed, ids=ids))


def cell_of(method: Method, solver: Solver | None = None, nfe: int = 10) -> Cell:
    uses = method.axes
    parts = Parts(
        target_score=GaussianScore() if Axis.TARGET_SCORE in uses else None,
        solver=(solver or Heun()) if Axis.SOLVER in uses else None,
        nfe=nfe if Axis.NFE in uses else None,
    )
    return Cell(method, parts)


def outputs(
    method: Method, batch: Batch, context: RunContext | None = None, cell: Cell | None = None
) -> Tensor:
    translation = method.translate(cell or cell_of(method), batch, None, context or RunContext())
    assert isinstance(translation, Translation)
    return translation.images


EVERY: tuple[Method, ...] = (Identity(), RandomTarget(), RandomLatent(), Recolor())
every_baseline = pytest.mark.parametrize("method", EVERY, ids=lambda method: method.name)


def test_hooks_name_each_class_by_its_own_name() -> None:
    named = bridgebench_methods()
    assert set(named) == {method.name for method in EVERY}
    for name, target in named.items():
        assert isinstance(target, str)
        module, _, attribute = target.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        assert issubclass(found, Method)
        assert found.name == name
        assert found.baseline


@every_baseline
def test_outputs_depend_on_the_item_and_not_on_its_batch(method: Method) -> None:
    batch = batch_of()
    order = [17, 3, 30]
    ids = tuple(batch.ids[i] for i in order)
    part = Batch(batch.images[order], ids, ("digit:1",) * 3, Draw(seed=0, ids=ids))
    whole = outputs(method, batch)
    torch.testing.assert_close(outputs(method, part), whole[order], rtol=0, atol=1e-6)


@every_baseline
def test_outputs_are_images_and_the_sources_stay(method: Method) -> None:
    batch = batch_of()
    before = batch.images.clone()
    got = outputs(method, batch)
    assert got.shape == batch.images.shape
    assert got.dtype == torch.float32
    assert got.abs().max() <= 1
    assert torch.equal(batch.images, before)


def test_identity_is_the_source() -> None:
    batch = batch_of()
    assert torch.equal(outputs(Identity(), batch), batch.images)


def test_random_target_is_a_real_target_chosen_by_seed_and_item() -> None:
    context, batch = RunContext(), batch_of()
    got = outputs(RandomTarget(), batch, context)
    index = [math.floor(u * 9) for u in batch.draw.uniform("real_target").tolist()]
    assert torch.equal(got, context.targets[index])
    assert len(set(index)) == 9
    assert not torch.equal(got, outputs(RandomTarget(), batch_of(seed=1), context))


@pytest.mark.parametrize("method", [RandomTarget(), Recolor()], ids=lambda method: method.name)
def test_held_out_split_without_target_images_is_refused(method: Method) -> None:
    with pytest.raises(UsageError, match="no image of digit:7"):
        outputs(method, batch_of(), RunContext(targets=painted(9, seed=1)[:0]))


def test_recolor_is_the_random_target_in_the_hue_of_the_source() -> None:
    batch = batch_of()
    targets, got = outputs(RandomTarget(), batch), outputs(Recolor(), batch)
    assert hue_difference(mean_hue(got), mean_hue(batch.images)).max() < 0.01
    assert hue_difference(mean_hue(targets), mean_hue(batch.images)).mean() > 45
    rgb, target_rgb = (got + 1) / 2, (targets + 1) / 2
    for image, target, source in zip(rgb[:5], target_rgb[:5], batch.images[:5], strict=True):
        hue = mean_hue(source[None]).item() / 360
        for row in range(SHAPE[1]):
            for column in range(SHAPE[2]):
                value = target[:, row, column].max().item()
                expected = colorsys.hsv_to_rgb(hue, 1.0, value)
                assert image[:, row, column].tolist() == pytest.approx(expected, abs=1e-5)


def test_recolor_is_impossible_without_three_channels() -> None:
    grey = Setting("a", "a", ("a",), "b", (1, 6, 5))
    assert "(1, 6, 5)" in Recolor().skip_reason(cell_of(Recolor()), grey)
    unbounded = replace(SETTING, low=-math.inf, high=math.inf)
    assert "[-inf, inf]" in Recolor().skip_reason(cell_of(Recolor()), unbounded)
    assert Recolor().skip_reason(cell_of(Recolor()), SETTING) == ""


@pytest.mark.parametrize("solver", [Euler(), Heun(), Dpm()], ids=lambda solver: solver.spec)
def test_random_latent_counts_its_evaluations(solver: Solver) -> None:
    for last_step in (False, True):
        method, context = RandomLatent(last_step=last_step), RunContext()
        cell = cell_of(method, solver=solver)
        outputs(method, batch_of(4), context, cell)
        assert context.evaluated == [4] * (10 + last_step)
        assert method.shared_stages(cell, SETTING) == ()
        assert method.evaluations(cell) == 10 + last_step


def test_random_latent_draws_from_the_target_domain() -> None:
    method, batch = RandomLatent(clip=False), batch_of()
    got = outputs(method, batch, cell=cell_of(method, nfe=400))
    z = batch.draw.each("random_latent", SHAPE)
    start = z * math.sqrt(1 + SIGMA_MAX**2)
    exact = MEAN + (start - MEAN) * math.hypot(STD, SIGMA_MIN) / math.hypot(STD, SIGMA_MAX)
    torch.testing.assert_close(got, exact.clamp(-1, 1), rtol=0, atol=2e-3)
    assert got.std().item() == pytest.approx(math.hypot(STD, SIGMA_MIN), rel=0.1)


def test_random_latent_knows_nothing_of_the_source() -> None:
    batch = batch_of(4)
    other = Batch(torch.zeros_like(batch.images), batch.ids, batch.domains, batch.draw)
    assert torch.equal(outputs(RandomLatent(), batch), outputs(RandomLatent(), other))


def test_only_a_draw_has_several_samples_of_an_item() -> None:
    one = batch_of(4)
    other = replace(one, draw=one.draw.of_sample(1))
    for method in EVERY:
        differ = not torch.equal(outputs(method, one), outputs(method, other))
        assert method.stochastic(cell_of(method)) == differ == (method.name != "identity")


def test_each_says_what_it_was_given_and_asks_for() -> None:
    assert {method.name: method.supervision for method in EVERY} == {
        "identity": Supervision.NONE,
        "random_target": Supervision.UNPAIRED,
        "random_latent": Supervision.UNPAIRED,
        "recolor": Supervision.ORACLE,
    }
    asked = {m.name: [d for _, d in m.required_domains(cell_of(m), SETTING)] for m in EVERY}
    assert asked.pop("random_latent") == ["digit:7"]
    assert set(map(tuple, asked.values())) == {()}
