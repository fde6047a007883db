from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scalebook.corpus.files import cache_folder, write_atomically

SLOW_WRITE = """
import os, sys, time
from pathlib import Path
from scalebook.corpus import files

def stuck(handle):
    print("half way", flush=True)
    time.sleep(60)

files.os.fsync = stuck
files.write_atomically(Path(sys.argv[1]), b"new" * 100_000)
"""


def test_a_file_is_made_with_its_folders(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "c.parquet"
    write_atomically(target, b"content")
    assert target.read_bytes() == b"content"
    assert [p.name for p in target.parent.iterdir()] == ["c.parquet"]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=2000), st.binary(max_size=2000))
def test_what_is_written_is_read(tmp_path: Path, first: bytes, second: bytes) -> None:
    target = tmp_path / "file"
    for content in (first, second):
        write_atomically(target, content)
        assert target.read_bytes() == content


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize(("owner", "step"), [(os, "fsync"), (Path, "replace")])
def test_an_error_half_way_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, owner: object, step: str
) -> None:
    target = tmp_path / "file"
    write_atomically(target, b"old")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(owner, step, fail)
    with pytest.raises(type(error)):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_kill_half_way_leaves_the_old_file_and_no_parquet(tmp_path: Path) -> None:
    target = tmp_path / "old.parquet"
    write_atomically(target, b"old")
    with subprocess.Popen([sys.executable, "-c", SLOW_WRITE, target], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half way\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.glob("*.parquet")) == [target]  # what a corpus would read
    write_atomically(target, b"new")  # and the next build goes on
    assert target.read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_many_threads_give_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    start = threading.Barrier(8)

    def write(number: int) -> int:
        start.wait()
        for again in range(20):
            write_atomically(tmp_path / f"{number}-{again}", b"content")
        return number

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(8))) == list(range(8))
    assert {p.stat().st_mode for p in tmp_path.iterdir()} == {plain.stat().st_mode}
    (tmp_path / "after").write_bytes(b"")
    assert (tmp_path / "after").stat().st_mode == plain.stat().st_mode  # the process's mask is as it was


def test_the_cache_folder_is_the_named_one_else_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("SCALEBOOK_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "scalebook"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "scalebook"
