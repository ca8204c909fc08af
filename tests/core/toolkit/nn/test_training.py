"""The training loop: same seed same weights, resumed same as unbroken, average, schedule."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from bridgebench.errors import IntegrityError
from bridgebench.toolkit.nn.optimizers import split_optimizers
from bridgebench.toolkit.nn.training import Schedule, Shard, Trainer, ema_decay, replica, run

SCHEDULE = Schedule(steps=12, warmup=2, checkpoint_every=5)


def network() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.SiLU(), nn.Conv2d(8, 8, 3), nn.Conv2d(8, 3, 3))


def trainer(schedule: Schedule = SCHEDULE, workers: int = 1) -> Trainer:
    learned = network()
    optimizers = split_optimizers(
        learned, lr=1e-2, decay=0.01, skip=[learned[0], learned[3]], parts=workers
    )
    return Trainer(learned, network(), optimizers, schedule, workers)


def loss_of(learned: nn.Module, shard: Shard) -> Tensor:
    random = torch.Generator().manual_seed(shard.step)
    x = torch.randn(4, 3, 10, 10, generator=random).chunk(shard.count)[shard.index]
    return (learned(x) - x[:, :, 3:-3, 3:-3]).square().mean()


def train(of: Trainer, folder: Path, stop_after: int | None = None, name: str = "run") -> None:
    def on_step(step: int, _: float) -> None:
        if step == stop_after:
            raise KeyboardInterrupt

    run(
        of,
        loss_of,
        checkpoint=folder / "checkpoint.safetensors",
        identity={"name": name},
        on_step=on_step,
    )


def weights(of: Trainer) -> Tensor:
    everything = [*of.network.parameters(), *of.average.parameters()]
    return torch.cat([p.detach().flatten() for p in everything])


@pytest.fixture
def threads(request: pytest.FixtureRequest) -> Iterator[None]:
    """Torch with as many threads as asked for, and as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("threads", [1, 2], indirect=True)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_stopped_and_resumed_run_ends_with_the_same_weights(tmp_path: Path, workers: int) -> None:
    unbroken = trainer(workers=workers)
    train(unbroken, tmp_path / "a")
    with pytest.raises(KeyboardInterrupt):
        train(trainer(workers=workers), tmp_path / "b", stop_after=8)
    resumed = trainer(workers=workers)
    train(resumed, tmp_path / "b")
    assert resumed.step == 12
    assert torch.equal(weights(resumed), weights(unbroken))
    assert not torch.equal(weights(resumed), weights(trainer()))


def test_two_workers_take_the_step_of_one() -> None:
    one, two = trainer(workers=1), trainer(workers=2)
    for _ in range(3):
        assert two.advance(loss_of) == pytest.approx(one.advance(loss_of), rel=1e-4)
    difference = (weights(two) - weights(one)).abs().max()
    assert difference < 0.05 * (weights(one) - weights(trainer())).abs().max()


def test_a_replica_shares_weights_and_not_gradients() -> None:
    first = network()
    second = replica(first)
    with torch.no_grad():
        first[0].weight.add_(1.0)
    x = torch.randn(2, 3, 10, 10)
    assert torch.equal(second(x), first(x))
    second(x).sum().backward()
    assert first[0].weight.grad is None
    assert second[0].weight.grad is not None


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    learned = trainer(Schedule(steps=60, warmup=5))
    losses: list[float] = []
    run(
        learned,
        loss_of,
        checkpoint=tmp_path / "checkpoint.safetensors",
        identity={},
        on_step=lambda _, loss: losses.append(loss),
    )
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


def test_snapshots_come_after_the_steps_asked_for(tmp_path: Path) -> None:
    seen: list[int] = []
    learned = trainer()
    run(
        learned,
        loss_of,
        checkpoint=tmp_path / "checkpoint.safetensors",
        identity={},
        on_step=lambda *_: None,
        snapshots=(3, 12),
        on_snapshot=seen.append,
    )
    assert seen == [3, 12]


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    train(trainer(), tmp_path)
    with pytest.raises(ValueError, match="another recipe"):
        train(trainer(), tmp_path, name="other")


def test_length_may_change_while_the_rate_is_level_and_not_after(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(trainer(), tmp_path / "early", stop_after=6)
    longer = replace(SCHEDULE, steps=20)
    extended, planned = trainer(longer), trainer(longer)
    train(extended, tmp_path / "early")
    train(planned, tmp_path / "planned")
    assert torch.equal(weights(extended), weights(planned))

    train(trainer(), tmp_path / "late")
    with pytest.raises(ValueError, match="fell towards 12 steps"):
        train(trainer(longer), tmp_path / "late")


def test_a_damaged_checkpoint_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0garbage!")
    with pytest.raises(IntegrityError, match=r"checkpoint\.safetensors: not a readable"):
        train(trainer(), tmp_path)


@pytest.mark.parametrize("width", [0.03, 0.05, 0.1])
def test_average_has_the_relative_width_asked_for(width: float) -> None:
    steps = 4000
    weight = torch.zeros(steps, dtype=torch.float64)
    for step in range(steps):
        decay = ema_decay(step, width) if step % 100 == 0 or step < 3 else None
        # The decay is (1 - 1/(t + 1))^p with one exponent p for the whole run.
        power = math.log(ema_decay(steps - 1, width)) / math.log(1 - 1 / steps)
        kept = (1 - 1 / (step + 1)) ** power
        if decay is not None:
            assert decay == pytest.approx(kept, abs=1e-9)
        weight[:step] *= kept
        weight[step] = 1 - kept
    time = torch.arange(1, steps + 1, dtype=torch.float64) / steps
    mean = (weight * time).sum()
    spread = (weight * (time - mean) ** 2).sum().sqrt()
    assert weight.sum() == pytest.approx(1)
    assert float(spread) == pytest.approx(width, rel=0.02)


def test_no_average_means_the_weights_themselves() -> None:
    learned = trainer(replace(SCHEDULE, ema_width=0.0))
    learned.advance(loss_of)
    pairs = zip(learned.network.parameters(), learned.average.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
