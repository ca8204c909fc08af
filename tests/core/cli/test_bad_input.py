"""Whatever is wrong with a command is one line and exit 2, and nothing is written."""

import gzip
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import bridgebench_cmnist
from bridgebench.cli import main
from bridgebench.cli.words import parse_words
from bridgebench.execute.store import LIMIT_VARIABLE

PACKAGE = Path(bridgebench_cmnist.__file__).parent
TO7 = Path(__file__).parents[3] / "tasks" / "cmnist_to7.yaml"


def refused(*words, cwd):
    """The one line that a command is refused with; `cwd` must stay as it was."""
    before = sorted(path.relative_to(cwd) for path in cwd.rglob("*"))
    result = CliRunner().invoke(main, ["run", *words])
    assert result.exit_code == 2, (result.output, result.exception)
    lines = [line for line in result.stderr.splitlines() if not line.startswith("planning ")]
    assert len(lines) == 1, lines
    assert lines[0].startswith("Error: ")
    assert sorted(path.relative_to(cwd) for path in cwd.rglob("*")) == before
    return lines[0]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("task=cmnist_to8", "did you mean cmnist_to7"),
        ("task=cmnist_to7 method=ddbi", "unknown method 'ddbi'; did you mean ddib"),
        ("task=cmnist_to7 solver=huen", "unknown solver 'huen'; did you mean heun"),
        ("task=cmnist_to7 transform=normalise", "did you mean normalize"),
        ("task=cmnist_to7 transform=scale:q=1", "unknown option of transform scale 'q'"),
        (
            "task=cmnist_to7 method=recolor:latent=noise",
            "unknown option of method recolor 'latent'",
        ),
        ("task=cmnist_to7 method=ddib:latent=nois", "latent=nois"),
        ("task=cmnist_to7 protocol=standart", "did you mean standard"),
        ("task=cmnist_to7 tranform=identity", "did you mean transform"),
        ("task=cmnist_to7 transform=blend_image:p=1.5", "p=1.5"),
        ("task=cmnist_to7 transform=blend_image:p=half", "p=half"),
        ("task=cmnist_to7 transform=scale", "'c' must be given"),
        ("task=cmnist_to7 nfe=0", "nfe=0"),
        ("task=cmnist_to7 nfe=ten", "nfe=ten"),
        ("task=cmnist_to7 nfe=1000000000000", "less than or equal to 1000000"),
        ("task=cmnist_to7 seed=99999999999999999999", "less than 1000000000000000000"),
        ("task=cmnist_to7 solver=heun nfe=21", "20 and 22"),
        ("task=cmnist_to7 seed=-1", "seed=-1"),
        ("task=cmnist_to7 n=0", "n=0"),
        ("task=cmnist_to7 n=8973", "n=8972 or less"),
        ("task=cmnist_to7 batch=0", "batch=0"),
        ("task=cmnist_to7 method=recolor transform=normalize", "none of the chosen methods"),
        ("task=cmnist_to7 method=ddib_single source_score=cmnist_labels", "none of the chosen"),
        ("task=cmnist_to7 score=cmnist_sevens", "domain of score model cmnist_sevens"),
        ("task=cmnist_to7 device=cuda:9", "not on this machine"),
        ("task=cmnist_to7 precision=fp8", "precision=fp8"),
        ("task=cmnist_to7 executor=slurm", "executor=slurm"),
        ("task=cmnist_to7 save=everything", "save=everything"),
        ("task=cmnist_to7 overwrite=perhaps", "overwrite=perhaps"),
        ("task=cmnist_to7 score=cmnist_labels:weights=nowhere.safetensors", "nowhere.safetensors"),
        ("task=cmnist_to7 metric=fid:features=inception", "inception"),
        ("task=cmnist_to7 metric=success:label=8,success:label=9", "asks for 'success' twice"),
        ("task=cmnist_to7 n=4 n=5", "'n' is given twice"),
        ("cmnist_to7", "is not key=value"),
        ("n=5", "'task' must be given"),
        ("task=nowhere.yaml", "unknown task file"),
    ],
)
def test_a_wrong_word_is_one_line(here, words, said):
    assert said in refused(*words.split(), cwd=here)


def test_an_unknown_key_in_a_task_file_is_named(here):
    (here / "mine.yaml").write_text(TO7.read_text(encoding="utf-8") + "colour: red\n")
    assert "unknown key 'colour'" in refused("task=mine.yaml", cwd=here)


def test_altered_weights_are_refused(here, monkeypatch):
    shutil.copytree(PACKAGE / "weights", here / "weights")
    monkeypatch.setattr("bridgebench_cmnist.weights.files", lambda package: here)
    path = here / "weights" / "cmnist_sevens.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    said = refused("task=cmnist_to7", cwd=here)
    assert "cmnist_sevens.safetensors" in said
    assert "sha256" in said


def test_an_altered_digits_file_is_refused(here, monkeypatch):
    shutil.copytree(PACKAGE / "data", here / "data")
    monkeypatch.setattr("bridgebench_cmnist.digits.files.data_folder", lambda: here / "data")
    path = here / "data" / "t10k-labels-idx1-ubyte.gz"
    labels = bytearray(gzip.decompress(path.read_bytes()))
    labels[100] ^= 1
    path.write_bytes(gzip.compress(bytes(labels)))
    assert "t10k-labels-idx1-ubyte.gz" in refused("task=cmnist_to7", cwd=here)


def test_a_folder_with_another_protocol_is_refused(here):
    words = ["task=world", "method=identity", "out=mine"]
    assert CliRunner().invoke(main, ["run", *words]).exit_code == 0
    assert "out=mine holds results with n=10" in refused(*words, "n=6", cwd=here)


def test_a_folder_that_cannot_be_made_is_refused(here):
    (here / "file").write_text("")
    said = refused("task=world", "method=identity", "out=file/mine", cwd=here)
    assert "cannot be written" in said or "cannot be read" in said


@pytest.mark.parametrize("how", [[], ["limit=60"], ["overwrite=true"]])
def test_a_limit_of_the_cache_that_is_no_size_is_refused(here, monkeypatch, how):
    words = ["task=world", "method=identity"]
    if how == ["overwrite=true"]:
        assert CliRunner().invoke(main, ["run", *words, "out=mine"]).exit_code == 0
    monkeypatch.setenv(LIMIT_VARIABLE, "plenty")
    assert f"{LIMIT_VARIABLE}=plenty" in refused(*words, "out=mine", *how, cwd=here)


@pytest.mark.parametrize("words", [["lisst"], ["list", "solvrs"], ["info", "eulr"], ["info", "7"]])
def test_other_commands_refuse_in_one_line_too(words):
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_words_are_data_and_name_no_environment_variable(monkeypatch):
    monkeypatch.setenv("SECRET", "hidden")
    choices = parse_words(["task=t", "out=${oc.env:SECRET}", 'method=outputs:folder="a,b: ${x}"'])
    assert choices.out == Path("${oc.env:SECRET}")
    assert choices.method == ('outputs:folder="a,b: ${x}"',)
