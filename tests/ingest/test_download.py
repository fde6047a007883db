from __future__ import annotations

import hashlib
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from scalebook.corpus.errors import BrokenSource, Misuse
from scalebook.ingest import download
from scalebook.ingest.download import NotAtHand, fetch
from scalebook.ingest.source import Source

CSV, TXT = "data/losses one.csv", "data/readme.txt"


class Upstream:
    """A web server that stands in for GitHub, and what was asked of it."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        #: Answers to give first, before the file: a status, or "cut" for a transfer that breaks off.
        self.trouble: list[int | str] = []


@pytest.fixture
def upstream(tiny: Source, local: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    state = Upstream()
    for path in tiny.files:
        state.files[f"/{tiny.repository}/{tiny.commit}/{path}"] = (local / "tiny" / path).read_bytes()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(self.path)
            state.asked.append(path.rsplit("/", 1)[-1])
            trouble = state.trouble.pop(0) if state.trouble else 200
            content = state.files.get(path)
            if isinstance(trouble, int) and trouble != 200:
                self.send_error(trouble)
            elif content is None:
                self.send_error(404)
            else:
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[:5] if trouble == "cut" else content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(download, "RAW_FILES", f"http://127.0.0.1:{server.server_port}")
        yield state
        server.shutdown()


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that a download would have waited between its attempts."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


def cached(tmp_path: Path, source: Source) -> Path:
    return tmp_path / "cache" / "sources" / f"tiny-{source.commit[:12]}"


def files_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_files_come_from_the_pinned_commit_once(tiny: Source, upstream: Upstream, tmp_path: Path) -> None:
    folder = fetch(tiny)
    assert folder == cached(tmp_path, tiny)
    assert files_in(folder) == [CSV, TXT]  # a blank in a name is quoted in the address
    assert (folder / CSV).read_bytes() == upstream.files[f"/{tiny.repository}/{tiny.commit}/{CSV}"]
    assert sorted(upstream.asked) == ["losses one.csv", "readme.txt"]
    assert fetch(tiny) == folder
    assert fetch(tiny, offline=True) == folder
    assert len(upstream.asked) == 2


def test_a_partly_present_cache_is_completed(tiny: Source, upstream: Upstream, local: Path, tmp_path: Path) -> None:
    present = cached(tmp_path, tiny) / TXT
    present.parent.mkdir(parents=True)
    present.write_bytes((local / "tiny" / TXT).read_bytes())
    fetch(tiny)
    assert upstream.asked == ["losses one.csv"]


def test_a_damaged_file_in_the_cache_is_downloaded_again(tiny: Source, upstream: Upstream, tmp_path: Path) -> None:
    folder = fetch(tiny)
    (folder / CSV).write_bytes((folder / CSV).read_bytes()[:-3])
    upstream.asked.clear()
    fetch(tiny)
    assert upstream.asked == ["losses one.csv"]


def test_a_file_that_is_gone_is_named_at_once(
    tiny: Source, upstream: Upstream, waits: list[float], tmp_path: Path
) -> None:
    del upstream.files[f"/{tiny.repository}/{tiny.commit}/{CSV}"]
    with pytest.raises(
        BrokenSource, match=rf"tiny-source: cannot download http://.*/{tiny.commit}/data/losses%20one.csv: .*404"
    ):
        fetch(tiny)
    assert upstream.asked.count("losses one.csv") == 1
    assert waits == []
    assert CSV not in files_in(cached(tmp_path, tiny))


@pytest.mark.parametrize("trouble", [500, 503, 429, "cut"])
def test_passing_trouble_is_tried_again(
    tiny: Source, upstream: Upstream, waits: list[float], trouble: int | str, tmp_path: Path
) -> None:
    upstream.trouble = [trouble]
    fetch(tiny)
    assert waits == [1]
    assert files_in(cached(tmp_path, tiny)) == [CSV, TXT]


def test_lasting_trouble_is_told_after_three_attempts(tiny: Source, upstream: Upstream, waits: list[float]) -> None:
    upstream.trouble = [503] * 20
    with pytest.raises(BrokenSource, match="503"):
        fetch(tiny)
    assert upstream.asked.count("losses one.csv") == 3
    assert set(waits) == {1, 2}


def test_wrong_content_is_told_with_both_hashes_and_not_kept(tiny: Source, upstream: Upstream, tmp_path: Path) -> None:
    address = f"/{tiny.repository}/{tiny.commit}/{CSV}"
    right, upstream.files[address] = upstream.files[address], b"<html>moved</html>"
    with pytest.raises(BrokenSource) as error:
        fetch(tiny)
    wrong = hashlib.sha256(b"<html>moved</html>").hexdigest()
    assert f"has sha256 {wrong}, the card says {tiny.files[CSV]}. Nothing was written" in str(error.value)
    assert CSV not in files_in(cached(tmp_path, tiny))
    upstream.files[address] = right
    fetch(tiny)  # nothing of the failure is left behind


def test_no_connection_is_told(tiny: Source, monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    with socket.socket() as free:  # a port on which nobody listens
        free.bind(("127.0.0.1", 0))
        monkeypatch.setattr(download, "RAW_FILES", f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(BrokenSource, match=r"tiny-source: cannot download .*refused"):
            fetch(tiny)
    assert 1 in waits


def test_offline_never_asks(tiny: Source, upstream: Upstream) -> None:
    with pytest.raises(NotAtHand, match=r"2 files are not in .* and --offline forbids"):
        fetch(tiny, offline=True)
    assert upstream.asked == []


def test_extracted_files_are_never_downloaded(extracted: Source, upstream: Upstream, local: Path) -> None:
    with pytest.raises(NotAtHand, match="cannot be downloaded; give a copy: --from DIR"):
        fetch(extracted)
    assert upstream.asked == []
    assert fetch(extracted, local) == local / "tiny"


@pytest.mark.parametrize("by_option", [True, False])
def test_a_local_copy_is_used_and_verified(
    tiny: Source, upstream: Upstream, local: Path, monkeypatch: pytest.MonkeyPatch, by_option: bool
) -> None:
    if not by_option:
        monkeypatch.setenv("SCALEBOOK_SOURCES", str(local))
    given = local if by_option else None
    assert fetch(tiny, given) == local / "tiny"
    content = bytearray((local / "tiny" / CSV).read_bytes())
    content[20] ^= 1
    (local / "tiny" / CSV).write_bytes(content)
    found = hashlib.sha256(content).hexdigest()
    with pytest.raises(BrokenSource, match=f"{CSV} has sha256 {found}, the card says {tiny.files[CSV]}"):
        fetch(tiny, given)
    (local / "tiny" / CSV).unlink()
    with pytest.raises(BrokenSource, match=f"tiny-source: {CSV} is missing. Nothing was written"):
        fetch(tiny, given)
    assert upstream.asked == []


def test_a_wrong_local_folder_is_told(tiny: Source, upstream: Upstream, tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"--from .*nowhere: there is no such folder"):
        fetch(tiny, tmp_path / "nowhere")
    with pytest.raises(BrokenSource, match=r"tiny-source: .* has no folder 'tiny'"):
        fetch(tiny, tmp_path)
    assert upstream.asked == []


def test_a_folder_of_other_sources_does_not_stand_in_the_way(
    tiny: Source, upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEBOOK_SOURCES", str(tmp_path))  # has no folder "tiny"
    assert fetch(tiny) == cached(tmp_path, tiny)
