"""The commands do what their help says."""

import re
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import bridgebench_world
import pytest
from click.testing import CliRunner

from bridgebench.cli import main
from bridgebench.cli.run import spent
from bridgebench.plugins.registry import GROUP, Kind, load_registry
from bridgebench.tasks.lookup import task_of

SLICED = """
from bridgebench import Column, Metric, hookimpl

api = 2

class Sliced(Metric):
    "The mean of one channel."

    name = "sliced"
    channel: int

    def columns(self):
        return (Column(f"channel_{self.channel}", "", "", "the mean of the channel"),)

    def meter(self, context):
        raise NotImplementedError

@hookimpl
def bridgebench_metrics():
    return {"sliced": Sliced}
"""

MINE = """
from bridgebench import hookimpl

api = 2

@hookimpl
def bridgebench_tasks():
    return {"mine": "tasks_of_mine:mine.yaml"}
"""


def call(*words):
    result = CliRunner().invoke(main, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize(
    "command", ["run", "plan", "list", "info", "plugins", "leaderboard", "doctor"]
)
def test_every_command_has_help(command):
    assert f" {command} " in call("--help").output
    result = call(command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_run_prints_the_board_and_where_it_is(tmp_path):
    result = call("run", "task=world", f"out={tmp_path / 'mine'}")
    assert result.exit_code == 0
    assert f"leaderboard: {tmp_path / 'mine' / 'leaderboard.csv'}" in result.stdout
    assert "10 cells computed" in result.stdout
    assert "\x1b" not in result.stdout
    assert (tmp_path / "mine" / "leaderboard.csv").is_file()


def test_run_of_cells_that_ask_no_network_says_seconds_and_no_multiple(tmp_path):
    said = call("run", "task=world", "method=identity", f"out={tmp_path / 'mine'}").stdout
    assert re.search(r", in \d+\.\d s, 0\.0 s of it in network evaluations\n", said)
    assert "times the time in" not in said


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (0.004, "20.0 s, 0.0 s of it in network evaluations"),
        (1.96, "20.0 s, 2.0 s of it in network evaluations"),
        (2.04, "20.0 s, 9.80 times the time in network evaluations"),
        (16.0, "20.0 s, 1.25 times the time in network evaluations"),
        (40.0, "20.0 s, 0.50 times the time in network evaluations"),
    ],
)
def test_seconds_in_networks_are_a_multiple_only_where_they_are_a_tenth(network, said):
    assert spent(20.0, network) == said


def test_run_says_which_cells_failed_and_exits_with_1(tmp_path):
    result = call("run", "task=world", "method=identity,raising", f"out={tmp_path / 'mine'}")
    assert result.exit_code == 1
    assert "failed: raising" in result.stderr
    assert "no bridge here" in result.stderr


def test_plan_counts_what_is_shared_and_what_is_there(tmp_path):
    words = ["task=world", f"out={tmp_path / 'mine'}"]
    said = call("plan", *words).stdout
    assert "10 cells" in said
    assert "48 network evaluations per image" in said
    assert "64 per image without sharing" in said
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("kind", list(Kind))
def test_list_shows_every_plugin_of_a_kind(kind):
    said = call("list", kind).stdout
    assert all(name in said for name in load_registry().names(kind))


def test_list_gives_the_summary_in_each_tasks_file(monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    said = call("list", "tasks").stdout
    registry = load_registry()
    for name in registry.names(Kind.TASK):
        assert task_of(registry.entry(Kind.TASK, name)).summary in said


def plug_in(monkeypatch, folder, name, content):
    """A module that is installed as a distribution with plugins is."""
    (folder / f"{name}.py").write_text(content)
    monkeypatch.syspath_prepend(folder)
    points = [*entry_points(group=GROUP), EntryPoint(name, name, GROUP)]
    monkeypatch.setattr("bridgebench.plugins.registry.entry_points", lambda group: points)


@pytest.mark.parametrize(
    ("summary", "shown", "said"),
    [
        ("summary: One line.", "One line.", ""),
        ("summary: 'null'", "null", ""),
        ("summary: ''", "-", ""),
        ("summary:", "-", "'summary': Input should be a valid string, got None"),
        ("summary: null", "-", "'summary': Input should be a valid string, got None"),
        ("summary: ~", "-", "'summary': Input should be a valid string, got None"),
        ("summary: 5", "-", "'summary': Input should be a valid string, got 5"),
        ("", "-", "missing key 'summary'"),
    ],
)
def test_list_has_no_empty_cell_for_a_task(monkeypatch, tmp_path, summary, shown, said):
    monkeypatch.setenv("COLUMNS", "250")
    world = Path(bridgebench_world.__file__).with_name("world.yaml").read_text(encoding="utf-8")
    mine = re.sub("(?m)^name: .*$", "name: mine", re.sub("(?m)^summary: .*$", summary, world))
    (tmp_path / "tasks_of_mine").mkdir()
    (tmp_path / "tasks_of_mine" / "mine.yaml").write_text(mine)
    plug_in(monkeypatch, tmp_path, "mine_plugin", MINE)
    result = call("list", "tasks")
    assert result.exit_code == 0
    assert f"\ntask  mine  {shown}  " in re.sub("  +", "  ", result.stdout)
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == bool(said)


def test_list_methods_says_family_supervision_and_paper(monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    rows = {line.split()[1]: line for line in call("list", "methods").stdout.splitlines()}
    assert rows["name"].split()[-4:] == ["family", "supervision", "paper", "from"]
    registry = load_registry()
    for name in registry.names(Kind.METHOD):
        cls = registry.load(Kind.METHOD, name)
        assert cls.family in rows[name]
        assert cls.paper in rows[name]
        assert f"  {cls.model_construct().supervision}" in rows[name]
    assert "  labels  " in rows["ddib"]
    assert "  attribute, by option  " in rows["ddib_guided"]


def test_list_methods_keeps_those_that_were_given_one_of_some_levels():
    result = call("list", "methods", "--supervision", "attribute,oracle")
    found = {
        line.split()[1] for line in result.stdout.splitlines()[1:] if line.startswith("method")
    }
    assert {"ddib_guided", "recolor"} <= found
    assert not found & {"ddib", "identity", "random_latent"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["methods", "--supervision", "hue"], "unknown level of supervision 'hue'"),
        (["--supervision", "none"], "write list methods"),
    ],
)
def test_a_wrong_level_of_supervision_is_one_line(words, said):
    result = call("list", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("ddib_guided", "supervision: attribute, by option"),
        ("ddib_guided:color=0", "supervision: labels\n"),
        ("ddib:latent=noise", "its rows have no rank"),
        ("success:label=7", "success_chance: by chance"),
    ],
)
def test_info_says_what_options_decide(spec, said):
    assert said in call("info", spec).stdout


