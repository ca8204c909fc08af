"""Both methods on Gaussian domains, whose denoisers and whose DDIB map are known in closed form."""

import math

import pytest
import torch

from bridgebench import Batch, Cell, Draw, Method, Solver, UnknownName
from bridgebench_ddib.ddib import Ddib, SourceLabel
from bridgebench_ddib.ddib_single import DdibSingle
from bridgebench_ddib.hooks import bridgebench_methods
from bridgebench_ddib.options import Clip, Start
from bridgebench_solvers.dpm import Dpm
from bridgebench_solvers.euler import Euler
from bridgebench_solvers.heun import Heun
from bridgebench_transforms.blur import BlurImage
from bridgebench_transforms.fixed_noise import FixedNoise
from bridgebench_transforms.scale import Scale

from .closed_form import (
    MEANS,
    SETTING,
    SHAPE,
    SIGMA_MIN,
    Gaussians,
    RunContext,
    cell_of,
    encode,
    encode_decided_by,
    encode_stage,
    means_of,
    translate,
)


@pytest.fixture
def batch() -> Batch:
    domains = ("digit:1", "digit:2", "digit:2", "digit:1")
    ids = tuple(f"test/{i:05d}" for i in range(4))
    means = torch.tensor([MEANS[domain] for domain in domains]).view(-1, 1, 1, 1)
    noise = torch.randn(4, *SHAPE, generator=torch.Generator().manual_seed(5))
    return Batch(means + 0.2 * noise, ids, domains, Draw(seed=0, ids=ids))


BOTH: tuple[Method, ...] = (Ddib(), DdibSingle())
both_methods = pytest.mark.parametrize("method", BOTH, ids=lambda method: method.name)


def test_hooks_name_both_methods() -> None:
    assert bridgebench_methods() == {
        "ddib": "bridgebench_ddib.ddib:Ddib",
        "ddib_single": "bridgebench_ddib.ddib_single:DdibSingle",
    }


@pytest.mark.parametrize("solver", [Euler(), Heun(), Dpm()], ids=lambda solver: solver.spec)
def test_ddib_converges_to_the_closed_form_map(solver: Solver, batch: Batch) -> None:
    target = Gaussians(std=0.1)
    exact = MEANS["digit:7"] + (batch.images - means_of(batch)) * _gain(0.2, 0.1)
    errors = []
    for nfe in (20, 100, 500):
        cell = cell_of(Ddib(clip=Clip.NONE), target=target, solver=solver, nfe=nfe)
        errors.append((translate(cell, batch).images - exact).abs().max().item())
    assert errors[2] < errors[1] < errors[0]
    assert errors[2] < 0.01


def _gain(source_std: float, target_std: float, sigma_max: float = 80.0) -> float:
    up = math.hypot(source_std, sigma_max) / math.hypot(source_std, SIGMA_MIN)
    return up * math.hypot(target_std, SIGMA_MIN) / math.hypot(target_std, sigma_max)


@pytest.mark.parametrize("sigma_max", [2.0, 80.0])
def test_latent_is_the_unit_latent(sigma_max: float, batch: Batch) -> None:
    """At 80 the 1 in sqrt(1 + sigma_max²) is nothing; at 2 it is a tenth of the latent."""
    cell = cell_of(Ddib(clip=Clip.NONE), source=Gaussians(sigma_max=sigma_max), nfe=500)
    up = math.hypot(0.2, sigma_max) / math.hypot(0.2, SIGMA_MIN)
    there = means_of(batch) + (batch.images - means_of(batch)) * up
    exact = there / math.sqrt(1 + sigma_max**2)
    torch.testing.assert_close(encode(cell, batch, RunContext()), exact, rtol=0, atol=2e-3)


def test_own_labels_condition_the_source_and_none_pools_it(batch: Batch) -> None:
    own, unconditional = RunContext(), RunContext()
    translate(cell_of(Ddib()), batch, own)
    translate(cell_of(Ddib(source_label=SourceLabel.NONE)), batch, unconditional)
    assert own.asked == [batch.domains, ("digit:7",) * 4]
    assert unconditional.asked == [("digits",) * 4, ("digit:7",) * 4]


def test_single_uses_the_target_domain_on_both_sides_and_returns_the_source(batch: Batch) -> None:
    context = RunContext()
    cell = cell_of(DdibSingle(clip=Clip.NONE), nfe=200)
    out = translate(cell, batch, context)
    assert context.asked == [("digit:7",) * 4] * 2
    torch.testing.assert_close(out.images, batch.images, rtol=0, atol=5e-3)


