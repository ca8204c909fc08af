"""Image files as cameras and programs write them: what their pixels are."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from bridgebench import IntegrityError
from bridgebench_files import picture
from bridgebench_files.picture import SUFFIXES, facts_of, read_pixels

CASES = Path(__file__).parent / "cases"


def rgb(path):
    return read_pixels(path, "rgb", None)


@pytest.mark.parametrize(
    ("name", "turns"), [("exif_xresolution_ascii.jpg", 2), ("rational_neg_zero.jpg", 3)]
)
def test_of_exif_that_cannot_be_rewritten_the_orientation_is_read(name, turns):
    with Image.open(CASES / name) as image:
        stored = np.asarray(image.convert("RGB"))
    assert np.array_equal(rgb(CASES / name), np.rot90(stored, turns).transpose(2, 0, 1))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_that_of_exif(tmp_path, orientation):
    image = Image.fromarray(np.arange(6 * 4 * 3, dtype=np.uint8).reshape(4, 6, 3))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.png"
    image.save(path, exif=exif)
    from PIL import ImageOps

    with Image.open(path) as saved:
        upright = np.asarray(ImageOps.exif_transpose(saved)).transpose(2, 0, 1)
    assert np.array_equal(rgb(path), upright)
    assert (facts_of(path).height, facts_of(path).width) == upright.shape[1:]


def test_a_camera_file_with_a_preview_is_its_primary_image():
    with Image.open(CASES / "mpo_two_frames.jpg") as image:
        assert image.n_frames == 2
        primary = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
        image.seek(1)
        assert not np.array_equal(np.asarray(image.convert("RGB")).transpose(2, 0, 1), primary)
    assert np.array_equal(rgb(CASES / "mpo_two_frames.jpg"), primary)


def test_an_animation_is_refused(tmp_path):
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "two.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(IntegrityError, match="several frames"):
        facts_of(tmp_path / "two.gif")


def test_of_sixteen_bits_the_upper_eight_are_taken_in_gray_and_in_color(tmp_path):
    ramp = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    Image.fromarray(ramp).save(tmp_path / "gray.png")
    assert np.array_equal(rgb(tmp_path / "gray.png"), np.broadcast_to(ramp >> 8, (3, 8, 8)))
    assert np.array_equal(read_pixels(CASES / "gray16.png", "grey", None).shape, (1, 32, 48))
    with Image.open(CASES / "gray16.png") as image:
        deep = np.asarray(image)
    assert deep.max() > 255
    assert np.array_equal(read_pixels(CASES / "gray16.png", "grey", None)[0], deep >> 8)
    assert rgb(CASES / "rgb16.png").shape == (3, 32, 48)


def test_floats_have_no_white_and_are_refused(tmp_path):
    Image.fromarray(np.zeros((4, 4), dtype=np.float32)).save(tmp_path / "deep.tiff")
    with pytest.raises(IntegrityError, match="8 or 16 bits"):
        facts_of(tmp_path / "deep.tiff")


def _swapped_primaries():
    """A profile that calls its first channel green and its second red."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    entries = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, green = entries[b"rXYZ"], entries[b"gXYZ"]
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile).replace(
        "sRGB built-in".encode("utf-16-be"), "Swapped RGB  ".encode("utf-16-be")
    )


def test_colors_are_converted_from_the_profile_of_the_file_to_srgb(tmp_path):
    image = Image.new("RGB", (4, 4), (255, 0, 0))
    image.save(tmp_path / "swapped.png", icc_profile=_swapped_primaries())
    red, green, blue = rgb(tmp_path / "swapped.png")[:, 0, 0].tolist()
    assert (red < 5, green > 250, blue < 5) == (True, True, True)


def test_an_srgb_profile_changes_nothing(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "same.png", icc_profile=profile)
    assert np.array_equal(rgb(tmp_path / "same.png"), pixels.transpose(2, 0, 1))


def test_a_broken_profile_is_said_in_one_line(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "broken.png", icc_profile=b"no profile" * 20)
    with pytest.raises(IntegrityError, match="color profile that cannot be used") as raised:
        facts_of(tmp_path / "broken.png")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("suffix", sorted(set(SUFFIXES) - {".gif", ".pgm", ".pbm"}))
def test_every_ending_is_read(tmp_path, suffix):
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    pixels[..., 0] = 200
    format_ = {".jpe": "JPEG", ".jfif": "JPEG", ".pnm": "PPM"}.get(suffix)
    Image.fromarray(pixels).save(tmp_path / f"red{suffix}", format=format_)
    red, green, blue = rgb(tmp_path / f"red{suffix}").mean(axis=(1, 2))
    assert red > 180
    assert max(green, blue) < 20


def test_the_hash_is_that_of_the_pixels_as_decoded(tmp_path, monkeypatch):
    colors = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    for name, compression in (("small", 9), ("large", 0)):
        Image.fromarray(colors).save(tmp_path / f"{name}.png", compress_level=compression)
    small, large = (tmp_path / f"{name}.png" for name in ("small", "large"))
    assert small.read_bytes() != large.read_bytes()
    before = facts_of(small).sha256
    assert facts_of(large).sha256 == before
    decoded = picture._decoded
    picture._facts.cache_clear()
    monkeypatch.setattr(picture, "_decoded", lambda path: decoded(path).point(lambda v: v ^ 1))
    assert facts_of(small).sha256 != before
    picture._facts.cache_clear()


def test_images_of_one_pattern_and_two_palettes_have_two_hashes(tmp_path):
    for name, palette in (("red", [255, 0, 0]), ("blue", [0, 0, 255])):
        image = Image.new("P", (4, 4), 0)
        image.putpalette(palette)
        image.save(tmp_path / f"{name}.png")
    assert facts_of(tmp_path / "red.png").sha256 != facts_of(tmp_path / "blue.png").sha256
