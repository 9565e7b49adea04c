"""Whatever happens while a file is saved, there is the old file or the new one, never a mix and never none."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_volumes import label_map

from SpineGTRefineLib import fileops
from SpineGTRefineLib.errors import WriteError
from SpineGTRefineLib.fileops import (
    remove_leftovers,
    sha256_of_bytes,
    sha256_of_file,
    write_atomic,
    write_text_atomic,
)
from SpineGTRefineLib.imaging import read_labels, write_labels

OLD = b"old " * 50_000
NEW = b"new! " * 60_000

# A child that dies, as by kill -9, just before the n-th line of our code that it executes.
KILLED_AT_LINE = """
import os, signal, sys
from pathlib import Path
from SpineGTRefineLib import fileops

left = int(sys.argv[2])

def watch(frame, event, arg):
    global left
    if frame.f_code.co_filename != fileops.__file__:
        return None
    if event == "line":
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return watch

sys.settrace(watch)
fileops.write_atomic(Path(sys.argv[1]), b"new! " * 60_000)
"""

# A child that dies in the middle of writing the bytes.
KILLED_IN_WRITE = """
import io, os, signal, sys
from pathlib import Path
from SpineGTRefineLib import fileops

real_open = Path.open

class Dying:
    def __init__(self, stream): self.stream = stream
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def write(self, data):
        self.stream.write(data[: int(sys.argv[2])])
        self.stream.flush()
        os.kill(os.getpid(), signal.SIGKILL)