@both_methods
@pytest.mark.parametrize("solver", [Euler(), Heun(), Dpm()], ids=lambda solver: solver.spec)
def test_evaluations_counted_are_those_asked_and_planned(
    method: Method, solver: Solver, batch: Batch
) -> None:
    for last_step in (False, True):
        chosen = method.model_copy(update={"last_step": last_step})
        cell, context = cell_of(chosen, solver=solver, nfe=10), RunContext()
        z = encode(cell, batch, context)
        assert context.evaluated == [4] * 10
        chosen.translate(cell, batch, z, context)
        assert context.evaluated == [4] * (20 + last_step)
        assert encode_stage(cell).evaluations == 10
        assert chosen.evaluations(cell) == 10 + last_step


def test_last_step_denoises_at_sigma_min(batch: Batch) -> None:
    plain = translate(cell_of(Ddib()), batch).images
    last = translate(cell_of(Ddib(last_step=True)), batch).images
    s2, sigma2 = 0.2**2, SIGMA_MIN**2
    expected = (s2 * plain + sigma2 * MEANS["digit:7"]) / (s2 + sigma2)
    torch.testing.assert_close(last, expected, rtol=0, atol=1e-5)


@both_methods
def test_encode_shared_by_cells_is_the_encode_of_each_alone_bit_for_bit(
    method: Method, batch: Batch
) -> None:
    shared = encode(cell_of(method), batch, RunContext())
    for links in ((Scale(c=0.8),), (FixedNoise(c=0.1), Scale(c=1.2))):
        cell = cell_of(method, *links)
        assert encode_decided_by(cell) == encode_decided_by(cell_of(method))
        assert torch.equal(encode(cell, batch, RunContext()), shared)
        from_shared = method.translate(cell, batch, shared, RunContext())
        assert torch.equal(from_shared.images, translate(cell, batch).images)


def test_encode_does_not_depend_on_the_target(batch: Batch) -> None:
    one, other = cell_of(Ddib()), cell_of(Ddib(), target=Gaussians(std=0.1))
    assert encode_decided_by(one) == encode_decided_by(other)
    assert torch.equal(encode(one, batch, RunContext()), encode(other, batch, RunContext()))


@pytest.mark.parametrize(
    "cell",
    [
        cell_of(Ddib(), source=Gaussians(std=0.1)),
        cell_of(Ddib(), solver=Euler()),
        cell_of(Ddib(), nfe=40),
        cell_of(Ddib(), BlurImage()),
        cell_of(Ddib(), BlurImage(sigma=1.0)),
        cell_of(Ddib(start=Start.NOISED)),
        cell_of(Ddib(clip=Clip.BOTH)),
        cell_of(Ddib(source_label=SourceLabel.NONE)),
        cell_of(DdibSingle()),
    ],
    ids=lambda cell: f"{cell.method.spec}-{cell.transform.spec}-{cell.solver.spec}-{cell.nfe}",
)
def test_encode_is_decided_by_all_that_changes_it(cell: Cell, batch: Batch) -> None:
    base = cell_of(Ddib())
    assert encode_decided_by(cell) != encode_decided_by(base)
    if cell.method.name == base.method.name and cell.method != Ddib(clip=Clip.BOTH):
        z, z_base = encode(cell, batch, RunContext()), encode(base, batch, RunContext())
        assert not torch.equal(z, z_base)


def test_cells_that_differ_in_the_decode_alone_share_the_encode() -> None:
    last = cell_of(Ddib(last_step=True))
    assert encode_decided_by(last) == encode_decided_by(cell_of(Ddib()))


def test_noised_start_gives_latents_of_unit_deviation_where_clean_does_not(batch: Batch) -> None:
    # pixels with far less deviation than sigma_min, as a flat background has
    flat = Batch(
        means_of(batch) + 0.005 * batch.draw.each("pixels", SHAPE),
        batch.ids,
        batch.domains,
        batch.draw,
    )
    narrow = Gaussians(std=0.005)
    deviations = {}
    for start in Start:
        cell = cell_of(Ddib(start=start), source=narrow, target=narrow, nfe=100)
        deviations[start] = encode(cell, flat, RunContext()).std().item()
    assert deviations[Start.CLEAN] < 0.4
    assert deviations[Start.NOISED] == pytest.approx(1, abs=0.1)


