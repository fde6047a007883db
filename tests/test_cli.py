"""The command line as scripts and people meet it: what is printed, where, and with which exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from scalebook.cli import cli as front_door

CONSOLE = str(Path(sys.executable).parent / "scalebook")


class Said(NamedTuple):
    code: int
    out: str
    err: str


Cli = Callable[..., Said]


@pytest.fixture(autouse=True)
def _small_corpus(small_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEBOOK_CORPUS", str(small_folder))


def refused(said: Said, code: int, *words: str) -> None:
    """An error is one message on stderr, with an exit code, and nothing on stdout."""
    assert said.code == code, said
    assert said.out == ""
    assert "Traceback" not in said.err
    for word in words:
        assert word in said.err


def every_command() -> Iterator[list[str]]:
    """All commands and subcommands, as they are typed."""
    context = click.Context(front_door)
    for name in front_door.list_commands(context):
        command = front_door.get_command(context, name)
        yield [name]
        if isinstance(command, click.Group):
            yield from ([name, inner] for inner in command.commands)


def named(words: list[str]) -> click.Command:
    """The command that is typed so."""
    command: Any = front_door
    for word in words:
        command = command.get_command(click.Context(front_door), word)
    assert isinstance(command, click.Command)
    return command


COMMANDS = list(every_command())
commands = pytest.mark.parametrize("words", COMMANDS, ids=" ".join)


# help


def test_the_commands_of_the_contract_are_there() -> None:
    contract = {"sql", "tables", "describe", "ingest", "laws", "families", "studies", "fit", "study", "report"}
    assert contract <= {words[0] for words in COMMANDS}
    assert ["report", "guide"] in COMMANDS


@commands
def test_every_command_has_help_with_an_example(cli: Cli, words: list[str]) -> None:
    said = cli(*words, "--help")
    assert (said.code, said.err) == (0, "")
    assert "Example" in said.out
    assert f"  scalebook {' '.join(words)}" in said.out
    assert cli(*words, "-h").out == said.out


@commands
def test_every_option_says_what_it_does(words: list[str]) -> None:
    for parameter in named(words).params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.help[-1] in ".]", parameter.help


@commands
def test_results_can_be_had_as_json(words: list[str]) -> None:
    options = {name for parameter in named(words).params for name in parameter.opts}
    assert options & {"--json", "--format"} or isinstance(named(words), click.Group)


@pytest.mark.parametrize("words", [[], ["report"]])
def test_alone_a_group_prints_what_it_has(cli: Cli, words: list[str]) -> None:
    said = cli(*words)
    assert said.code == 2
    assert "Usage: scalebook" in said.err + said.out
    assert "Commands:" in said.err + said.out


def test_the_version_is_that_of_the_package(cli: Cli) -> None:
    from importlib.metadata import version

    assert cli("--version") == (0, f"scalebook {version('scalebook')}\n", "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["studie"], "no command named 'studie'; did you mean 'studies'?"),
        (["tabels"], "did you mean 'tables'?"),
        (["report", "gide"], "No such command 'gide'"),
        (["tables", "--jsn"], "No such option"),
        (["fit", "one"], "Missing option '--law'"),
        (["fit", "--law", "chinchilla"], "Missing argument 'FAMILY|FILE'"),
        (["study"], "name a study (see `scalebook studies`), or say --all"),
        (["fit", "one", "--law", "compute", "--delta", "much"], "'much' is not a valid float"),
        (["fit", "one", "--law", "compute", "--objective", "l2"], "'l2' is not one of"),
        (["fit", "one", "--law", "compute", "--seed", "-1"], "-1 is not in the range"),
        (["study", "--all", "--jobs", "0"], "0 is not in the range"),
    ],
)
def test_misuse_is_named(cli: Cli, words: list[str], message: str) -> None:
    refused(cli(*words), 2, message)


# sql

QUERY = "select family, sizes, min_params from families_summary order by family"
FAMILIES = ["one", "pair", "silent", "sizeless", "three", "two"]


def test_a_table_is_for_people(cli: Cli) -> None:
    said = cli("sql", QUERY)
    assert (said.code, said.err) == (0, "")
    assert all(name in said.out for name in [*FAMILIES, "sizes", "min_params"])


def test_csv_can_be_read_back(cli: Cli) -> None:
    said = cli("sql", QUERY, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [row["family"] for row in rows] == FAMILIES
    assert [row["min_params"] for row in rows] == ["10000000.0", "10000000.0", "", "", "10000000.0", "10000000.0"]


def test_json_is_a_list_of_objects_with_null_for_what_is_no_number(cli: Cli) -> None:
    said = cli("sql", QUERY, "--format", "json")
    rows = json.loads(said.out)
    assert rows[0] == {"family": "one", "sizes": 5, "min_params": 1e7}
    assert rows[2] == {"family": "silent", "sizes": 0, "min_params": None}
    query = (
        "select 'nan'::double a, '-inf'::float b, null c, 1.50::decimal(4,2) d, date '2024-05-06' e, true f,"
        " ['nan'::double, 1] g, {'x': 'inf'::double, 'y': 'é\"'} h, 2::hugeint i, timestamp '2024-05-06 07:08:09' j"
    )
    (row,) = json.loads(cli("sql", query, "--format", "json").out)
    assert row == {
        "a": None,
        "b": None,
        "c": None,
        "d": 1.5,
        "e": "2024-05-06",
        "f": True,
        "g": [None, 1.0],
        "h": {"x": None, "y": 'é"'},
        "i": 2,
        "j": "2024-05-06T07:08:09",
    }


def test_times_with_a_zone_can_be_had(cli: Cli) -> None:
    query = "select timestamptz '2024-05-06 07:08:09+00' t"
    (row,) = json.loads(cli("sql", query, "--format", "json").out)
    told = (row["t"], cli("sql", query, "--format", "csv").out.splitlines()[1])
    assert {datetime.fromisoformat(text) for text in told} == {datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)}


def test_nothing_found_is_an_empty_list(cli: Cli) -> None:
    assert cli("sql", "from runs where false", "--format", "json") == (0, "[]\n", "")
    assert cli("sql", "select run from runs where false", "--format", "csv") == (0, "run\n", "")


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_file_holds_what_would_be_printed(cli: Cli, tmp_path: Path, form: str) -> None:
    file = tmp_path / "new" / "out"
    assert cli("sql", QUERY, "--format", form, "-o", file) == (0, "", "")
    assert file.read_text(encoding="utf-8") == cli("sql", QUERY, "--format", form).out


def test_parquet_keeps_types(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    assert cli("sql", QUERY, "--format", "parquet", "-o", file) == (0, "", "")
    table = pq.read_table(file)
    assert table.column_names == ["family", "sizes", "min_params"]
    assert table["family"].to_pylist() == FAMILIES
    assert str(table.schema.field("min_params").type) == "double"


def test_parquet_is_not_for_the_screen(cli: Cli) -> None:
    refused(cli("sql", QUERY, "--format", "parquet"), 2, "--format parquet needs a file: add -o FILE")


@pytest.mark.parametrize("form", ["table", "csv", "json", "parquet"])
def test_a_failed_query_leaves_the_old_file(cli: Cli, tmp_path: Path, form: str) -> None:
    file = tmp_path / "out"
    file.write_text("old")
    refused(cli("sql", "select error('at run time') from runs", "--format", form, "-o", file), 2, "at run time")
    assert file.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("form", ["table", "csv", "json", "parquet"])
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("selec 1", ["Parser Error", 'syntax error at or near "selec"', "LINE 1: selec 1"]),
        ("select paramz from runs", ['"paramz" not found', "Candidate bindings", '"params"']),
        ("from rans", ["Catalog Error", "Did you mean", "runs"]),
        ("", ["one statement is needed, not 0"]),
        ("select 1; select 2", ["one statement is needed, not 2"]),
        ("drop view runs", ["the corpus is read-only: drop statements are refused"]),
        ("copy runs to 'stolen.csv'", ["the corpus is read-only: copy statements are refused"]),
        ("from read_csv('/etc/passwd')", ["Permission Error", "disabled by configuration"]),
    ],
)
def test_a_query_that_cannot_be_answered_is_misuse(
    cli: Cli, tmp_path: Path, form: str, query: str, words: list[str]
) -> None:
    refused(cli("sql", query, "--format", form, "-o", tmp_path / "out"), 2, *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_columns_of_one_name_are_refused_and_not_lost(cli: Cli, tmp_path: Path, form: str) -> None:
    query = "select * from runs join families using (family)"
    said = cli("sql", query, "--format", form, "-o", tmp_path / "x")
    refused(said, 2, "several columns are named", "architecture", "give each a name of its own")
    assert list(tmp_path.iterdir()) == []


# lists


def rows_of(cli: Cli, *words: str) -> list[dict[str, Any]]:
    said = cli(*words, "--json")
    assert (said.code, said.err) == (0, "")
    rows: list[dict[str, Any]] = json.loads(said.out)
    return rows


def test_tables_are_listed_with_their_rows(cli: Cli) -> None:
    rows = {row["name"]: row for row in rows_of(cli, "tables")}
    assert {"sources", "families", "runs", "checkpoints", "metrics"} <= {
        n for n, r in rows.items() if r["kind"] == "table"
    }
    assert {"losses", "final_losses", "flops_6nd", "families_summary"} <= set(rows)
    assert (rows["families"]["rows"], rows["runs"]["rows"]) == (6, 19)
    assert rows["losses"]["rows"] == rows["metrics"]["rows"] == 206
    assert all(row["meaning"] for row in rows.values())
    plain = cli("tables").out
    assert all(name in plain for name in rows)


def test_columns_are_described_with_their_units(cli: Cli) -> None:
    rows = {row["column"]: row for row in rows_of(cli, "describe", "losses")}
    assert rows["params"] == {
        "column": "params",
        "type": "DOUBLE",
        "unit": "parameters",
        "meaning": "Size N that the source scales by; params_basis says what it counts.",
    }
    assert "Size N that the source scales by" in cli("describe", "losses").out


def test_every_table_and_view_can_be_described(cli: Cli) -> None:
    for table in rows_of(cli, "tables"):
        described = rows_of(cli, "describe", table["name"])
        assert described
        assert all(row["meaning"] for row in described)


def test_families_are_listed_with_their_evidence(cli: Cli) -> None:
    rows = rows_of(cli, "families")
    assert [row["sizes"] for row in rows] == sorted((row["sizes"] for row in rows), reverse=True)
    one = next(row for row in rows if row["family"] == "one")
    assert (one["sizes"], one["losses"], one["loss_unit"], one["max_tokens"]) == (5, 60, "nats/token", 4e10)
    assert all(row["family"] in cli("families").out for row in rows)


def test_laws_are_listed_with_the_meaning_of_their_coefficients(cli: Cli) -> None:
    rows = {row["law"]: row for row in rows_of(cli, "laws")}
    assert {"chinchilla", "compute", "last_seen", "best_seen"} <= set(rows)
    assert rows["chinchilla"]["inputs"] == ["params", "tokens"]
    assert rows["chinchilla"]["cite"] == "hoffmann2022"
    assert rows["chinchilla"]["coefficients"]["alpha"] == {"meaning": "power of model size", "unit": ""}
    plain = cli("laws").out
    assert all(name in plain for name in rows)


def test_studies_are_listed_with_their_question(cli: Cli) -> None:
    rows = {row["study"]: row for row in rows_of(cli, "studies")}
    assert rows["sizes_and_fraction"]["settings"].keys() == {"sizes", "fraction"}
    assert all(row["question"].endswith("?") for row in rows.values())
    assert "sizes_and_fraction" in cli("studies").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["describe", "lossses"], "no table named 'lossses'; did you mean 'losses'?"),
        (["fit", "onee", "--law", "chinchilla"], "no family named 'onee'; did you mean 'one'?"),
        (["fit", "one", "--law", "chinchila"], "no law named 'chinchila'; did you mean 'chinchilla'?"),
        (["study", "size_and_fraction"], "no protocol named 'size_and_fraction'; did you mean 'sizes_and_fraction'?"),
        (["study", "--all", "--law", "computer"], "no law named 'computer'; did you mean 'compute'?"),
        (["study", "--all", "--families", "one,tow"], "no family named 'tow'; did you mean 'two'?"),
        (["ingest", "colpret-gpt2", "--check"], "no source named 'colpret-gpt2'; did you mean 'colpret-gpt3'?"),
        (["fit", "silent", "--law", "compute"], "its source publishes no loss"),
    ],
)
def test_an_unknown_name_is_guessed(cli: Cli, words: list[str], message: str) -> None:
    refused(cli(*words), 2, message)


# fit

#: The contract with scripts.
FIT_KEYS = {
    "law",
    "family",
    "n_points",
    "n_runs",
    "objective",
    "delta",
    "value",
    "coefficients",
    "status",
    "starts",
    "starts_agreeing",
    "seconds",
}


def test_a_fit_holds_what_the_contract_says(cli: Cli) -> None:
    said = cli("fit", "one", "--law", "chinchilla", "--objective", "lsq-log", "--drop-highest-losses", 3, "--json")
    assert (said.code, said.err) == (0, "")
    fit = json.loads(said.out)
    assert set(fit) >= FIT_KEYS
    assert (fit["law"], fit["family"], fit["objective"]) == ("chinchilla", "one", "lsq-log")
    assert (fit["n_points"], fit["n_runs"], fit["status"]) == (57, 5, "converged")
    assert set(fit["coefficients"]) == {"E", "A", "B", "alpha", "beta"}
    assert all(set(c) == {"value", "se", "low", "high"} for c in fit["coefficients"].values())
    assert fit["coefficients"]["alpha"]["value"] == pytest.approx(0.33, rel=0.05)
    assert 1 <= fit["starts_agreeing"] <= fit["starts"]


def test_fit_by_refits_says_so_and_shows_no_degrees_of_the_sandwich(cli: Cli) -> None:
    told = json.loads(cli("fit", "one", "--law", "compute", "--bootstrap", 200, "--json").out)
    assert told["interval"].startswith("standard deviation and percentiles of 200 bootstrap refits, moved out ")
    assert told["degrees_of_freedom"] is None
    header, row = (
        next(
            line for line in cli("fit", "one", "--law", "compute", "--bootstrap", 200).out.splitlines() if word in line
        )
        for word in (" df ", "nats/token")
    )
    assert not row[header.index("high") + 12 : header.index(" unit")].strip()


def test_a_fit_for_people_says_objective_starts_and_status(cli: Cli) -> None:
    said = cli("fit", "one", "--law", "chinchilla", "--drop-early-tokens", 1e9)
    assert said.code == 0
    for word in (
        "points of 4 runs",
        "left out",
        "huber-log (delta 0.001), sum",
        "starts agree",
        "status     converged",
    ):
        assert word in said.out
    assert "power of model size" in said.out


def test_a_law_that_is_not_determined_is_failed_work_that_says_why(cli: Cli) -> None:
    said = cli("fit", "pair", "--law", "chinchilla", "--json")
    assert (said.code, said.err) == (1, "")
    fit = json.loads(said.out)
    assert fit["status"] == "not_identified"
    assert fit["coefficients"]["alpha"]["se"] is None
    plain = cli("fit", "pair", "--law", "chinchilla")
    assert plain.code == 1
    assert "status     not_identified: the objective is flat along" in plain.out
    assert "open       the coefficients" in plain.out
    table = plain.out[plain.out.index("open") :].splitlines()[1:]
    assert not any(character.isdigit() for line in table for character in line)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--delta", "-1"], "delta is -1.0; it must be positive"),
        (["--delta", "nan"], "delta is nan; it must be positive"),
        (["--drop-early-tokens", "1e30"], "no point of 'one' remains: 60 were left out"),
        (["--drop-highest-losses", "60"], "no point of 'one' remains: 60 were left out"),
        (["--cluster", "family"], "use --cluster run or --cluster none"),
        (["--bootstrap", "2"], "lie fewer than 4 of 2 refits; ask for 200 or more"),
        (["--column", "tokens=x"], "for files, and 'one' is none"),
    ],
)
def test_options_that_cannot_be_are_named(cli: Cli, options: list[str], message: str) -> None:
    refused(cli("fit", "one", "--law", "compute", *options), 2, message)


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """A user's runs, in the folder where the command is called; 40 checkpoints of five runs."""
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(
        [(f"r{n}", params, tokens) for n, params in enumerate(np.geomspace(1e7, 1e9, 5)) for tokens in TOKENS],
        columns=["run", "params", "tokens"],
    )
    return frame.assign(loss=1.7 + 400 * frame["params"] ** -0.34 + 410 * frame["tokens"] ** -0.28)


