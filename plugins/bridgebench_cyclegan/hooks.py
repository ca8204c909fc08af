"""The method by name."""

from collections.abc import Mapping

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_methods() -> Mapping[str, type | str]:
    """CycleGAN."""
    return {"cyclegan": "bridgebench_cyclegan.cyclegan:CycleGan"}
