"""Plugins from entry points: found, refused, blocked, and imported only when asked for."""

import sys
from importlib.metadata import EntryPoint, PathDistribution

import pytest

from bridgebench import DuplicateName, PluginError, Solver, UnknownName
from bridgebench.interfaces.version import API_VERSION, VERSIONS, Version
from bridgebench.plugins.registry import Kind, build_registry, load_registry

MODULE = """
from bridgebench import hookimpl
api = {api}
{body}
"""


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """Makes an entry point of a distribution of its own around a module of hooks."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(name, body, api=API_VERSION):
        module = name.replace("-", "_")
        monkeypatch.delitem(sys.modules, module, raising=False)
        (tmp_path / f"{module}.py").write_text(MODULE.format(api=api, body=body))
        info = tmp_path / f"{module}-2.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.5\n")
        (info / "entry_points.txt").write_text(f"[bridgebench]\n{module} = {module}\n")
        (point,) = PathDistribution(info).entry_points
        assert isinstance(point, EntryPoint)
        return point

    return make


def hook(kind, mapping):
    return f"@hookimpl\ndef bridgebench_{kind}s():\n    return {mapping}\n"


def test_built_ins_come_in_through_their_entry_points():
    registry = load_registry()
    assert {"euler", "heun", "dpm"} <= set(registry.names(Kind.SOLVER))
    assert {"cmnist_to7", "cmnist_2to3"} <= set(registry.names(Kind.TASK))
    assert registry.entry(Kind.SOLVER, "dpm").source.distribution == "bridgebench"
    assert not registry.faults


def test_two_distributions_that_claim_one_name_are_both_named(distribution):
    points = [
        distribution(name, hook("solver", {"midpoint": "anywhere:Midpoint"}))
        for name in ("first-plugin", "second-plugin")
    ]
    registry = build_registry(points)
    assert registry.names(Kind.SOLVER) == ()
    with pytest.raises(DuplicateName, match=r"first-plugin 2\.5.*second-plugin 2\.5") as caught:
        registry.entry(Kind.SOLVER, "midpoint")
    assert "solver 'midpoint'" in str(caught.value)


def test_one_name_may_stand_for_two_kinds(distribution):
    body = hook("solver", {"same": "a:B"}) + hook("method", {"same": "a:C"})
    registry = build_registry([distribution("both", body)])
    assert registry.names(Kind.SOLVER) == registry.names(Kind.METHOD) == ("same",)


@pytest.mark.parametrize(
    ("body", "api", "said"),
    [
        ("import not_there_at_all", API_VERSION, "ModuleNotFoundError"),
        ("1 / 0", API_VERSION, "ZeroDivisionError"),
        ("", 1, "see docs/how-to/move-to-api-2.md"),
        ("from bridgebench import Variant", 1, "see docs/how-to/move-to-api-2.md"),
        ("from bridgebench import Variant", API_VERSION, "ImportError: cannot import name"),
        ("", API_VERSION + 1, "install a newer bridgebench or an older release"),
        ("", None, "its module says api = None"),
        ("", 0, "its module says api = 0"),
        ("", "'1'", "its module says api = '1'"),
        (
            "@hookimpl\ndef bridgebench_solvers():\n    raise OSError('disk')",
            API_VERSION,
            "OSError: disk",
        ),
        (
            "@hookimpl\ndef bridgebench_nonsense():\n    return {}",
            API_VERSION,
            "bridgebench_nonsense",
        ),
    ],
)
def test_a_broken_distribution_is_a_fault_and_leaves_others_alone(distribution, body, api, said):
    broken = distribution("broken", body, api)
    sound = distribution("sound", hook("solver", {"midpoint": "anywhere:Midpoint"}))
    registry = build_registry([broken, sound])
    (fault,) = registry.faults
    assert fault.source.distribution == "broken"
    assert said in fault.reason
    assert "\n" not in fault.reason
    assert registry.names(Kind.SOLVER) == ("midpoint",)


def test_an_old_plugin_is_told_what_changed_since(distribution, monkeypatch):
    versions = tuple(
        Version(number, changed)
        for number, changed in ((1, "the first"), (2, "intervals() may fail"), (3, "n is gone"))
    )
    monkeypatch.setattr("bridgebench.interfaces.version.VERSIONS", versions)
    points = [distribution(f"for-{api}", "", api) for api in (1, 2, 3, 4)]
    registry = build_registry(points)
    assert [source.distribution for source in registry.sources] == ["for-3"]
    reasons = {fault.source.distribution: fault.reason for fault in registry.faults}
    assert "version 2: intervals() may fail; changed in version 3: n is gone" in reasons["for-1"]
    assert "then say api = 3" in reasons["for-1"]
    assert "version 3: n is gone" in reasons["for-2"]
    assert "version 2:" not in reasons["for-2"]
    assert "install a newer bridgebench" in reasons["for-4"]
    assert all("\n" not in reason for reason in reasons.values())


def test_the_versions_count_up_to_the_one_here():
    assert [each.number for each in VERSIONS] == list(range(1, API_VERSION + 1))
    assert all(each.changed and "\n" not in each.changed for each in VERSIONS)


def test_a_blocked_distribution_is_not_imported(distribution):
    registry = build_registry([distribution("blocked-one", "1 / 0")], off=["blocked-one"])
    assert not registry.faults
    assert "blocked_one" not in sys.modules


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("not_there_at_all:Midpoint", "cannot be imported: ModuleNotFoundError"),
        ("bridgebench.toolkit.noise_levels:sigma_grid", "does not name a class"),
        ("bridgebench_solvers.euler:Nothing", "does not name a class"),
        ("bridgebench_ddib.ddib:Ddib", "must be a subclass of Solver"),
        ("bridgebench_solvers.euler:Euler", "calls itself 'euler'"),
    ],
)
def test_a_target_that_is_no_plugin_of_its_kind_is_refused(distribution, target, said):
    registry = build_registry([distribution("odd", hook("solver", {"odd": target}))])
    with pytest.raises(PluginError, match=said) as caught:
        registry.load(Kind.SOLVER, "odd")
    assert "odd 2.5" in str(caught.value)


def test_a_wrong_name_says_what_comes_near():
    with pytest.raises(UnknownName, match="did you mean euler"):
        load_registry().load(Kind.SOLVER, "euller")


def test_a_class_may_be_given_itself(distribution):
    body = "from bridgebench_solvers.euler import Euler\n" + hook("solver", "{'euler': Euler}")
    registry = build_registry([distribution("direct", body.replace("\"{'", "{'"))])
    assert issubclass(registry.load(Kind.SOLVER, "euler"), Solver)
    assert registry.entry(Kind.SOLVER, "euler").summary().startswith("Euler")
