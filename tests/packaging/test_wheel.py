"""The wheel holds all that a run needs, and nothing of the repository besides."""

import zipfile

import pytest


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    "name",
    [
        "bridgebench/py.typed",
        "bridgebench/_tasks/cmnist_to7.yaml",
        "bridgebench/conformance/pytest_plugin.py",
        "bridgebench/scaffold/templates/method/plugin.template",
        "bridgebench_cmnist/data/t10k-images-idx3-ubyte.gz",
        "bridgebench_cmnist/weights/cmnist_digits.safetensors",
        "bridgebench_cmnist/weights/cmnist_digits_2.safetensors",
        "bridgebench_solvers/heun.py",
        "bridgebench_bdia/bdia.py",
        "bridgebench_cyclediffusion/hooks.py",
        "bridgebench_cyclegan/references.bib",
        "bridgebench_cyclegan/weights/cmnist_to7.safetensors",
        "bridgebench_files/outputs.py",
        "bridgebench_guided/hooks.py",
        "bridgebench_otcfm/hooks.py",
        "bridgebench_otcfm/weights/cmnist_to7.safetensors",
    ],
)
def test_the_wheel_has(name, names):
    assert name in names


def test_the_wheel_has_packages_and_metadata_alone(names):
    tops = {name.partition("/")[0] for name in names}
    assert all(top.startswith("bridgebench") for top in tops), tops
    assert not any(name.startswith(("tests", "docs")) or ".pyc" in name for name in names)
