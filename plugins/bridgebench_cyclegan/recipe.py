"""What decides the weights of a CycleGAN: data, networks, weights of the losses, schedule."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from bridgebench_cyclegan.networks import GeneratorConfig

_GENERATOR = GeneratorConfig(width=32, blocks=3, group_width=16, skip=True)


@dataclass(frozen=True)
class CycleGanRecipe:
    """The recipe of a pair of generators between two domains of a dataset.

    Attributes:
        steps: steps of both optimizers.
        generator: the architecture of both generators.
        dataset: the name of the dataset plugin; its training split is learned.
        source: the one domain.
        target: the other domain.
        discriminator_width: channels of the first layer of a discriminator.
        discriminator_group: channels that it normalizes together.
        cycle: weight of the cycle terms beside the adversarial ones.
        identity: weight of the identity terms.
        identity_left: share of that weight at the end; it falls as the learning rate does.
        real_is: what a discriminator is to say of a real image.
        history: made images of the past that are kept for each discriminator.
        batch: images of each domain a step.
        lr: learning rate until it falls.
        discriminator_lr: that of the discriminators.
        betas: of Adam.
        cooldown: share of the steps, at the end, in which the rate falls to 0.
        ema_width: width of the average of the generators, relative to the steps so far; 0 for none.
        checkpoint_every: steps between checkpoints.
    """

    steps: int
    generator: GeneratorConfig = _GENERATOR
    dataset: str = "cmnist"
    source: str = "not_digit:7"
    target: str = "digit:7"
    discriminator_width: int = 32
    discriminator_group: int = 16
    cycle: float = 3.0
    identity: float = 3.0
    identity_left: float = 0.1
    real_is: float = 1.0
    history: int = 50
    batch: int = 16
    lr: float = 5e-4
    discriminator_lr: float = 5e-4
    betas: tuple[float, float] = (0.5, 0.999)
    cooldown: float = 0.4
    ema_width: float = 0.05
    checkpoint_every: int = 250

    def factor(self, step: int) -> float:
        """The learning rate of a step as a share of the first: level, then straight down to 0.

        >>> [CycleGanRecipe(steps=10).factor(step) for step in (0, 6, 7, 9)]
        [1.0, 1.0, 0.75, 0.25]
        """
        fall = (self.steps - step) / (self.cooldown * self.steps) if self.cooldown else 1.0
        return min(1.0, fall)

    def factor_of(self, step: int, steps: int) -> float:
        """The `factor` of a step if there were `steps` of them."""
        return replace(self, steps=steps).factor(step)

    def identity_at(self, step: int) -> float:
        """The weight of the identity terms at a step.

        Early on they teach a generator to keep colors. Later they teach it to leave alone what
        looks somewhat like its target, a two with a straight back among the sevens.

        >>> recipe = CycleGanRecipe(steps=10, identity=2.0, identity_left=0.5)
        >>> [recipe.identity_at(step) for step in (0, 6, 8)]
        [2.0, 2.0, 1.5]
        """
        return self.identity * (1 - (1 - self.identity_left) * (1 - self.factor(step)))

    def to_json(self) -> dict[str, object]:
        """All fields, for a manifest and to recognize a checkpoint by."""
        return asdict(self)


CMNIST_TO7 = CycleGanRecipe(steps=5_500)
