"""What decides the weights of a flow: data, coupling, network, time, optimizer, schedule."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from bridgebench.toolkit.nn.training import Schedule
from bridgebench.toolkit.nn.unet import UNetConfig


@dataclass(frozen=True)
class FlowRecipe:
    """The recipe of a flow from one domain of a dataset to another.

    Attributes:
        dataset: the name of the dataset plugin; its training split is learned.
        source: the domain that the flow sets out from.
        target: the domain that it carries into.
        network: the architecture.
        schedule: steps, warm-up, cooldown, average.
        coupling: images a side that are coupled at once, a multiple of `batch`.
        color_weight: what the coupling pays for a difference of hue, beside that of pixels.
        batch: images a step.
        lr: peak learning rate.
        decay: weight decay.
    """

    schedule: Schedule
    network: UNetConfig
    dataset: str = "cmnist"
    source: str = "not_digit:7"
    target: str = "digit:7"
    coupling: int = 512
    color_weight: float = 0.0
    batch: int = 64
    lr: float = 2e-3
    decay: float = 0.01

    def __post_init__(self) -> None:
        if self.coupling % self.batch:
            raise ValueError(
                f"coupling={self.coupling} is cut into batches of {self.batch}; give a multiple"
            )

    def to_json(self) -> dict[str, object]:
        """All fields, for a manifest and to recognize a checkpoint by."""
        return asdict(self)


CMNIST_TO7 = FlowRecipe(
    network=UNetConfig(channels=(32, 64, 128)),
    schedule=Schedule(steps=7_000, warmup=200),
)