def test_noise_of_a_start_belongs_to_the_item(batch: Batch) -> None:
    cell = cell_of(Ddib(start=Start.NOISED))
    order = [3, 1]
    ids = tuple(batch.ids[i] for i in order)
    part = Batch(
        batch.images[order], ids, tuple(batch.domains[i] for i in order), Draw(seed=0, ids=ids)
    )
    whole = encode(cell, batch, RunContext())
    torch.testing.assert_close(encode(cell, part, RunContext()), whole[order], rtol=0, atol=1e-6)


def test_clip_acts_where_it_says(batch: Batch) -> None:
    bright = Batch(batch.images + 3, batch.ids, batch.domains, batch.draw)
    encodes = {clip: encode(cell_of(Ddib(clip=clip)), bright, RunContext()) for clip in Clip}
    assert torch.equal(encodes[Clip.NONE], encodes[Clip.DECODE])
    assert not torch.allclose(encodes[Clip.NONE], encodes[Clip.BOTH])
    spoiled, decodes = Gaussians(overshoot=2.0), {}
    for clip in Clip:
        cell = cell_of(Ddib(clip=clip), target=spoiled)
        made = cell.method.translate(cell, batch, encodes[Clip.NONE] / 10, RunContext())
        decodes[clip] = made.images
    assert torch.equal(decodes[Clip.DECODE], decodes[Clip.BOTH])
    assert not torch.allclose(decodes[Clip.NONE], decodes[Clip.DECODE], atol=1e-3)


@both_methods
def test_outputs_stay_in_the_range_of_images(method: Method, batch: Batch) -> None:
    for level in (-50.0, 50.0):
        latent = torch.full((4, *SHAPE), level)
        out = method.translate(cell_of(method), batch, latent, RunContext())
        assert out.images.abs().max() <= 1


def test_transform_changes_the_latent_that_is_shown(batch: Batch) -> None:
    out = translate(cell_of(Ddib(), Scale(c=0.8)), batch)
    assert out.latent is not None
    assert out.changed is not None
    torch.testing.assert_close(out.changed, 0.8 * out.latent)


def test_image_stage_acts_before_the_encode(batch: Batch) -> None:
    blur = BlurImage()
    blurred = Batch(blur.image(batch.images, batch.draw), batch.ids, batch.domains, batch.draw)
    got = encode(cell_of(Ddib(), blur), batch, RunContext())
    assert torch.equal(got, encode(cell_of(Ddib()), blurred, RunContext()))


@both_methods
@pytest.mark.parametrize("start", Start)
def test_back_returns_near_the_source(method: Method, start: Start, batch: Batch) -> None:
    chosen = method.model_copy(update={"clip": Clip.NONE, "start": start})
    cell, context = cell_of(chosen, nfe=200), RunContext()
    outputs = translate(cell, batch).images
    returned = chosen.translate_back(cell, batch, outputs, context)
    assert returned is not None
    assert len(context.evaluated) == 400
    away = (outputs - batch.images).square().mean().sqrt()
    error = (returned - batch.images).square().mean().sqrt()
    assert error < (0.005 if start is Start.CLEAN else 2 * SIGMA_MIN)
    if method.name == "ddib":
        assert away > 0.2


def test_models_with_different_ends_share_no_latent() -> None:
    cell = cell_of(Ddib(), target=Gaussians(sigma_max=50.0))
    reason = Ddib().skip_reason(cell, SETTING)
    assert "gaussians ends at sigma_max=80" in reason
    assert "gaussians:sigma_max=50.0 at 50" in reason
    assert Ddib().skip_reason(cell_of(Ddib()), SETTING) == ""
    assert DdibSingle().skip_reason(cell_of(DdibSingle()), SETTING) == ""


def test_domains_asked_are_those_used() -> None:
    def names(method: Method) -> list[str]:
        return [domain for _, domain in method.required_domains(cell_of(method), SETTING)]

    assert names(Ddib()) == ["digit:1", "digit:2", "digit:7"]
    assert names(Ddib(source_label=SourceLabel.NONE)) == ["digits", "digit:7"]
    assert names(DdibSingle()) == ["digit:7"]
    with pytest.raises(UnknownName, match="digit:8"):
        Gaussians().check_domain("digit:8")


@both_methods
def test_source_images_are_not_changed(method: Method, batch: Batch) -> None:
    before = batch.images.clone()
    translate(cell_of(method.model_copy(update={"start": Start.NOISED})), batch)
    assert torch.equal(batch.images, before)
