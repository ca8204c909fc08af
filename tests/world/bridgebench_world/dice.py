"""A method whose output is a draw, made in its translation or in a shared stage before it."""

from typing import ClassVar

from pydantic import Field

from bridgebench import Method, Stage, Translation


class Dice(Method):
    """Uniform color in place of the image, another for each sample."""

    name: ClassVar[str] = "dice"

    stage: bool = Field(False, description="whether the draw is made in a shared stage")
    fails: bool = Field(False, description="whether any sample but the first is an error")

    def stochastic(self, cell):
        return True

    def shared_stages(self, cell, setting):
        return (Stage("throw"),) if self.stage else ()

    def run_stage(self, cell, batch, previous, context):
        return self._thrown(batch)

    def translate(self, cell, batch, shared, context):
        if self.fails and batch.draw.sample:
            raise ValueError("no second throw")
        thrown = self._thrown(batch) if shared is None else shared
        return Translation((0 * batch.images + thrown).clamp(-1, 1))

    def _thrown(self, batch):
        return batch.draw.each("dice", (3, 1, 1)).to(batch.images) / 3
