"""The solvers by name."""

from collections.abc import Mapping

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_solvers() -> Mapping[str, type | str]:
    """Euler, Heun and DPM-Solver++."""
    return {
        "euler": "bridgebench_solvers.euler:Euler",
        "heun": "bridgebench_solvers.heun:Heun",
        "dpm": "bridgebench_solvers.dpm:Dpm",
    }
