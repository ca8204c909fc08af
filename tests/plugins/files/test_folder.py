"""The dataset `folder`: what it finds, and how it refuses what it cannot use."""

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from bridgebench import BridgebenchError, InvalidOption, UnknownName
from bridgebench.cli import main
from bridgebench_files.folder import Folder
from bridgebench_files.listing import listed_in


def refusal(folder, *, side=None):
    with pytest.raises(BridgebenchError) as raised:
        Folder(path=folder, side=side).files()
    said = str(raised.value)
    assert "\n" not in said
    return said


def csv(folder, text, name="list.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_domains_and_splits_are_those_of_the_folders(photos):
    data = Folder(path=photos)
    assert data.domains == ("day", "night")
    assert {(d, s): data.size(d, s) for d in data.domains for s in data.splits} == {
        ("day", "train"): 6,
        ("day", "test"): 6,
        ("night", "train"): 6,
        ("night", "test"): 6,
    }


def test_images_have_the_values_of_the_files(photos):
    items = Folder(path=photos).items("day", "test", 6, seed=3)
    assert items.images.dtype == torch.float32
    for image, item in zip(items.images, items.ids, strict=True):
        assert item.startswith("day/test/")
        bytes_ = np.asarray(Image.open(photos / f"{item}.png")).transpose(2, 0, 1)
        assert torch.allclose(image, torch.from_numpy(bytes_ / 127.5 - 1).float(), atol=1e-6)


def test_the_split_may_come_first(tmp_path, draw):
    for split in ("train", "test"):
        draw(tmp_path / split / "day" / "deep" / "a.png")
    data = Folder(path=tmp_path)
    assert (data.domains, data.size("day", "train"), data.size("day", "test")) == (("day",), 1, 1)


def test_without_splits_the_id_decides_and_new_images_move_none(tmp_path, draw):
    for index in range(40):
        draw(tmp_path / "day" / f"{index:03d}.png")
    few = set(Folder(path=tmp_path).items("day", "test", 10, 0).ids)
    for index in range(40, 80):
        draw(tmp_path / "day" / f"{index:03d}.png")
    data = Folder(path=tmp_path)
    parts = {s: set(data.items("day", s, data.size("day", s), 0).ids) for s in data.splits}
    assert few <= parts["test"]
    assert not parts["train"] & parts["test"]
    assert 20 < len(parts["test"]) < 60
    assert Folder(path=tmp_path, test=0.1).size("day", "test") < 20


def test_the_hash_follows_contents_ids_and_splits(photos, draw):
    before = Folder(path=photos).files()
    assert list(before) == ["photos"]
    assert Folder(path=photos).files() == before
    draw(photos / "day" / "test" / "new.png")
    added = Folder(path=photos).files()
    (photos / "day" / "test" / "new.png").rename(photos / "day" / "train" / "new.png")
    moved = Folder(path=photos).files()
    Image.new("RGB", (8, 8)).save(photos / "day" / "train" / "new.png")
    changed = Folder(path=photos).files()
    assert len({tuple(each.values()) for each in (before, added, moved, changed)}) == 4


def test_side_resizes_and_cuts_the_middle(tmp_path, draw):
    draw(tmp_path / "day" / "wide.jpg", (30, 10))
    draw(tmp_path / "day" / "high.webp", (10, 30))
    for split in ("train", "test"):
        data = Folder(path=tmp_path, side=4)
        if data.size("day", split):
            images = data.items("day", split, data.size("day", split), 0).images
            assert images.shape[1:] == (3, 4, 4)


def test_grey_has_one_channel(tmp_path, draw):
    draw(tmp_path / "day" / "test" / "a.png", mode="L")
    images = Folder(path=tmp_path, channels="grey").items("day", "test", 1, 0).images
    assert images.shape == (1, 1, 8, 8)


def test_a_csv_names_path_domain_split_and_id(photos):
    rows = (
        "path,domain,split,id\nday/test/000.png,sun,test,one\nnight/test/000.png,moon,train,two\n"
    )
    data = Folder(path=csv(photos, rows))
    assert data.domains == ("moon", "sun")
    assert data.items("sun", "test", 1, 0).ids == ("one",)


def test_a_csv_may_be_one_of_excel(photos):
    rows = b"\xef\xbb\xbfpath,domain\r\nday/test/000.png,sun\r\n"
    assert Folder(path=csv(photos, rows)).domains == ("sun",)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("", "is empty"),
        ("path\na.png\n", "lacks the column 'domain'"),
        ("path,domain,colour\na,b,c\n", "unknown column 'colour'"),
        ("path,domain,path\na,b,c\n", "column 'path' twice"),
        ("path;domain\na;b\n", "separated by semicolons"),
        ("path,domain\na.png\n", "row 1 has 1 cells"),
        ('path,domain\n"a.png,b\n', "is not a CSV"),
        (b"path,domain\n\xff,b\n", "not UTF-8"),
        ("path,domain\n../a.png,b\n", "must be relative to the CSV and below it"),
        ("path,domain\n/etc/a.png,b\n", "must be relative to the CSV and below it"),
        ("path,domain\na\\b.png,b\n", "must be relative to the CSV and below it"),
        ("path,domain,split\nday/test/000.png,b,valid\n", "must be train or test"),
        ("path,domain\nday/test/000.png,=b\n", "has the domain '=b'"),
        ("path,domain\nday/test/000.png,\n", "has the domain ''"),
        ("path,domain,id\nday/test/000.png,b,../x\n", "has the id '../x'"),
        ("path,domain,id\nday/test/000.png,b,x\nday/test/001.png,b,x\n", "the id 'x' twice"),
        (
            "path,domain,split\nday/test/000.png,b,test\nday/test/001.png,b,\n",
            "split of some images but not",
        ),
        ("path,domain\nnowhere.png,b\n", "nowhere.png cannot be read: No such file"),
        ("path,domain\n", "has no images"),
    ],
)
def test_a_wrong_csv_is_refused_in_a_line(photos, rows, said):
    assert said in refusal(csv(photos, rows))


