"""The tasks that come with bridgebench: every YAML file of its task folder, as a plugin module.

In a wheel the folder is inside the package, in an editable install it lies beside it.
"""

from importlib.resources import files

from bridgebench.plugins.hookspecs import hookimpl

api = 2

_FOLDERS = ("_tasks", "../tasks")


@hookimpl
def bridgebench_tasks() -> dict[str, str]:
    """Each task of the folder, by the name of its file."""
    package = files("bridgebench")
    for folder in _FOLDERS:
        place = package.joinpath(folder)
        if place.is_dir():
            names = sorted(entry.name for entry in place.iterdir() if entry.name.endswith(".yaml"))
            return {name.removesuffix(".yaml"): f"bridgebench:{folder}/{name}" for name in names}
    return {}
