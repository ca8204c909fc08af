"""The baselines by name."""

from collections.abc import Mapping

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_methods() -> Mapping[str, type | str]:
    """The worst that can be done about each number, and the best."""
    return {
        "identity": "bridgebench_baselines.identity:Identity",
        "random_target": "bridgebench_baselines.random_target:RandomTarget",
        "random_latent": "bridgebench_baselines.random_latent:RandomLatent",
        "recolor": "bridgebench_baselines.recolor:Recolor",
    }