def test_a_huge_csv_is_refused_unread(photos):
    path = photos / "list.csv"
    with path.open("wb") as stream:
        stream.truncate(51 * 2**20)
    assert "more than" in refusal(path)


def test_a_wrong_folder_is_refused_in_a_line(tmp_path, draw):
    assert "no folder or CSV file" in refusal(tmp_path / "nowhere")
    assert "has no images" in refusal(tmp_path)
    draw(tmp_path / "a.png")
    assert "is in no domain" in refusal(tmp_path)


def test_two_images_of_one_id_are_refused(tmp_path, draw):
    draw(tmp_path / "day" / "a.png")
    draw(tmp_path / "day" / "a.jpg")
    assert "the id 'day/a' twice" in refusal(tmp_path)


def test_sizes_that_differ_are_refused_with_the_remedy(photos, draw):
    odd = draw(photos / "night" / "test" / "odd.png", (9, 8))
    assert "9x8 pixels" in refusal(photos)
    assert "side=PIXELS" in refusal(photos)
    assert len(Folder(path=photos, side=8).files()) == 1
    assert odd.exists()


def test_an_image_that_cannot_be_used_is_refused(tmp_path, draw):
    good = draw(tmp_path / "day" / "a.png", (64, 64)).read_bytes()
    broken = tmp_path / "day" / "b.png"
    for content, said in (
        (b"", "is not an image"),
        (b"junk" * 100, "is not an image"),
        (good[: len(good) // 2], "cannot be read as an image"),
    ):
        broken.write_bytes(content)
        assert said in refusal(tmp_path)
    draw(broken, (64, 64), "RGBA")
    assert "is transparent in places" in refusal(tmp_path)
    Image.new("F", (64, 64)).save(broken, format="TIFF")
    assert "8 or 16 bits a channel" in refusal(tmp_path)
    Image.new("L", (8200, 1)).save(broken)
    assert "more than 8192 a side" in refusal(tmp_path)
    frames = [Image.new("L", (64, 64), shade) for shade in (0, 255)]
    frames[0].save(tmp_path / "day" / "c.gif", save_all=True, append_images=frames[1:])
    broken.unlink()
    assert "several frames" in refusal(tmp_path)


def test_an_opaque_alpha_channel_is_fine(tmp_path):
    (tmp_path / "day").mkdir()
    Image.new("RGBA", (8, 8), (10, 20, 30, 255)).save(tmp_path / "day" / "a.png")
    assert len(Folder(path=tmp_path).files()) == 1


def test_unknown_names_and_too_many_images_are_refused(photos):
    data = Folder(path=photos)
    with pytest.raises(UnknownName, match="did you mean day"):
        data.items("days", "test", 1, 0)
    with pytest.raises(UnknownName, match="split of folder"):
        data.size("day", "valid")
    with pytest.raises(InvalidOption, match="there are 1 to 6"):
        data.items("day", "test", 7, 0)


def run(*words):
    return CliRunner().invoke(main, ["run", "task=photos.yaml", *words])


def test_a_task_of_it_runs(photos):
    result = run("out=mine")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[3, 8, 8]", "[3, 9, 9]", "have the shape (3, 9, 9), but those of folder have (3, 8, 8)"),
        ("low: -1.0", "low: 0.0", "lie in [0, 1]"),
        ("domain: night", "domain: nihgt", "did you mean night"),
        ("path=photos", "path=fotos", "no folder or CSV file fotos"),
        ("path=photos", "path=photos:side=0", "side=0"),
    ],
)
def test_a_task_that_does_not_fit_is_refused_before_anything_is_written(photos, old, new, said):
    file = photos.parent / "photos.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new))
    result = run("out=mine")
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (photos.parent / "mine").exists()