TOKENS = np.geomspace(2e8, 2e10, 8)


def fitted(cli: Cli, *words: str) -> dict[str, Any]:
    said = cli("fit", *words, "--law", "chinchilla", "--json")
    assert (said.code, said.err) == (0, ""), said
    fit: dict[str, Any] = json.loads(said.out)
    assert fit["coefficients"]["alpha"]["value"] == pytest.approx(0.34, rel=1e-6)
    assert fit["coefficients"]["E"]["value"] == pytest.approx(1.7, rel=1e-6)
    return fit


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_users_file_is_fitted_and_left_as_it_is(cli: Cli, mine: pd.DataFrame, form: str) -> None:
    file = Path(f"mine.{form}")
    getattr(mine.sample(frac=1, random_state=0), f"to_{form}")(file, index=False)
    before, stamp = file.read_bytes(), file.stat().st_mtime_ns
    fit = fitted(cli, str(file))
    assert (fit["family"], fit["n_points"], fit["n_runs"]) == (file.name, 40, 5)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == (before, stamp)
    assert os.listdir() == [file.name]


def test_columns_of_other_names_are_mapped(cli: Cli, mine: pd.DataFrame) -> None:
    mine.rename(columns={"tokens": "consumed_tokens", "loss": "val"}).to_csv("mine.csv", index=False)
    mapped = fitted(cli, "mine.csv", "--column", "tokens=consumed_tokens", "--column", "loss=val")
    assert mapped["n_points"] == 40


