"""The solver by name."""

from collections.abc import Mapping

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_solvers() -> Mapping[str, type | str]:
    """Bi-directional integration approximation."""
    return {"bdia": "bridgebench_bdia.bdia:Bdia"}
