"""What a branch may do to the folder of published boards, in repositories made for the purpose."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bridgebench.errors import UsageError
from bridgebench.leaderboard.audit.verifications import write_verifications
from bridgebench.leaderboard.csv.files import write_text
from bridgebench.leaderboard.publish.submission import check_submission
from bridgebench.leaderboard.table.board import Board, board_in
from bridgebench.plugins import registry as registries
from bridgebench.plugins.registry import Entry, Kind, Registry, Source

WHO = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")


def git(*words: str) -> str:
    done = subprocess.run(["git", *WHO, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit() -> None:
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", "a change")


@pytest.fixture
def registry(dots_registry: Registry, task_text: str, tmp_path_factory, monkeypatch) -> Registry:
    """The registry with the task installed by a package."""
    above = tmp_path_factory.mktemp("installed")
    package = above / "dot_tasks"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "small.yaml").write_text(task_text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(above))
    monkeypatch.delitem(sys.modules, "dot_tasks", raising=False)
    entry = Entry(Kind.TASK, "small", "dot_tasks:small.yaml", SOURCE)
    made = Registry({**dots_registry.entries, Kind.TASK: {"small": entry}}, (SOURCE,))
    monkeypatch.setattr(registries, "load_registry", lambda: made)
    return made


SOURCE = Source("dots", "dots.hooks", "bridgebench-dots", "1.0")


@pytest.fixture
def repository(place: Path, registry: Registry) -> Callable[..., list[str]]:
    """A repository with a published board; gives what is wrong with HEAD, a line each."""
    folder = Path("leaderboard/small")
    folder.mkdir(parents=True)
    Path("board.csv").replace(folder / "first.csv")
    Path("leaderboard/index.html").write_text("<p>the page", encoding="utf-8")
    git("init", "-q", "-b", "main")
    commit()
    git("checkout", "-q", "-b", "mine")

    def faults() -> list[str]:
        commit()
        found = check_submission(Path.cwd(), "main", registry)
        return [str(each) for each in found if each.fault]

    return faults


@pytest.fixture
def other(bench, place: Path) -> Board:
    """A board of rows that nobody published."""
    bench.records.clear()
    bench.add("ddib", 0.25, transform="blur_image")
    return bench.board()


MINE = Path("leaderboard/small/mine.csv")


def test_a_new_board_is_fine(repository, other: Board) -> None:
    write_text(other.csv, MINE)
    assert repository() == []


def test_nothing_new_is_fine(repository) -> None:
    Path("README").write_text("a change elsewhere", encoding="utf-8")
    assert repository() == []


def replaced_by_link() -> None:
    Path("leaderboard/small/first.csv").unlink()
    Path("leaderboard/small/first.csv").symlink_to("/etc/passwd")


def added_link() -> None:
    MINE.symlink_to("/etc/passwd")


def folder_link() -> None:
    Path("leaderboard/other").symlink_to("small")


def whole_folder_link() -> None:
    Path("leaderboard").rename("elsewhere")
    Path("leaderboard").symlink_to("elsewhere")


def edited() -> None:
    path = Path("leaderboard/small/first.csv")
    path.write_text(path.read_text("utf-8") + "\n", encoding="utf-8")


def executable() -> None:
    MINE.write_text("x", encoding="utf-8")
    MINE.chmod(0o755)


def named(name: str) -> Callable[[], None]:
    def add() -> None:
        path = Path("leaderboard", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(Path("leaderboard/small/first.csv").read_bytes())

    return add


NOT_A_PLACE = "is no place for a file"
BYPASSES: dict[str, tuple[Callable[[], object], str]] = {
    "a published board replaced by a link": (replaced_by_link, "is no regular file"),
    "a link for a board": (added_link, "is no regular file"),
    "a link for a folder": (folder_link, NOT_A_PLACE),
    "a link for the whole folder": (whole_folder_link, NOT_A_PLACE),
    "a published board edited": (edited, "published boards are not changed or removed"),
    "a published board removed": (Path("leaderboard/small/first.csv").unlink, "is no regular file"),
    "a file that can be executed": (executable, "is no regular file"),
    "the page replaced": (
        lambda: Path("leaderboard/index.html").write_text("<script>alert(1)</script>"),
        "the page is made by the person who merges",
    ),
    "the page removed": (Path("leaderboard/index.html").unlink, "the page is made by"),
    "another page": (named("small/index.html"), NOT_A_PLACE),
    "an ending in capitals": (named("small/mine.CSV"), NOT_A_PLACE),
    "a board without a task": (named("mine.csv"), NOT_A_PLACE),
    "a board too deep": (named("small/more/mine.csv"), NOT_A_PLACE),
    "a name for the shell": (named("small/a;rm -rf ~;.csv"), NOT_A_PLACE),
    "a substitution": (named("small/$(reboot).csv"), NOT_A_PLACE),
    "a name of two lines": (named("small/a\nok.csv"), NOT_A_PLACE),
    "a name that a terminal obeys": (named("small/\x1b[2J.csv"), NOT_A_PLACE),
    "a name that is hidden": (named("small/.mine.csv"), NOT_A_PLACE),
    "a name that is an option": (named("small/-rf.csv"), NOT_A_PLACE),
    "a copy of a published board": (
        named("small/mine.csv"),
        "has no row that is not published in leaderboard/small/first.csv",
    ),
    "a board in another task's folder": (named("cmnist_to7/mine.csv"), "is a board of task small"),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_a_bypass_is_refused_in_one_line(repository, case: str) -> None:
    change, said = BYPASSES[case]
    change()
    lines = repository()
    assert any(said in line for line in lines), lines
    for line in lines:
        assert line.isprintable()
        assert "root:" not in line, "the first bytes of what a link names"


def test_a_board_that_is_not_what_it_says_is_refused(repository, other: Board) -> None:
    MINE.write_text(other.csv.replace(",2.6,", ",2.7,", 1), encoding="utf-8")
    (line,) = repository()
    assert line.startswith("leaderboard/small/mine.csv: row 1, column row_sha256")


def test_a_board_that_a_spreadsheet_saved_is_sent_back(repository, other: Board) -> None:
    MINE.write_text(other.csv.replace("\n", "\r\n"), encoding="utf-8", newline="")
    (line,) = repository()
    assert "is not as `leaderboard publish` writes it" in line


def test_the_working_tree_has_no_part_in_it(repository, other: Board) -> None:
    write_text(other.csv, MINE)
    commit()
    MINE.unlink()
    os.mkfifo(MINE)
    git("update-index", "--assume-unchanged", MINE.as_posix())
    assert repository() == []


def test_verdicts_are_added_and_not_removed(repository, verification, other: Board) -> None:
    first = Path("leaderboard/small/first.csv")
    row, second = board_in(first, registries.load_registry()).table["row_sha256"][:2]
    git("checkout", "-q", "main")
    dispute = verification(row, verdict="differs", differing=("fid",))
    write_verifications(first, [row], [dispute])
    commit()
    git("checkout", "-q", "-B", "mine")
    write_verifications(first, [second], [verification(second)])
    assert repository() == []
    file = Path("leaderboard/small/verifications.json")
    said = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**said, "verifications": said["verifications"][1:]}), "utf-8")
    (line,) = repository()
    assert "lacks 1 verdicts that are published, the first by ada" in line


@pytest.mark.parametrize("base", ["nowhere", "--output=x", ""])
def test_a_base_that_is_no_commit_is_one_line(repository, base: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_submission(Path.cwd(), base, registries.load_registry())
    assert "\n" not in str(caught.value)
    assert not Path("x").exists()


def test_a_folder_without_git_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="git rev-parse failed"):
        check_submission(tmp_path, "main", registries.load_registry())


def test_the_command_says_what_is_wrong_and_exits_with_2(repository, call) -> None:
    named("mine.csv")()
    commit()
    result = call("check-submission", "main")
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("Error: leaderboard/mine.csv: is no place for a file")
    git("checkout", "-q", "main")
    result = call("check-submission", "main")
    assert (result.exit_code, result.stdout) == (0, "no board is added\n")
