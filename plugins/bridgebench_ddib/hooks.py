"""The methods by name."""

from collections.abc import Mapping

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_methods() -> Mapping[str, type | str]:
    """DDIB with a model on each side, and with the target's model on both."""
    return {
        "ddib": "bridgebench_ddib.ddib:Ddib",
        "ddib_single": "bridgebench_ddib.ddib_single:DdibSingle",
    }
