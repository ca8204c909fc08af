"""What the files of people bring, by name."""

from collections.abc import Mapping

from bridgebench import hookimpl

api = 2


@hookimpl
def bridgebench_datasets() -> Mapping[str, type | str]:
    """People's own images."""
    return {"folder": "bridgebench_files.folder:Folder"}


@hookimpl
def bridgebench_methods() -> Mapping[str, type | str]:
    """Outputs that were made elsewhere."""
    return {"outputs": "bridgebench_files.outputs:Outputs"}
