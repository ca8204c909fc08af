"""What this distribution brings to bridgebench, by name."""

from collections.abc import Mapping

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_methods() -> Mapping[str, type | str]:
    """SDEdit, imported when it is asked for."""
    return {"sdedit": "bridgebench_sdedit.sdedit:Sdedit"}
