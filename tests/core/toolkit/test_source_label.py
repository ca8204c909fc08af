"""Which domains a source model is asked under, and which latents are of one distribution."""

from typing import ClassVar

import torch

from bridgebench import Batch, Draw, ScoreModel, Setting
from bridgebench.toolkit.source_label import SourceLabel, no_common_latents
from bridgebench_solvers.ancestral import Ancestral
from bridgebench_solvers.euler import Euler

SETTING = Setting("not_digit:7", "digits", ("digit:1", "digit:2"), "digit:7", (3, 4, 4))


class Model(ScoreModel):
    """A score model of nothing but its noise levels."""

    name: ClassVar[str] = "model"
    domains: ClassVar[tuple[str, ...]] = ("digits",)
    top: float = 80.0
    fit: bool = True

    @property
    def sigma_range(self):
        """From 0.02 to `top`."""
        return 0.02, self.top

    @property
    def unfit_to_encode(self):
        """A reason where it is asked for."""
        return "" if self.fit else "it knows its images by heart"

    def files(self):
        """None."""
        return {}

    def load(self, device, precision):
        """Never asked for."""
        raise NotImplementedError


def test_each_image_goes_under_its_own_domain_or_under_that_of_all():
    images = torch.zeros(3, 3, 4, 4)
    domains = ("digit:2", "digit:1", "digit:2")
    batch = Batch(images, ("a", "b", "c"), domains, Draw(0, ("a", "b", "c")))
    assert SourceLabel.OWN.of(batch, SETTING) == domains
    assert SourceLabel.NONE.of(batch, SETTING) == ("digits",) * 3
    assert set(domains) <= set(SourceLabel.OWN.asked(SETTING))


def test_latents_are_unlike_where_the_noise_ends_elsewhere_or_the_model_cannot_encode():
    assert no_common_latents(Model(), Model(), Euler()) == ""
    other = no_common_latents(Model(top=50.0), Model(), Euler())
    assert "model:top=50.0 ends at sigma_max=50" in other
    unfit = no_common_latents(Model(fit=False), Model(), Euler())
    assert unfit == "it knows its images by heart"
    assert no_common_latents(Model(), Model(fit=False), Euler()) == ""


def test_a_stochastic_solver_encodes_nothing():
    assert "ancestral is stochastic" in no_common_latents(Model(), Model(), Ancestral())