def test_info_explains_every_plugin():
    registry = load_registry()
    for kind in Kind:
        for name in registry.names(kind):
            result = call("info", name)
            assert result.exit_code == 0, (kind, name)
            assert f"{kind} {name}, from " in result.stdout


@pytest.mark.parametrize(
    ("name", "title"),
    [("euler", "{Denoising Diffusion Implicit Models}"), ("ddib", "{Dual Diffusion Implicit")],
)
def test_info_says_what_to_cite(name, title):
    assert title in call("info", name).stdout


def test_info_resolves_the_options_of_a_spec():
    assert "variant=2s" in call("info", "dpm:variant=2s").stdout


@pytest.mark.parametrize("spec", ["accuracy", "accuracy:label=7"])
def test_info_shows_the_columns_of_a_metric_with_an_option_that_must_be_given(spec):
    said = call("info", spec).stdout
    assert "column accuracy: outputs called the target class" in said
    assert "column confidence: mean probability of the target class" in said


def test_info_says_which_option_the_columns_depend_on(monkeypatch, tmp_path):
    plug_in(monkeypatch, tmp_path, "sliced_plugin", SLICED)
    assert "columns: those that channel decides; give sliced:channel=..." in (
        call("info", "sliced").stdout
    )
    assert "column channel_2: the mean of the channel" in call("info", "sliced:channel=2").stdout


def test_plugins_shows_distributions():
    said = call("plugins").stdout
    assert "bridgebench-world" in said
    assert "5 solvers" in said


def test_doctor_checks_data_and_weights():
    result = call("doctor")
    assert "score cmnist_labels" in result.stdout
    assert "bf16" in result.stdout


OPEN = """
from bridgebench import Method, ScoreModel, hookimpl

api = 2

class OpenScore(ScoreModel):
    "A score model whose options say the domains."

    name = "open_score"
    side: int = 2

    @property
    def domains(self):
        return tuple(f"side:{n}" for n in range(self.side))

    @property
    def sigma_range(self):
        return (0.1, 1.0)

    def files(self):
        return {}

    def load(self, device, precision):
        raise NotImplementedError

class Silent(Method):
    "A method that declares no supervision."

    name = "silent"

    def translate(self, batch, variants, context):
        raise NotImplementedError

@hookimpl
def bridgebench_scores():
    return {"open_score": OpenScore}

@hookimpl
def bridgebench_methods():
    return {"silent": Silent}
"""


def test_info_says_that_options_decide_the_domains(monkeypatch, tmp_path):
    plug_in(monkeypatch, tmp_path, "open_plugins", OPEN)
    assert "domains: by option" in call("info", "open_score").output
    assert "domains: side:0, side:1, side:2" in call("info", "open_score:side=3").output


def test_list_says_none_where_no_supervision_is_declared(monkeypatch, tmp_path):
    plug_in(monkeypatch, tmp_path, "open_plugins", OPEN)
    line = next(line for line in call("list", "methods").output.splitlines() if " silent " in line)
    assert "by option" not in line
    assert " none " in line


def test_the_reason_of_a_failed_cell_names_only_what_it_uses(tmp_path):
    result = call("run", "task=world", "method=raising", f"out={tmp_path / 'mine'}")
    assert result.exit_code == 1
    assert "failed: raising: ValueError: no bridge here" in result.stderr
    assert "None" not in result.output
    assert "such as raising: ValueError" in result.output


def test_two_metrics_of_one_column_are_both_named(monkeypatch, tmp_path):
    twice = SLICED.replace('{"sliced": Sliced}', '{"sliced": Sliced, "other": Other}').replace(
        "@hookimpl", 'class Other(Sliced):\n    "The same."\n    name = "other"\n\n@hookimpl'
    )
    plug_in(monkeypatch, tmp_path, "twice_plugin", twice)
    words = ("task=world", "metric=sliced:channel=0,other:channel=0", f"out={tmp_path / 'mine'}")
    said = call("run", *words).stderr.splitlines()[-1]
    assert "the metrics 'sliced:channel=0' and 'other:channel=0' both fill" in said
