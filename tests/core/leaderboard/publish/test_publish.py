from __future__ import annotations

from pathlib import Path

import pytest

from bridgebench.errors import IntegrityError, InvalidOption, OutputError
from bridgebench.leaderboard.audit.validate import checked_board
from bridgebench.leaderboard.audit.verifications import read_verifications, write_verifications
from bridgebench.leaderboard.csv.files import write_text
from bridgebench.leaderboard.publish.publish import Published, publish

TASK = Path("small.yaml")


def put(registry, name: str = "", path: str = "board.csv") -> Published:
    return publish(Path(path), registry, Path("lb"), name, TASK)


def names() -> list[str]:
    return sorted(path.as_posix() for path in Path("lb").rglob("*") if path.is_file())


def test_a_board_gets_the_name_of_its_protocol_and_content(place: Path, dots_registry) -> None:
    done = put(dots_registry)
    assert done.path.parent == Path("lb/small")
    assert done.path.name.startswith("quick-")
    assert done.path.read_bytes() == Path("board.csv").read_bytes()
    assert names() == ["lb/index.html", done.path.as_posix()]
    checked_board(done.path, dots_registry, TASK)


def test_publishing_again_changes_nothing(place: Path, dots_registry) -> None:
    first, again = put(dots_registry), put(dots_registry)
    assert (first.again, again.again) == (False, True)
    assert first.path == again.path


def test_another_board_is_never_overwritten(bench, place: Path, dots_registry) -> None:
    before = put(dots_registry, "mine").path.read_bytes()
    page = Path("lb/index.html").read_bytes()
    bench.add("ddib", 0.25, transform="blur_image")
    write_text(bench.board().csv, Path("other.csv"))
    with pytest.raises(OutputError, match=r"mine\.csv is there already with other rows"):
        put(dots_registry, "mine", "other.csv")
    assert Path("lb/small/mine.csv").read_bytes() == before
    assert Path("lb/index.html").read_bytes() == page


def test_the_page_shows_all_published_boards(bench, place: Path, dots_registry) -> None:
    put(dots_registry, "first")
    bench.records.clear()
    bench.add("ddib", 0.25, transform="fixed_noise:c=0.7")
    write_text(bench.board().csv, Path("other.csv"))
    put(dots_registry, "second", "other.csv")
    page = Path("lb/index.html").read_text("utf-8")
    assert "small/first.csv" in page
    assert "small/second.csv" in page
    assert "fixed_noise:c=0.7" in page


def test_a_board_that_cannot_be_read_is_left_off_the_page(place: Path, dots_registry) -> None:
    Path("lb/small").mkdir(parents=True)
    Path("lb/small/junk.csv").write_text("junk", encoding="utf-8")
    done = put(dots_registry)
    assert len(done.left_out) == 1
    assert "junk.csv" in done.left_out[0]
    assert "junk.csv" not in done.page.read_text("utf-8")


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "a b", "Mine", "v1.2", "x" * 81])
def test_a_name_stays_in_its_folder(place: Path, dots_registry, name: str) -> None:
    with pytest.raises(InvalidOption, match="name="):
        put(dots_registry, name)
    assert not Path("lb").exists()


def test_a_board_that_is_not_what_it_says_is_not_published(place: Path, dots_registry) -> None:
    text = Path("board.csv").read_text("utf-8")
    Path("bad.csv").write_text(text.replace(",2.6,", ",2.7,", 1), encoding="utf-8")
    with pytest.raises(IntegrityError, match="row 1, column row_sha256"):
        put(dots_registry, "", "bad.csv")
    assert not Path("lb").exists()


def test_what_was_verified_goes_along(place: Path, dots_registry, verification) -> None:
    row = checked_board(Path("board.csv"), dots_registry, TASK).table["row_sha256"].iloc[0]
    write_verifications(Path("board.csv"), [row], [verification(row)])
    done = put(dots_registry)
    assert read_verifications(done.path) == (verification(row),)
    assert '"trust":"verified"' in done.page.read_text("utf-8")


def test_a_folder_that_cannot_be_written_is_one_line(place: Path, dots_registry) -> None:
    Path("lb").write_text("a file", encoding="utf-8")
    with pytest.raises(OutputError, match="lb cannot be written"):
        put(dots_registry)


def test_the_command_says_where(place: Path, call) -> None:
    result = call("publish", "board.csv", "dir=lb", "name=mine", "task=small.yaml")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == ["board: lb/small/mine.csv", "page:  lb/index.html"]
