"""The method by name."""

from collections.abc import Mapping

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_methods() -> Mapping[str, type | str]:
    """DDIB with guidance."""
    return {"ddib_guided": "bridgebench_guided.ddib_guided:DdibGuided"}