Path.open = lambda self, *args, **kwargs: Dying(real_open(self, *args, **kwargs))
fileops.write_atomic(Path(sys.argv[1]), b"new! " * 60_000)
"""

needs_sigkill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9 (POSIX)")


def run_child(code: str, path: Path, number: int, repository: Path) -> int:
    command = [sys.executable, "-c", code, str(path), str(number)]
    return subprocess.run(command, cwd=repository, check=False, timeout=60).returncode


@needs_sigkill
@pytest.mark.slow
def test_kill_9_before_any_line_of_a_save_leaves_the_old_or_the_new_file(tmp_path: Path, repository: Path) -> None:
    path = tmp_path / "mask.nii.gz"
    states = []
    for line in range(100):
        path.write_bytes(OLD)
        code = run_child(KILLED_AT_LINE, path, line, repository)
        content = path.read_bytes()
        assert content in (OLD, NEW), f"a mix after a kill at line {line}"
        states.append(content == NEW)
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert code == 0, "the save was never allowed to end"
    assert len(states) > 10
    assert not states[0]
    assert states == sorted(states), "once the new file is there it stays"


@needs_sigkill
@pytest.mark.parametrize("written", [0, 1, 1000, len(NEW) - 1])
def test_kill_9_in_the_middle_of_writing_leaves_the_old_file(written: int, tmp_path: Path, repository: Path) -> None:
    path = tmp_path / "mask.nii.gz"
    path.write_bytes(OLD)
    assert run_child(KILLED_IN_WRITE, path, written, repository) == -signal.SIGKILL
    assert path.read_bytes() == OLD


class FullDisk:
    """A stream on a disk that takes so many bytes and no more."""

    def __init__(self, stream, room: int) -> None:
        self.stream, self.room = stream, room

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.stream.close()

    def __getattr__(self, name: str):
        return getattr(self.stream, name)

    def write(self, data: bytes) -> None:
        self.stream.write(data[: self.room])
        if len(data) > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("room", [0, 1, 4096, 100_000, len(NEW) - 1])
def test_a_disk_that_fills_up_while_writing_leaves_the_old_file(room: int, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "mask.nii.gz"
    path.write_bytes(OLD)
    real_open = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: FullDisk(real_open(self, *a, **k), room))
    with pytest.raises(WriteError, match="No space left"):
        write_atomic(path, NEW)
    monkeypatch.undo()
    assert path.read_bytes() == OLD
    assert [p.name for p in tmp_path.iterdir()] == ["mask.nii.gz"]


def fail(*args: object, **kwargs: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(("owner", "name"), [(Path, "mkdir"), (Path, "open"), (os, "fsync"), (Path, "replace")])
def test_a_full_disk_at_any_step_leaves_the_old_file(owner, name: str, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "mask.nii.gz"
    path.write_bytes(OLD)
    monkeypatch.setattr(owner, name, fail)
    with pytest.raises(WriteError, match="previous file is unchanged") as failure:
        write_atomic(path, NEW)
    monkeypatch.undo()
    assert failure.value.remedy
    assert path.read_bytes() == OLD
    assert [p.name for p in tmp_path.iterdir()] == ["mask.nii.gz"]


@pytest.mark.parametrize(("code", "advice"), [(errno.ENOSPC, "Free some disk space"), (errno.EROFS, "right to write")])
def test_the_remedy_fits_the_refusal_and_no_file_is_claimed_that_never_was(code, advice, tmp_path, monkeypatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(WriteError) as failure:
        write_atomic(tmp_path / "new" / "mask.nii.gz", NEW)
    assert advice in failure.value.remedy
    assert "previous file" not in failure.value.cause


def test_a_mask_that_could_not_be_written_is_still_the_old_mask(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "mask.nii.gz"
    old = label_map(seed=1)
    write_labels(path, old)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(WriteError):
        write_labels(path, label_map(seed=2))
    assert (read_labels(path, old.scheme).array == old.array).all()


def test_an_interrupt_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "mask.nii.gz"
    path.write_bytes(OLD)

    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, NEW)
    assert path.read_bytes() == OLD
    assert [p.name for p in tmp_path.iterdir()] == ["mask.nii.gz"]


def annexed(folder: Path, content: bytes) -> tuple[Path, Path]:
    """A file as git-annex keeps it: a relative link to a read-only object."""
    target = folder / ".git" / "annex" / "objects" / "Xx" / "SHA256E-s9--00.nii.gz"
    target.parent.mkdir(parents=True)
    target.write_bytes(content)
    target.chmod(0o444)
    link = folder / "sub-01" / "anat" / "mask.nii.gz"
    link.parent.mkdir(parents=True)
    link.symlink_to(os.path.relpath(target, link.parent))
    return link, target


def test_an_annexed_file_is_replaced_and_its_object_is_untouched(tmp_path: Path) -> None:
    link, target = annexed(tmp_path, OLD)
    before = target.stat()
    write_atomic(link, NEW)
    assert not link.is_symlink()
    assert link.read_bytes() == NEW
    assert target.read_bytes() == OLD
    assert (target.stat().st_mode, target.stat().st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    assert link.stat().st_mode & 0o200, "the new file belongs to the user, not to the annex"


def test_an_annexed_mask_that_was_not_fetched_can_be_written(tmp_path: Path) -> None:
    link, target = annexed(tmp_path, OLD)
    target.unlink()
    write_atomic(link, NEW)
    assert link.read_bytes() == NEW
    assert not target.exists()


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
@pytest.mark.parametrize("mode", [0o600, 0o664, 0o640])
def test_a_saved_file_keeps_its_permissions(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "mask.nii.gz"
    path.write_bytes(OLD)
    path.chmod(mode)
    write_atomic(path, NEW)
    assert path.stat().st_mode & 0o777 == mode


def test_a_target_that_another_program_holds_is_tried_again(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "mask.nii.gz"
    path.write_bytes(OLD)
    real, refusals = Path.replace, [PermissionError(errno.EACCES, "held open")] * 2

    def held(self: Path, target: Path) -> Path:
        if refusals:
            raise refusals.pop()
        return real(self, target)

    monkeypatch.setattr(Path, "replace", held)
    monkeypatch.setattr(fileops, "REPLACE_WAIT_S", 0)
    write_atomic(path, NEW)
    assert path.read_bytes() == NEW


def test_a_target_that_stays_held_is_an_error_and_the_old_file_stays(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "mask.nii.gz"
    path.write_bytes(OLD)

    def held(self: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "held open")

    monkeypatch.setattr(Path, "replace", held)
    monkeypatch.setattr(fileops, "REPLACE_WAIT_S", 0)
    with pytest.raises(WriteError, match="held open"):
        write_atomic(path, NEW)
    assert path.read_bytes() == OLD


def test_text_is_utf_8_with_unix_line_ends(tmp_path: Path) -> None:
    write_text_atomic(tmp_path / "new" / "folder" / "a.json", "Wirbelsäule\n")
    assert (tmp_path / "new" / "folder" / "a.json").read_bytes() == "Wirbelsäule\n".encode()


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(OLD)
    assert sha256_of_file(tmp_path / "a") == sha256_of_bytes(OLD)


def test_what_a_killed_program_left_is_removed_when_it_is_old_and_surely_ours(tmp_path):
    old = time.time() - 2 * 24 * 3600
    ours, young = tmp_path / "sub-01" / f".tmp-{'a' * 32}", tmp_path / f".tmp-{'b' * 32}"
    others = [tmp_path / ".tmp-backup", tmp_path / f"tmp-{'c' * 32}", tmp_path / f".tmp-{'d' * 32}.nii.gz"]
    ours.parent.mkdir()
    for path in (ours, young, *others):
        path.write_bytes(b"half a mask")
        os.utime(path, (old, old))
    os.utime(young)
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / ours.name).write_bytes(b"of somebody else")
    os.utime(outside / ours.name, (old, old))
    (tmp_path / "link").symlink_to(outside, target_is_directory=True)
    assert remove_leftovers(tmp_path) == 1
    assert not ours.exists()
    assert all(path.exists() for path in (young, *others, outside / ours.name))
    assert remove_leftovers(tmp_path / "absent") == 0
