"""The solvers by name."""

from collections.abc import Mapping

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_solvers() -> Mapping[str, type | str]:
    """Solvers of the ODE with fixed steps, one that chooses them, and ancestral sampling."""
    return {
        "euler": "bridgebench_solvers.euler:Euler",
        "heun": "bridgebench_solvers.heun:Heun",
        "dpm": "bridgebench_solvers.dpm:Dpm",
        "ancestral": "bridgebench_solvers.ancestral:Ancestral",
        "bs23": "bridgebench_solvers.bs23:Bs23",
    }