def test_a_mapping_wins_over_a_column_of_our_name(cli: Cli, mine: pd.DataFrame) -> None:
    mine.assign(real=mine["tokens"], tokens=7.0).to_csv("mine.csv", index=False)
    assert fitted(cli, "mine.csv", "--column", "tokens=real")["n_points"] == 40
    mine.rename(columns={"tokens": "params", "params": "tokens"}).to_csv("swapped.csv", index=False)
    assert fitted(cli, "swapped.csv", "--column", "tokens=params", "--column", "params=tokens")["n_runs"] == 5


def test_rows_without_a_loss_are_no_points(cli: Cli, mine: pd.DataFrame) -> None:
    mine.loc[[3, 7], "loss"] = np.nan
    mine.to_csv("mine.csv", index=False)
    said = cli("fit", "mine.csv", "--law", "chinchilla", "--json")
    assert (said.code, json.loads(said.out)["n_points"]) == (0, 38)
    assert "2 rows" in said.err


def test_flops_are_6nd_unless_the_file_has_them(cli: Cli, mine: pd.DataFrame) -> None:
    values = []
    for flops in (None, 6 * mine["params"] * mine["tokens"], 7 * mine["params"] ** 1.1 * mine["tokens"]):
        (mine if flops is None else mine.assign(flops=flops)).to_csv("mine.csv", index=False)
        values.append(json.loads(cli("fit", "mine.csv", "--law", "compute", "--json").out)["value"])
    assert values[0] == pytest.approx(values[1], rel=1e-9)
    assert values[0] != pytest.approx(values[2], rel=1e-3)


