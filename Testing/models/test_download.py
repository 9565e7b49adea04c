"""Downloads: over https only, with resume, and honest about what came."""

import urllib.error
from pathlib import Path

import pytest

from SpineGTRefineLib.errors import CancelledError, DownloadError, UsageError, WriteError
from SpineGTRefineLib.models import download as module
from SpineGTRefineLib.models.download import check_url, download

URL = "https://models.example.org/model.zip"
CONTENT = bytes(range(256)) * 4096


class FakeServer:
    """Serves one file; ``cut`` bytes into an answer the connection ends."""

    def __init__(self, content=CONTENT, *, etag='"one"', ranges=True, cut=None, error=None):
        self.content, self.etag, self.ranges, self.cut, self.error = content, etag, ranges, cut, error
        self.requests = []

    def __call__(self, url, headers):
        self.requests.append(headers)
        if self.error is not None:
            raise self.error
        start = 0
        # As real servers do: without If-Range a part is sent of whatever file is there now.
        if self.ranges and "Range" in headers and headers.get("If-Range", self.etag) == self.etag:
            start = int(headers["Range"].removeprefix("bytes=").removesuffix("-"))
        return FakeResponse(self, start)


class FakeResponse:
    def __init__(self, server, start):
        body = server.content[start:]
        self.status = 206 if start else 200
        self.headers = {"Content-Length": str(len(body))}
        if server.etag:
            self.headers["ETag"] = server.etag
        if start:
            self.headers["Content-Range"] = f"bytes {start}-{len(server.content) - 1}/{len(server.content)}"
        self.body = body if server.cut is None else body[: server.cut]
        self.closed = False

    def read(self, amount):
        chunk, self.body = self.body[:amount], self.body[amount:]
        return chunk

    def close(self):
        self.closed = True


def test_the_file_arrives_whole_and_progress_ends_at_one(tmp_path):
    seen = []
    download(URL, tmp_path / "m.zip", progress=lambda part, _: seen.append(part), opener=FakeServer())
    assert (tmp_path / "m.zip").read_bytes() == CONTENT
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert [path.name for path in tmp_path.iterdir()] == ["m.zip"]


def test_a_broken_download_is_not_taken_for_the_file_and_goes_on_where_it_stopped(tmp_path):
    server = FakeServer(cut=600_000)
    with pytest.raises(DownloadError, match=r"Only 600000 of 1048576 bytes came\. .*goes on where it stopped"):
        download(URL, tmp_path / "m.zip", opener=server)
    assert not (tmp_path / "m.zip").exists()
    server.cut = None
    download(URL, tmp_path / "m.zip", opener=server)
    assert server.requests[1]["Range"] == "bytes=600000-"
    assert (tmp_path / "m.zip").read_bytes() == CONTENT


@pytest.mark.parametrize("change", [{"etag": '"two"'}, {"ranges": False}], ids=["changed on the server", "no resume"])
def test_two_files_are_never_glued_together(tmp_path, change):
    with pytest.raises(DownloadError):
        download(URL, tmp_path / "m.zip", opener=FakeServer(cut=600_000))
    other = CONTENT[::-1]
    download(URL, tmp_path / "m.zip", opener=FakeServer(other, **change))
    assert (tmp_path / "m.zip").read_bytes() == other


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_without_a_strong_tag_the_download_begins_anew(tmp_path, etag):
    server = FakeServer(etag=etag, cut=600_000)
    with pytest.raises(DownloadError):
        download(URL, tmp_path / "m.zip", opener=server)
    server.cut = None
    download(URL, tmp_path / "m.zip", opener=server)
    assert "Range" not in server.requests[1]
    assert (tmp_path / "m.zip").read_bytes() == CONTENT


def test_the_user_can_stop_and_go_on_later(tmp_path):
    server = FakeServer()
    with pytest.raises(CancelledError):
        download(URL, tmp_path / "m.zip", cancel=lambda: True, opener=server)
    assert not (tmp_path / "m.zip").exists()
    download(URL, tmp_path / "m.zip", opener=server)
    assert server.requests[1]["Range"].startswith("bytes=")
    assert (tmp_path / "m.zip").read_bytes() == CONTENT


def test_a_part_that_fits_nothing_on_the_server_is_forgotten(tmp_path):
    with pytest.raises(DownloadError):
        download(URL, tmp_path / "m.zip", opener=FakeServer(cut=600_000))
    refusal = urllib.error.HTTPError(URL, 416, "Range Not Satisfiable", {}, None)
    with pytest.raises(DownloadError, match="416"):
        download(URL, tmp_path / "m.zip", opener=FakeServer(error=refusal))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        urllib.error.HTTPError(URL, 404, "Not Found", {}, None),
        urllib.error.URLError("no route"),
        TimeoutError("timed out"),
        ConnectionResetError("reset"),
    ],
)
def test_a_server_that_does_not_deliver_is_named(tmp_path, error):
    with pytest.raises(DownloadError, match=r"models\.example\.org"):
        download(URL, tmp_path / "m.zip", opener=FakeServer(error=error))


def test_an_endless_answer_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    with pytest.raises(DownloadError, match="at most 1000"):
        download(URL, tmp_path / "m.zip", opener=FakeServer())


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/model.zip",
        "ftp://github.com/model.zip",
        "file:///etc/passwd",
        "https://localhost/model.zip",
        "https://127.0.0.1/model.zip",
        "https://[::1]/model.zip",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.8/model.zip",
        "https://printer.local/model.zip",
        "https://user:secret@github.com/model.zip",
        "https:///model.zip",
    ],
)
def test_addresses_that_are_not_public_https_are_refused_before_any_request(tmp_path, url):
    server = FakeServer()
    with pytest.raises(UsageError):
        download(url, tmp_path / "m.zip", opener=server)
    assert server.requests == []


def test_a_redirect_may_not_leave_https_either():
    check_url("https://objects.example.org/file")
    with pytest.raises(UsageError, match="https only"):
        module._HttpsOnly().redirect_request(None, None, 302, "Found", {}, "http://objects.example.org/file")


def test_a_folder_that_cannot_be_written_is_named_with_a_way_out(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WriteError, match="could not be written to") as caught:
        download(URL, tmp_path / "file" / "m.zip", opener=FakeServer())
    assert "SPINEGTREFINE_MODELS" in caught.value.remedy


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the disk that is always full is Linux's")
def test_a_full_disk_is_told_and_no_file_appears(tmp_path):
    (tmp_path / "m.zip.part").symlink_to("/dev/full")
    with pytest.raises(WriteError, match="No space left on device"):
        download(URL, tmp_path / "m.zip", opener=_keeping_the_part(FakeServer()))
    assert not (tmp_path / "m.zip").exists()


def _keeping_the_part(server):
    """A server that answers as if it went on with a part of no size."""

    def answer(url, headers):
        response = server(url, headers)
        response.status, response.headers["Content-Range"] = 206, f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}"
        return response

    return answer
