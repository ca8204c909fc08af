"""What decides each shipped weights file: data, network, noise levels, optimizer, schedule."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from bridgebench.toolkit.nn.training import Schedule
from bridgebench.toolkit.nn.unet import UNetConfig
from bridgebench_cmnist.classifier.convolutional import ClassifierConfig
from bridgebench_cmnist.classifier.residual import ResidualConfig

SIGMA_DATA = 0.5


@dataclass(frozen=True)
class NoiseLevels:
    """The distribution of sigma in training: lognormal, with a share log-uniform.

    Attributes:
        mean: mean of ln(sigma) of the lognormal part.
        std: standard deviation of ln(sigma) of the lognormal part.
        uniform_share: share of images whose ln(sigma) is uniform on [ln low, ln high] instead, so
            that no level that a solver asks for goes unseen.
        low: lowest sigma of the uniform part.
        high: highest sigma of the uniform part.
    """

    mean: float = -0.6
    std: float = 1.5
    uniform_share: float = 0.1
    low: float = 0.01
    high: float = 80.0


@dataclass(frozen=True)
class ScoreRecipe:
    """The recipe of a score model.

    Attributes:
        digit: the one digit that it learns, None for all of them.
        network: the architecture.
        noise: the noise levels of training until step `shape_from`.
        shape_noise: the noise levels from then on, where shapes are decided.
        shape_from: the step of the change.
        guidance: strength of the guidance that the network learns; 0 for none.
        guide_from: the step from which it does.
        label_dropout: share of images that are shown under the null label.
        batch: images a step.
        lr: peak learning rate.
        decay: weight decay.
        schedule: steps, warm-up, average.
        after: the recipe whose averaged weights this one goes on from, with fresh optimizers and
            other batches; None for a start from random weights.
    """

    digit: int | None
    network: UNetConfig
    schedule: Schedule
    noise: NoiseLevels = NoiseLevels()
    shape_noise: NoiseLevels = NoiseLevels(mean=0.6, std=1.0, uniform_share=0.2)
    shape_from: int = 0
    guidance: float = 0.0
    guide_from: int = 0
    label_dropout: float = 0.15
    batch: int = 64
    lr: float = 2e-3
    decay: float = 0.01
    after: ScoreRecipe | None = None

    def to_json(self) -> dict[str, object]:
        """All fields that say something, for a manifest and to recognize a checkpoint by."""
        fields = asdict(self)
        if self.after is None:
            del fields["after"]
        else:
            fields["after"] = self.after.to_json()
        return fields

    def parts(self) -> tuple[ScoreRecipe, ...]:
        """The recipes to follow one after the other, this one last."""
        return (*(self.after.parts() if self.after else ()), self)

    def noise_at(self, step: int) -> NoiseLevels:
        """The noise levels of a step."""
        return self.noise if step < self.shape_from else self.shape_noise


@dataclass(frozen=True)
class ClassifierRecipe:
    """The recipe of a digit classifier.

    Attributes:
        network: the architecture.
        schedule: steps and warm-up.
        batch: images a step.
        lr: peak learning rate.
        decay: weight decay.
    """

    schedule: Schedule
    network: ClassifierConfig | ResidualConfig
    batch: int = 128
    lr: float = 2e-3
    decay: float = 0.02

    def to_json(self) -> dict[str, object]:
        """All fields, for a manifest and to recognize a checkpoint by."""
        return asdict(self)


CLASSIFIER = ClassifierRecipe(
    network=ClassifierConfig(), schedule=Schedule(steps=3_000, warmup=100, ema_width=0.0)
)

CLASSIFIER_2 = ClassifierRecipe(
    network=ResidualConfig(), schedule=Schedule(steps=3_600, warmup=100, ema_width=0.0)
)

_LABELS_NETWORK = UNetConfig(channels=(64, 128, 256), classes=10)

LABELS = ScoreRecipe(
    digit=None,
    network=_LABELS_NETWORK,
    schedule=Schedule(steps=4_800, warmup=100, cooldown=0.65),
    shape_noise=NoiseLevels(mean=0.4, std=1.1, uniform_share=0.15),
    guidance=0.5,
    guide_from=3_600,
    batch=128,
    lr=1.5e-3,
    after=ScoreRecipe(
        digit=None,
        network=_LABELS_NETWORK,
        schedule=Schedule(steps=16_500, warmup=200),
        shape_from=10_500,
        guidance=0.5,
        guide_from=14_000,
    ),
)

SEVENS = ScoreRecipe(
    digit=7,
    network=UNetConfig(channels=(32, 64, 128), blocks=(1, 1, 2)),
    schedule=Schedule(steps=24_000, warmup=200),
    shape_noise=NoiseLevels(mean=0.4, std=1.1, uniform_share=0.15),
    shape_from=10_000,
)
