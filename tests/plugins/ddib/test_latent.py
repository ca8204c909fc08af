"""Negative controls of every method that decodes a latent: noise, and that of another source."""

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from bridgebench import Batch, Draw, Items, Method, Solver, Stage, Supervision, Translation
from bridgebench.execute.batches import SourceBatches
from bridgebench.toolkit.color import hue_difference, mean_hue
from bridgebench.toolkit.latent_origin import LatentOrigin
from bridgebench_bdia.bdia import Bdia
from bridgebench_cyclediffusion.cyclediffusion import CycleDiffusion
from bridgebench_ddib.ddib import Ddib
from bridgebench_ddib.ddib_single import DdibSingle
from bridgebench_ddib.options import Start
from bridgebench_guided.ddib_guided import DdibGuided

from .closed_form import MEANS, SETTING, SHAPE, RunContext, cell_of

DOMAINS = ("digit:1", "digit:2", "digit:2", "digit:1")
IDS = tuple(f"test/{i:05d}" for i in range(4))
NFE = 10

METHODS: tuple[Method, ...] = (
    Ddib(),
    Ddib(start=Start.NOISED),
    DdibSingle(),
    DdibGuided(color=0.0, restart=0.0),
    CycleDiffusion(),
)
each_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.spec)


@dataclass
class Run(RunContext):
    """A context that has the source images of a run."""

    batches: SourceBatches | None = None

    def permuted(self, batch: Batch) -> Batch:
        assert self.batches is not None
        return self.batches.permuted(batch)


def sources(seed: int = 5) -> Tensor:
    means = torch.tensor([MEANS[domain] for domain in DOMAINS]).view(-1, 1, 1, 1)
    return means + 0.2 * torch.randn(4, *SHAPE, generator=torch.Generator().manual_seed(seed))


def batch_of(images: Tensor) -> Batch:
    return Batch(images, IDS, DOMAINS, Draw(0, IDS))


def run_of(images: Tensor) -> Run:
    items = Items(images, IDS, DOMAINS)
    return Run(batches=SourceBatches([items], 4, 0, torch.device("cpu")))


def under(method: Method, latent: LatentOrigin) -> Method:
    return type(method)(**method.model_dump() | {"latent": latent})


def translated(method: Method, batch: Batch, run: Run, solver: Solver | None = None) -> Translation:
    cell = cell_of(method, solver=solver, nfe=NFE)
    shared = None
    for stage in method.shared_stages(cell, SETTING):
        limited = cell.for_stage(stage)
        shared = limited.method.run_stage(limited, batch, shared, run)
    return method.translate(cell, batch, shared, run)


@each_method
def test_decoded_noise_knows_nothing_of_the_source(method: Method) -> None:
    control, run = under(method, LatentOrigin.NOISE), run_of(sources())
    first = translated(control, batch_of(sources(5)), run)
    other = translated(control, batch_of(sources(6)), run)
    assert torch.equal(first.images, other.images)
    assert not torch.equal(first.images, translated(method, batch_of(sources()), run).images)
    assert not torch.allclose(first.images[0], first.images[1]), "each item has its own noise"
    assert 0.8 < first.latent.std() < 1.2


@each_method
def test_noise_costs_no_encode(method: Method) -> None:
    control, run = under(method, LatentOrigin.NOISE), run_of(sources())
    translated(control, batch_of(sources()), run)
    assert len(run.evaluated) == NFE
    cell = cell_of(control, nfe=NFE)
    assert control.shared_stages(cell, SETTING) == ()
    assert control.evaluations(cell) == NFE


@each_method
def test_a_shuffled_latent_is_decoded_to_the_translation_of_the_partner(method: Method) -> None:
    images = sources()
    run, batch = run_of(images), batch_of(images)
    partners = run.permuted(batch)
    assert not any(mine == other for mine, other in zip(IDS, partners.ids, strict=True))
    made = translated(under(method, LatentOrigin.SHUFFLED), batch, run)
    expected = translated(method, partners, run)
    torch.testing.assert_close(made.images, expected.images)
    torch.testing.assert_close(made.latent, expected.latent)


def test_guidance_stays_that_of_the_own_source() -> None:
    images = sources()
    run, batch = run_of(images), batch_of(images)
    method = DdibGuided(restart=0.0, latent=LatentOrigin.SHUFFLED)
    error = hue_difference(mean_hue(translated(method, batch, run).images), mean_hue(images))
    assert error.max() < 5
    partners = mean_hue(run.permuted(batch).images)
    assert hue_difference(partners, mean_hue(images)).max() > 20


def test_noise_has_nothing_that_a_solver_carries() -> None:
    run, control = run_of(sources()), Ddib(latent=LatentOrigin.NOISE)
    made = translated(control, batch_of(sources()), run, solver=Bdia())
    other = translated(control, batch_of(sources(6)), run, solver=Bdia())
    assert torch.equal(made.images, other.images)


def test_all_methods_decode_the_same_noise() -> None:
    run = run_of(sources())
    latents = [
        translated(under(method, LatentOrigin.NOISE), batch_of(sources()), run).latent
        for method in (Ddib(), DdibSingle(), DdibGuided())
    ]
    assert all(torch.equal(latent, latents[0]) for latent in latents)


@each_method
def test_the_encode_of_another_source_is_shared_with_no_other_cell(method: Method) -> None:
    def encode(latent: LatentOrigin) -> Stage:
        other = under(method, latent)
        (stage,) = other.shared_stages(cell_of(other, nfe=NFE), SETTING)
        return stage

    own, shuffled = encode(LatentOrigin.SOURCE), encode(LatentOrigin.SHUFFLED)
    assert own.name == shuffled.name == "encode"
    assert "latent" in own.options
    assert (own.whole_run, shuffled.whole_run) == (False, True)


@pytest.mark.parametrize("method", [*METHODS, DdibGuided(restart=1.0)], ids=lambda m: m.spec)
@pytest.mark.parametrize("latent", LatentOrigin)
def test_a_method_says_whether_its_outputs_are_draws(method: Method, latent: LatentOrigin) -> None:
    chosen, run, batch = under(method, latent), run_of(sources()), batch_of(sources())
    made = translated(chosen, batch, run).images
    again = translated(chosen, replace(batch, draw=batch.draw.of_sample(1)), run).images
    assert chosen.stochastic(cell_of(chosen, nfe=NFE)) == (not torch.equal(made, again))


@each_method
def test_a_control_is_there_to_compare_with(method: Method) -> None:
    ranked = {latent: not under(method, latent).baseline for latent in LatentOrigin}
    assert ranked == {
        LatentOrigin.SOURCE: True,
        LatentOrigin.NOISE: False,
        LatentOrigin.SHUFFLED: False,
    }


def test_guidance_by_the_hue_is_supervision_by_the_attribute_that_is_scored() -> None:
    assert DdibGuided().supervision is Supervision.ATTRIBUTE
    assert DdibGuided(color=0.0).supervision is Supervision.LABELS


def test_pure_noise_has_the_variance_of_states_at_any_level() -> None:
    control = CycleDiffusion(latent=LatentOrigin.NOISE, start_sigma=3.0)
    batch = batch_of(sources())
    made = translated(control, replace(batch, images=batch.images), run_of(sources()))
    assert 0.8 < made.latent.std() < 1.2
