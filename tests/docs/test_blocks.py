"""Every block of commands and of Python in the docs does what its page says.

The blocks of a page are executed in order, in an empty folder of its own, on the tests' small
world and with few images in place of the task that the pages speak of; on that task itself, a run
is planned. A line above a block, `<!-- tested as: COMMAND -->`, gives what is run in its place. A
block with a caption is a file of that name. A line of a console block that is no command has to be
in what is printed; `...` in it stands for anything.
"""

import importlib
import re
import runpy
import shlex
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

from bridgebench.cli import main

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(
    path for path in DOCS.rglob("*.md") if not path.relative_to(DOCS).parts[0].startswith("example")
)
EXECUTED = {"console", "python"}
SHOWN = {"text", "toml", "yaml", "json", "csv", "bibtex", "{toctree}", "{eval-rst}"}
FENCE = re.compile(r"^ *(?P<fence>`{3,})(?P<language>\S*)[ ]?(?P<argument>.*)$")
CAPTION = re.compile(r"^:caption: (?P<name>\S+)$")
TESTED_AS = re.compile(r"^ *<!-- tested as: (?P<command>.+) -->$")


def smaller(text):
    """The same on a task that takes no time and needs no weights.

    >>> smaller("bridgebench run task=cmnist_to7 method=ddib n=512")
    'bridgebench run task=world method=ddib n=8'
    """
    text = re.sub(r"\bcmnist_to7\b", "world", text)
    text = re.sub(r"\bn=\d{2,}\b", "n=8", text)
    return re.sub(r"^(bridgebench check .*)$", r"\1 --task world", text)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    line     where it starts
    file     the name of the file that it is, or ""
    instead  the commands that are run in place of those shown
    """

    language: str
    line: int
    file: str
    text: str
    instead: tuple[str, ...]


def blocks_of(page):
    instead, found = (), []
    lines = iter(enumerate(page.read_text(encoding="utf-8").splitlines(), start=1))
    for number, line in lines:
        opened = FENCE.match(line)
        if opened is None:
            tested_as = TESTED_AS.match(line)
            instead = (*instead, tested_as["command"]) if tested_as else ()
            continue
        body = []
        for _, inner in lines:
            if inner.strip() == opened["fence"]:
                break
            body.append(inner)
        body = dedent("\n".join(body)).split("\n")
        language = opened["language"]
        language = opened["argument"] if language == "{code-block}" else language
        caption = CAPTION.match(body[0]) if body else None
        if caption:
            body = body[2:]
        file = caption["name"] if caption else ""
        found.append(Block(language, number, file, "\n".join(body) + "\n", instead))
        instead = ()
    return found


@dataclass
class Reader:
    """Somebody who does what a page says, in the current folder.

    namespace  of the page's Python
    """

    namespace: dict

    def follow(self, block):
        if block.file:
            path = Path(block.file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            self.type(block)
        elif block.language == "python":
            exec(compile(smaller(block.text), f"line {block.line}", "exec"), self.namespace)

    def type(self, block):
        if block.instead:
            for command in block.instead:
                self.run(command, [])
            return
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, *expected = part.splitlines()
            if command.startswith("bridgebench run task=cmnist_to7 ") and not expected:
                self.run(command.replace(" run ", " plan ", 1), [])
            self.run(smaller(command), expected)

    def run(self, command, expected):
        words = shlex.split(command)
        variables = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
        program, *arguments = words[len(variables) :]
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            code, printed = PROGRAMS[program](arguments)
        said = " ".join(printed.split())
        wanted = 2 if any(line.startswith("Error:") for line in expected) else 0
        assert code == wanted, f"$ {command}\n{printed}"
        for line in expected:
            pieces = [re.escape(" ".join(piece.split())) for piece in line.split("...")]
            assert re.search(".*".join(pieces), said), f"$ {command}\n{printed}"


def bridgebench(arguments):
    result = CliRunner().invoke(main, arguments)
    unexpected = result.exception is not None and not isinstance(result.exception, SystemExit)
    if unexpected:
        raise result.exception
    return result.exit_code, result.output


def pip(arguments):
    """`pip install -e FOLDER`, without pip: entry points, and the code on the path."""
    assert arguments[:2] == ["install", "-e"], arguments
    folder = Path(arguments[2]).resolve()
    content = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    project = content["project"]
    packages = content["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert all((folder / package).is_dir() for package in packages)
    (root,) = {(folder / package).parent for package in packages}
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
             for group, points in project["entry-points"].items()]  # fmt: skip
    (info / "entry_points.txt").write_text("".join(lines))
    sys.path[:0] = [str(folder), str(root)]
    importlib.invalidate_caches()
    return 0, ""


def python(arguments):
    assert arguments[0] == "-m", arguments
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", arguments[1:])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    return int(ended.value.code or 0), ""


def cp(arguments):
    shutil.copy(*arguments)
    return 0, ""


PROGRAMS = {"bridgebench": bridgebench, "pip": pip, "python": python, "cp": cp}


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    """A folder to work in; what was imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        where = getattr(sys.modules[name], "__file__", None) or ""
        if where.startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_does_what_it_says(page, empty_folder):
    reader = Reader({"__name__": "page"})
    for block in blocks_of(page):
        reader.follow(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_no_block_hides_commands_from_the_test(page):
    for block in blocks_of(page):
        assert block.language in EXECUTED | SHOWN, f"{page}:{block.line} is {block.language!r}"
        assert block.language == "console" or not block.text.startswith("$ "), (
            f"{page}:{block.line}"
        )


def test_blocks_are_found_and_their_marks_read(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- tested as: bridgebench list -->\n```console\n$ bridgebench doctor\n```\n")
    (block,) = blocks_of(page)
    assert (block.language, block.instead) == ("console", ("bridgebench list",))


@pytest.mark.parametrize(
    "text", ["$ bridgebench lisst\n", "$ bridgebench list solvers\nno such line\n"]
)
def test_a_block_that_does_something_else_fails(text):
    with pytest.raises(AssertionError):
        Reader({}).follow(Block("console", 1, "", text, ()))