Change = Callable[[pd.DataFrame], pd.DataFrame]
#: What is wrong with a file, and words that the message must hold: file or line, column, value, what to do.
BROKEN: dict[str, tuple[Change, list[str]]] = {
    "missing column": (lambda f: f.drop(columns="params"), ["mine.csv", "no column 'params'", "run, tokens, loss"]),
    "misspelt column": (
        lambda f: f.rename(columns={"params": "parms"}),
        ["no column 'params'", "did you mean 'parms'?", "--column params=parms"],
    ),
    "no row": (lambda f: f.head(0), ["mine.csv", "no row"]),
    "no loss": (lambda f: f.assign(loss=np.nan), ["mine.csv", "no loss"]),
    "nan": (lambda f: f.assign(tokens=f["tokens"].where(f.index != 3)), ["mine.csv", "line 5", "tokens"]),
    "negative": (lambda f: f.assign(loss=f["loss"].where(f.index != 3, -1.0)), ["mine.csv", "line 5", "loss", "-1"]),
    "infinite": (lambda f: f.assign(params=np.inf), ["mine.csv", "line 2", "params", "inf", "40 such rows"]),
    "words": (lambda f: f.assign(params="1.3B"), ["mine.csv", "line 2", "'params'", "'1.3B'"]),
    "billions": (lambda f: f.assign(params=f["params"] / 1e9), ["mine.csv", "'params' of run", "billions"]),
    "tokens in billions": (lambda f: f.assign(tokens=f["tokens"] / 1e9), ["largest 'tokens' is 20", "billions"]),
    "perplexity": (lambda f: f.assign(loss=100.0), ["mine.csv", "loss", "100", "perplexity"]),
    "no run": (lambda f: f.assign(run=np.nan), ["mine.csv", "line 2", "run"]),
}


