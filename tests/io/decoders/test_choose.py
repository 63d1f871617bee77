"""Which decoder reads a file, and what is said where an extra is missing."""

from __future__ import annotations

import pytest

from skdefocus.io import list_photographs, read_image
from skdefocus.io.decoders import choose, find_format, missing_extra
from skdefocus.io.formats import FORMATS, HEIC_BRANDS, HEIC_ENDINGS, RAW_ENDINGS
from tests.io.pictures import smooth, write_any


@pytest.fixture
def no_extras(monkeypatch):
    monkeypatch.setattr(choose, "_is_installed", lambda extra: False)


@pytest.mark.parametrize("ending", sorted(RAW_ENDINGS))
def test_every_raw_ending_names_its_extra(tmp_path, no_extras, ending):
    # Many of them are TIFFs with a small picture first, which must not be taken.
    for name in (f"x{ending}", f"x{ending.upper()}"):
        write_any(tmp_path / "x.tif", smooth()).rename(tmp_path / name)
        with pytest.raises(
            ValueError,
            match=r"is a camera raw file; to read it, install the extra 'raw': pip "
            r"install 'skdefocus\[raw\]'\.$",
        ):
            read_image(tmp_path / name)


@pytest.mark.parametrize("ending", sorted(HEIC_ENDINGS))
def test_every_heic_ending_names_its_extra(tmp_path, no_extras, ending):
    path = tmp_path / f"x{ending.upper()}"
    path.write_bytes(b"whatever it holds, of some length")
    with pytest.raises(ValueError, match="to read it, install the extra 'heif': pip"):
        read_image(path)


@pytest.mark.parametrize("brand", sorted(HEIC_BRANDS))
def test_every_heic_brand_is_recognized_under_another_name(tmp_path, no_extras, brand):
    path = tmp_path / "renamed.jpg"
    path.write_bytes(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0 and so on")
    with pytest.raises(ValueError, match="to read it, install the extra 'heif': pip"):
        read_image(path)


@pytest.mark.parametrize("start", [b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"])
def test_jpeg_xl_needs_no_extra(tmp_path, no_extras, start):
    for name in ("x.jxl", "renamed.png"):
        (tmp_path / name).write_bytes(start + b" and so on")
        assert find_format(tmp_path / name) == "JXL"
        assert missing_extra(tmp_path / name) is None


def test_a_kind_of_its_own_may_be_avif(tmp_path):
    path = tmp_path / "renamed.heic"
    path.write_bytes(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif and so on")
    assert find_format(path) == "AVIF"


@pytest.mark.parametrize("ending", [".dng", ".heic", ".avif", ".jxl", ".jp2", ".exr"])
def test_every_format_is_known_by_any_name(tmp_path, ending):
    image = smooth().astype("float32") / 255 if ending == ".exr" else smooth()
    path = write_any(tmp_path / f"x{ending}", image)
    name = find_format(path)
    assert name is not None
    if ending != ".dng":
        assert find_format(path.rename(tmp_path / "renamed.tif")) == name


def test_plain_formats_need_no_decoder(tmp_path):
    for ending in (".jpg", ".png", ".tif", ".webp"):
        path = write_any(tmp_path / f"x{ending}", smooth())
        assert find_format(path) is None
        assert missing_extra(path) is None


def test_extras_are_those_that_are_there(no_extras):
    assert {known.extra for known in FORMATS} == {None, "raw", "heif"}


def test_folders_leave_out_what_cannot_be_read(tmp_path, no_extras):
    for name in ("a.dng", "b.heic", "c.jpg", "d.jxl", "e.avif"):
        (tmp_path / name).touch()
    found = [path.name for path in list_photographs(tmp_path)]
    assert found == ["c.jpg", "d.jxl", "e.avif"]


@pytest.mark.parametrize("ending", [".cr2", ".heic", ".jxl", ".avif", ".jp2", ".psd"])
def test_damaged_files_give_one_sentence(tmp_path, ending):
    if missing_extra(tmp_path / f"x{ending}") is not None:
        pytest.skip("its extra is not installed")
    whole = {".cr2": b"II*\0", ".psd": b"8BPS\0\1", ".jxl": b"\xff\x0a"}
    path = tmp_path / f"x{ending}"
    path.write_bytes(whole.get(ending, b"\0\0\0\x18ftypheic\0\0\0\0") + b"and so on")
    with pytest.raises(ValueError, match=r"x.* is (damaged or|not an image)") as info:
        read_image(path)
    assert "\n" not in str(info.value)


@pytest.mark.parametrize("ending", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("wrong", [".heic", ".jxl"])
def test_plain_formats_are_read_by_wrong_names(tmp_path, no_extras, ending, wrong):
    path = write_any(tmp_path / f"x{ending}", smooth())
    assert read_image(path.rename(tmp_path / f"x{wrong}")).shape == smooth().shape
