"""``scalebook serve`` as it is started and ended."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from scalebook.ingest.own_build import ingest_runs

CONSOLE = str(Path(sys.executable).parent / "scalebook")
HEADER = "run,params,tokens,loss\n"
RUNS = HEADER + "".join(f"a{n},{n}e8,{t}e9,{4 - n / 10 - t / 100}\n" for n in (1, 2, 3) for t in (1, 2, 3))


class Said(NamedTuple):
    code: int
    out: str
    err: str


Cli = Callable[..., Said]


@pytest.fixture(autouse=True)
def _small_corpus(small_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SCALEBOOK_CORPUS", str(small_folder))
    monkeypatch.setenv("SCALEBOOK_RUNS", str(tmp_path / "kept"))


def ask(address: str, sql: str) -> Any:
    parts = urlsplit(address)
    line = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    line.request("POST", f"{parts.path}query", json.dumps({"sql": sql}), {"Content-Type": "application/json"})
    with line.getresponse() as answer:
        heard = json.loads(answer.read())
    line.close()
    return heard


posix = pytest.mark.skipif(os.name != "posix", reason="signals cannot be sent to a process alone")


@posix
def test_it_prints_its_address_answers_and_ends_at_ctrl_c(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.csv", tmp_path / "Sweep 2.csv"
    mine.write_text(RUNS, encoding="utf-8")
    other.write_text(RUNS.replace("tokens", "seen"), encoding="utf-8")
    kept = tmp_path / "old.csv"
    kept.write_text(RUNS, encoding="utf-8")
    ingest_runs([kept])
    words = ["serve", "--no-open", "--json", "--column", "tokens=seen", "--runs", str(other)]
    words = [CONSOLE, *words]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    how: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": tmp_path}
    # a suite that runs in the background ignores Ctrl-C, and so would what it starts
    how["preexec_fn"] = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(words, **how) as process:
        assert process.stdout is not None
        told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        heard = ask(
            told["address"], "select family, count(*) from losses where source like 'mine/%' group by all order by 1"
        )
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert told["own"] == ["old", "sweep-2"]
    assert heard["rows"] == [["old", 9], ["sweep-2", 9]]
    assert (process.returncode, out, err) == (0, "", "")
    assert list(scratch.iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        ask(told["address"], "select 1")


@posix
def test_for_people_it_prints_the_address_once_and_ends_at_any_signal() -> None:
    with subprocess.Popen(
        [CONSOLE, "serve", "--no-open"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address, hint = process.stdout.readline().strip(), process.stdout.readline()
        assert ask(address, "select 1")["rows"] == [[1]]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert address.startswith("http://127.0.0.1:")
    assert (process.returncode, hint, out, err) == (0, "Ctrl-C ends it.\n", "", "")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "mine.csv"
    made.write_text(RUNS, encoding="utf-8")
    return made


def test_a_port_in_use_is_a_sentence(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = cli("serve", "--no-open", "--port", port)
    message = f"scalebook: port {port} is in use: name another with --port, or leave it out for a free one\n"
    assert said == (2, "", message)


def test_files_of_one_name_are_told_apart(cli: Cli, file: Path, tmp_path: Path) -> None:
    second = tmp_path / "b" / "mine.csv"
    second.parent.mkdir()
    second.write_text(RUNS, encoding="utf-8")
    said = cli("serve", "--no-open", "--runs", file, second)
    assert said.code == 2
    assert f"{file} and {second} would both be called 'mine': rename one of the files" in said.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--runs", "nothing.csv"], "nothing.csv"),
        (["--column", "tokens=seen"], "are about files of yours: add --runs FILE"),
        (["--family", "mine"], "are about files of yours: add --runs FILE"),
        (
            ["--family", "mine", "--runs", "a.csv", "b.csv"],
            "--family names the runs of one file, and several are given",
        ),
        (["--port", "0"], "0 is not in the range"),
        (["--seconds", "0"], "0.0 is not in the range"),
        (["--rows", "1000000"], "1000000 is not in the range"),
        (["--results", "nowhere"], "no results of a study in nowhere; run: scalebook study --all --into nowhere"),
    ],
)
def test_misuse_is_a_sentence(cli: Cli, words: list[str], message: str) -> None:
    said = cli("serve", "--no-open", *words)
    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert "Traceback" not in said.err


def test_a_name_of_the_corpus_is_refused_and_another_is_taken(
    cli: Cli, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scalebook.reports.serve.server import Server

    one = file.with_name("one.csv")
    file.rename(one)
    said = cli("serve", "--no-open", "--runs", one)
    assert said.code == 2
    assert "the corpus has a family 'one': name your runs otherwise, with --family NAME" in said.err
    monkeypatch.setattr(Server, "serve_forever", lambda *_, **__: None)
    said = cli("serve", "--no-open", "--json", "--family", "ones", "--runs", one)
    assert (said.code, json.loads(said.out)["own"], said.err) == (0, ["ones"], "")


def test_a_file_that_is_refused_is_refused_with_its_line(cli: Cli, file: Path) -> None:
    file.write_text(RUNS + "a9,1e8,1e9,nan\n", encoding="utf-8")
    said = cli("serve", "--no-open", "--runs", file)
    assert said.code == 2
    assert "line 11" in said.err


def test_a_corpus_that_is_not_there_is_a_sentence(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SCALEBOOK_CORPUS", str(tmp_path / "nowhere"))
    said = cli("serve", "--no-open")
    assert said.code == 2
    assert "holds no Parquet file" in said.err


@pytest.mark.parametrize(("screen", "opened"), [("", []), (":0", ["http://127.0.0.1"])])
def test_a_browser_is_opened_where_there_is_a_screen(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, screen: str, opened: list[str]
) -> None:
    import webbrowser

    from scalebook.reports.serve.server import Server

    asked: list[str] = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(webbrowser, "open", lambda address: asked.append(address[:16]))
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.setattr(Server, "serve_forever", lambda *_, **__: None)
    assert cli("serve").code == 0
    assert asked == opened
