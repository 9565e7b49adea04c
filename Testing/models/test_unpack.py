"""Archives that want to do more than bring a model."""

import os
import stat
import tarfile
import zipfile

import pytest

from SpineGTRefineLib.errors import CorruptFileError, UnsafeModelError, UnsupportedFileError, WriteError
from SpineGTRefineLib.models import unpack
from SpineGTRefineLib.models.unpack import unpack_zip


def archive(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members:
            bundle.writestr(name, content)
    return path


def everything_below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_the_files_of_an_honest_archive_arrive(tmp_path):
    done = []
    source = archive(tmp_path / "m.zip", [("a/", ""), ("a/b.txt", "hello"), ("c.json", "{}")])
    unpack_zip(source, tmp_path / "out", done.append)
    assert (tmp_path / "out/a/b.txt").read_text() == "hello"
    assert done == [0.5, 1.0]


@pytest.mark.parametrize(
    "name",
    [
        "../canary",
        "a/../../canary",
        "/tmp/canary",
        "C:/canary",
        "C:canary",
        "..\\canary",
        "a\\..\\..\\canary",
        "\\\\server\\share\\canary",
        "a/b\ncanary",
    ],
)
def test_a_member_that_would_land_elsewhere_is_refused_before_anything_is_written(tmp_path, name):
    source = archive(tmp_path / "m.zip", [("good.txt", "x"), (zipfile.ZipInfo(name), "evil")])
    # zipfile cleans names on writing only in part: put the raw name into the archive.
    info = zipfile.ZipInfo("placeholder")
    info.filename = info.orig_filename = name
    with zipfile.ZipFile(source, "w") as bundle:
        bundle.writestr("good.txt", "x")
        bundle.writestr(info, "evil")
    before = everything_below(tmp_path)
    with pytest.raises(UnsafeModelError, match="outside its folder"):
        unpack_zip(source, tmp_path / "out")
    assert everything_below(tmp_path) == before


def test_a_link_in_the_archive_is_refused(tmp_path):
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    source = archive(tmp_path / "m.zip", [(info, "/etc/passwd")])
    with pytest.raises(UnsafeModelError, match="link or a device"):
        unpack_zip(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_bomb_is_stopped_while_it_grows(tmp_path):
    source = archive(tmp_path / "m.zip", [("zeros", bytes(2**26))])
    assert source.stat().st_size < 2**17
    with pytest.raises(UnsafeModelError, match="grows like a bomb"):
        unpack_zip(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_whole_content_is_limited_too(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, "MAX_TOTAL_BYTES", 1000)
    source = archive(tmp_path / "m.zip", [(f"f{i}", os.urandom(300)) for i in range(4)])
    with pytest.raises(UnsafeModelError, match="bomb"):
        unpack_zip(source, tmp_path / "out")


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, "MAX_MEMBERS", 3)
    with pytest.raises(UnsafeModelError, match="4 files"):
        unpack_zip(archive(tmp_path / "m.zip", [(f"f{i}", "") for i in range(4)]), tmp_path / "out")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_with_two_contents_is_refused(tmp_path):
    with pytest.raises(UnsafeModelError, match="twice"):
        unpack_zip(archive(tmp_path / "m.zip", [("a", "1"), ("a", "2")]), tmp_path / "out")


def test_code_in_the_archive_is_left_out(tmp_path):
    source = archive(
        tmp_path / "m.zip", [("trainer_class.py", "evil"), ("postprocessing.pkl", "evil"), ("a.json", "{}")]
    )
    unpack_zip(source, tmp_path / "out")
    assert everything_below(tmp_path / "out") == ["a.json"]


def test_a_half_downloaded_archive_is_called_damaged(tmp_path):
    source = archive(tmp_path / "m.zip", [("a", os.urandom(5000))])
    source.write_bytes(source.read_bytes()[:3000])
    with pytest.raises(CorruptFileError, match="cut short or damaged"):
        unpack_zip(source, tmp_path / "out")


def test_a_flipped_bit_is_noticed(tmp_path):
    source = archive(tmp_path / "m.zip", [("a", os.urandom(5000))])
    data = bytearray(source.read_bytes())
    data[2000] ^= 1
    source.write_bytes(data)
    with pytest.raises(CorruptFileError, match="damaged"):
        unpack_zip(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_encrypted_archive_is_not_supported(tmp_path):
    source = archive(tmp_path / "m.zip", [("a", "x")])
    data = bytearray(source.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    source.write_bytes(data)
    with pytest.raises(UnsupportedFileError, match="encrypted"):
        unpack_zip(source, tmp_path / "out")


def test_a_tar_archive_with_links_is_not_even_opened(tmp_path):
    with tarfile.open(tmp_path / "m.tar.gz", "w:gz") as bundle:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        bundle.addfile(link)
        hard = tarfile.TarInfo("hard")
        hard.type, hard.linkname = tarfile.LNKTYPE, "/etc/passwd"
        bundle.addfile(hard)
    with pytest.raises(UnsupportedFileError, match="not a zip archive"):
        unpack_zip(tmp_path / "m.tar.gz", tmp_path / "out")


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    source = archive(tmp_path / "m.zip", [("a", "1"), ("b", "2")])

    def full(self, member, source, sink):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(unpack._Writer, "_copy", full)
    with pytest.raises(WriteError, match="No space left"):
        unpack_zip(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()