@pytest.mark.parametrize(("change", "words"), BROKEN.values(), ids=list(BROKEN))
def test_a_file_that_cannot_be_fitted_says_why(cli: Cli, mine: pd.DataFrame, change: Change, words: list[str]) -> None:
    change(mine).to_csv("mine.csv", index=False)
    before = Path("mine.csv").read_bytes()
    refused(cli("fit", "mine.csv", "--law", "chinchilla"), 2, *words)
    assert Path("mine.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("mine.csv", b"", ["mine.csv", "empty"]),
        ("mine.csv", bytes(range(256)) * 10, ["mine.csv"]),
        ("mine.csv", b"run,params,tokens,loss\na,1,2,3\nb,1,2,3,4,5\n", ["mine.csv", "line 3", "6", "4"]),
        ("mine.parquet", b"PAR1" + bytes(100), ["mine.parquet", "cannot be read"]),
        ("mine.parquet", b"", ["mine.parquet", "empty"]),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)
    refused(cli("fit", name, "--law", "chinchilla"), 2, *words)


@pytest.mark.parametrize("name", ["nowhere.csv", "no/such/folder", "nowhere.parquet"])
def test_a_file_that_is_not_there_is_named(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(cli("fit", name, "--law", "chinchilla"), 2, name, "no such file")
    refused(cli("fit", "./", "--law", "chinchilla"), 2, "folder")


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ("tokens", ["--column tokens: write ours=theirs, such as tokens=consumed_tokens"]),
        ("toks=tokens", ["--column toks=tokens", "columns are run, params, tokens, loss, flops"]),
        ("tokens=tokns", ["no column 'tokns'", "did you mean 'tokens'?"]),
    ],
)
def test_a_mapping_that_cannot_be_is_named(cli: Cli, mine: pd.DataFrame, mapping: str, words: list[str]) -> None:
    mine.to_csv("mine.csv", index=False)
    refused(cli("fit", "mine.csv", "--law", "chinchilla", "--column", mapping), 2, *words)