def test_an_empty_split_is_said(photos):
    for path in (photos / "night" / "train").iterdir():
        path.unlink()
    result = run("out=mine")
    assert result.exit_code == 2
    assert "needs images of night in the train split of folder, which has none" in result.stderr


def test_linked_folders_are_read_once(tmp_path, draw):
    draw(tmp_path / "elsewhere" / "a.png")
    draw(tmp_path / "data" / "night" / "b.png")
    (tmp_path / "data" / "day").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "elsewhere" / "again").symlink_to(tmp_path / "data", target_is_directory=True)
    with pytest.warns(UserWarning, match="in a folder that was read before"):
        listed = listed_in(tmp_path / "data")
    assert [each.id for each in listed] == ["day/a", "night/b"]


@pytest.mark.parametrize(("train", "test"), [("Train", "Test"), ("TRAIN", "test")])
def test_splits_are_named_in_any_case(tmp_path, draw, train, test):
    draw(tmp_path / "day" / train / "a.png")
    draw(tmp_path / "day" / test / "b.png")
    data = Folder(path=tmp_path)
    assert data.items("day", "train", 1, 0).ids == (f"day/{train}/a",)
    assert data.items("day", "test", 1, 0).ids == (f"day/{test}/b",)


def test_the_folders_of_cyclegan_need_no_csv(tmp_path, draw):
    for folder in ("trainA", "trainB", "testA", "testB"):
        draw(tmp_path / folder / "a.png")
    data = Folder(path=tmp_path)
    assert data.domains == ("A", "B")
    assert {(d, s): data.items(d, s, 1, 0).ids for d in "AB" for s in data.splits} == {
        ("A", "train"): ("trainA/a",),
        ("A", "test"): ("testA/a",),
        ("B", "train"): ("trainB/a",),
        ("B", "test"): ("testB/a",),
    }


def test_what_is_skipped_is_counted_with_the_reason(tmp_path, draw):
    draw(tmp_path / "day" / "a.png")
    draw(tmp_path / "day" / "@eaDir" / "a.png")
    (tmp_path / "day" / "notes.txt").write_text("mine")
    (tmp_path / "day" / "Thumbs.db").write_text("left behind")
    (tmp_path / "day" / "gone.png").symlink_to(tmp_path / "nowhere")
    with pytest.warns(UserWarning, match="skipped 3 files") as caught:
        listed = listed_in(tmp_path)
    assert [each.id for each in listed] == ["day/a"]
    said = str(caught[0].message)
    assert "1 in @eaDir" in said
    assert "1 no image (.txt)" in said
    assert "1 no regular file" in said


def test_a_run_is_not_continued_with_other_pictures(photos, draw, tmp_path):
    words = ["run", f"task={tmp_path / 'photos.yaml'}", "method=identity", "metric=transport"]
    out = f"out={tmp_path / 'mine'}"
    first = CliRunner().invoke(main, [*words, out])
    assert first.exit_code == 0, first.output
    Image.new("RGB", (8, 8), "red").save(photos / "day" / "test" / "000.png")
    again = CliRunner().invoke(main, [*words, out])
    assert again.exit_code == 2
    said = again.stderr.splitlines()[-1]
    assert "holds results with fingerprint=" in said
    assert "overwrite=true" in said