# study and report


def test_a_study_holds_what_the_contract_says(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "new" / "results.parquet"
    said = cli("study", "--all", "--law", "compute", "--families", "one, pair", "--jobs", 1, "-o", file, "--json")
    assert (said.code, said.err) == (0, "")
    done = json.loads(said.out)
    assert list(done) == ["laws_fitted", "families", "seconds", "results"]
    assert {"family", "law", "protocol", "status", "are", "sizes", "fraction"} <= set(done["results"][0])
    fits = {row["fit"] for row in done["results"] if row["status"] in ("converged", "not_identified")}
    assert (done["laws_fitted"], done["families"]) == (len(fits), 2)
    pair = {row["protocol"]: row["status"] for row in done["results"] if row["family"] == "pair"}
    assert pair["sizes_and_fraction"] == "not_applicable"
    assert pd.read_parquet(file)["family"].tolist() == [row["family"] for row in done["results"]]


def test_a_study_for_people_counts_forecasts_and_failures(cli: Cli) -> None:
    said = cli("study", "sizes_and_fraction", "--jobs", 1)
    assert said.code == 0
    rows = [line.split() for line in said.out.splitlines() if line.startswith(" sizes_and_fraction")]
    results = json.loads(cli("study", "sizes_and_fraction", "--jobs", 1, "--json").out)["results"]
    forecasts = [r for r in results if r["status"] == "converged" and r["are"] is not None]
    counts = {(family, law): int(count) for _, family, law, count, *_ in rows}
    assert counts == {
        (f, law): sum((r["family"], r["law"]) == (f, law) for r in forecasts)
        for f, law in {(r["family"], r["law"]) for r in forecasts}
    }
    assert f"status: {sum(r['status'] == 'converged' for r in results)} converged" in said.out
    assert "not identified" in said.out


def test_the_guide_is_written_in_both_formats(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    said = cli("report", "guide", "-o", folder, "--jobs", 1, "--json")
    assert (said.code, said.err) == (0, "")
    told = json.loads(said.out)
    assert told["files"] == [str(folder / "guide.html"), str(folder / "guide.pdf")]
    assert told["families"] >= 3
    assert told["laws_fitted"] > 100
    assert (folder / "guide.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (folder / "guide.pdf").read_bytes().startswith(b"%PDF-")
    plain = cli("report", "guide", "-o", folder, "--jobs", 1, "--format", "html")
    assert f"{told['laws_fitted']} laws fitted over {told['families']} families in" in plain.out
    assert f"wrote {folder / 'guide.html'}" in plain.out
    assert "guide.pdf" not in plain.out


@pytest.mark.parametrize("form", ["docx", "html,docx", "", ","])
def test_a_wrong_format_is_refused_before_any_work(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr("scalebook.analysis.study.study", None)
    refused(cli("report", "guide", "-o", tmp_path, "--format", form), 2, "no format named", "(all: html, pdf)")
    assert list(tmp_path.iterdir()) == []


# a corpus or a folder that is not as it should be


def test_a_truncated_file_is_named_with_what_to_run(
    cli: Cli, small_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(small_folder, tmp_path / "corpus")
    file = tmp_path / "corpus" / "metrics" / "made-up.parquet"
    file.write_bytes(file.read_bytes()[:-100])
    monkeypatch.setenv("SCALEBOOK_CORPUS", str(tmp_path / "corpus"))
    for words in (["sql", "select avg(value) from metrics"], ["families"], ["fit", "one", "--law", "compute"]):
        refused(cli(*words), 1, f"{file} cannot be read", "run: scalebook ingest made-up")


@pytest.mark.parametrize("name", ["empty", "nowhere", "file"])
def test_a_folder_without_a_corpus_is_named_with_what_to_run(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SCALEBOOK_CORPUS", str(tmp_path / name))
    for words in (["tables"], ["sql", "from runs"], ["report", "guide"]):
        refused(cli(*words), 2, f"no corpus in {tmp_path / name}", f"run: scalebook ingest --into {tmp_path / name}")


FILE_IN_THE_WAY = [
    ["sql", "select 1", "-o", "{file}/out.csv"],
    ["report", "guide", "--format", "html", "--jobs", "1", "-o", "{file}/folder"],
    ["study", "--all", "--law", "last_seen", "--jobs", "1", "-o", "{file}/out.parquet"],
    ["study", "--all", "--law", "last_seen", "--jobs", "1", "--cache", "{file}"],
]


@pytest.mark.parametrize("words", FILE_IN_THE_WAY, ids=lambda words: " ".join(words[:1] + words[-2:-1]))
def test_a_file_in_the_way_of_a_folder_is_named(cli: Cli, tmp_path: Path, words: list[str]) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    said = cli(*(word.format(file=file) for word in words))
    refused(said, 1, str(file))
    assert "Not a directory" in said.err or "File exists" in said.err
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    "words", [["sql", "select 1", "-o", "{folder}"], ["study", "--all", "-o", "{folder}"]], ids=lambda words: words[0]
)
def test_a_folder_in_the_way_of_a_file_is_named(cli: Cli, tmp_path: Path, words: list[str]) -> None:
    refused(cli(*(word.format(folder=tmp_path) for word in words)), 2, f"'{tmp_path}' is a directory")


def test_a_file_where_the_guides_folder_should_be_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(cli("report", "guide", "-o", tmp_path / "file"), 2, f"'{tmp_path / 'file'}' is a file")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_a_sentence() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([CONSOLE, "families"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr


# as a process of its own


def test_a_reader_that_has_seen_enough_is_no_error(small_folder: Path) -> None:
    command = [CONSOLE, "sql", "from metrics as a, runs as b", "--format", "csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("run,")
        process.stdout.close()
        assert process.stderr.read() == ""


def test_letters_that_the_screen_does_not_have_are_a_sentence() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run([CONSOLE, "sql", "select 1"], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "scalebook: latin-1 output cannot hold '\\u250c'; set PYTHONIOENCODING=utf-8\n"
    shown = subprocess.run([CONSOLE, "families"], env=environment, capture_output=True, check=False)
    assert shown.returncode == 0


def test_errors_of_a_process_are_on_stderr_without_a_traceback() -> None:
    done = subprocess.run([CONSOLE, "fit", "one", "--law", "nothing"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("scalebook: no law named 'nothing'")
    assert done.stderr.count("\n") == 1


def test_an_error_in_another_process_is_a_sentence_too(small_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "study").write_text("in the way")
    command = [CONSOLE, "study", "--all", "--jobs", "2", "--cache", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "study") in done.stderr
