"""The classic mistakes, each answered with a sentence that says where and what to do."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scalebook.corpus.errors import Misuse
from scalebook.ingest import format as formats
from scalebook.ingest import given as givens
from scalebook.ingest.formats import csv as csv_format
from scalebook.ingest.own_runs import load_runs

from .conftest import LINES

File = Callable[..., Path]
Refused = Callable[..., str]
Change = Callable[[pd.DataFrame], pd.DataFrame]

MISTAKES: dict[str, tuple[Change, str]] = {
    "sizes in billions": (
        lambda f: f.assign(params=f["params"] / 1e9),
        "'params' of run 'small' is 0.1: give parameters, not billions or millions of them: --column 'params=params*1",
    ),
    "one size in billions": (
        lambda f: f.assign(params=f["params"].where(f["run"] == "small", 1.0)),
        "'params' of run 'big' is 1: give parameters, not billions",
    ),
    "few parameters": (
        lambda f: f.assign(params=f["params"] / 2e4),
        "'params' of run 'small' is 5000: give parameters, not billions",
    ),
    "tokens in billions": (
        lambda f: f.assign(tokens=f["tokens"] / 1e9),
        "the largest 'tokens' is 4, fewer than any run sees: if it counts steps, say --column tokens= --column"
        " step=tokens --tokens-per-step T; if billions, say --column 'tokens=tokens*1e9'",
    ),
    "tokens that are steps": (
        lambda f: f.assign(tokens=[1000, 2000, 143000] * 2),
        "the largest 'tokens' is 143000, fewer than any run sees: if it counts steps, say --column tokens= --column",
    ),
    "many steps of a large model": (
        lambda f: f.assign(params=f["params"] * 100, tokens=[1e6, 2e6, 3e6] * 2),
        "the largest 'tokens' is 3e+06, fewer than any run sees (0.0003 per parameter at most): if it counts steps",
    ),
    "steps of 4,096 tokens": (
        lambda f: f.assign(params=f["params"] * 8, tokens=80 * 8e8 / 4096 * np.array([0.2, 0.5, 1] * 2)),
        "the largest 'tokens' is 1.5625e+07, fewer than any run sees (0.02 per parameter at most): if it counts steps,"
        " say --column tokens= --column step=tokens --tokens-per-step T",
    ),
    "an unknown way to count": (
        lambda f: f.assign(params_basis="all of them"),
        "line 2: params_basis 'all of them' is none of total, non-embedding, non-embedding+head, active, nominal,"
        " kaplan, attention (if the column means something else, leave it out: --column params_basis=)",
    ),
    "two peaks of a run": (
        lambda f: f.assign(peak_learning_rate=[1e-3, 2e-3, 2e-3] * 2),
        "line 2: run 'small' has peak_learning_rate 0.001 here and 0.002 elsewhere: a run is one training",
    ),
    "a perplexity by its name": (
        lambda f: f.rename(columns={"loss": "perplexity"}),
        "has no column 'loss' and has 'perplexity': say --column loss=perplexity --metric perplexity (it has run,",
    ),
    "tokens that fall": (
        lambda f: f.assign(step=[10, 20, 30] * 2, tokens=[1e9, 2e9, 0.5e9] * 2),
        "line 4: run 'small' has 5e+08 tokens at step 30 but 2e+09 at step 20: give the tokens since the start",
    ),
    "tokens of a batch": (
        lambda f: pd.concat([f.assign(step=k + f.index, tokens=4194304, loss=3 + 0.1 * f.index) for k in (0, 10)]),
        "run 'small' has 4.1943e+06 tokens at every step: if that is the batch, say --column tokens="
        " --tokens-per-step 4194304",
    ),
    "perplexity, high": (
        lambda f: f.assign(loss=np.exp(f["loss"])),
        "line 2: loss is 54.5982 (4 such rows): this looks like a perplexity, or a score in percent: say --metric",
    ),
    "perplexity, low": (
        lambda f: f.assign(loss=np.exp(f["loss"] * 0.75)),
        "the last loss of a run is 9.66 in the median, too high for nats per token: if they are perplexities, say"
        " --metric perplexity",
    ),
    "accuracy as loss": (
        lambda f: f.assign(loss=1 - f["loss"] / 5),
        "the losses lie between 0 and 1 and rise in training: if they are scores, say --metric accuracy",
    ),
    "accuracy in percent": (
        lambda f: f.assign(loss=100 - f["loss"], metric="accuracy"),
        "line 2: accuracy is 96 (6 such rows): this looks like percent: say --column 'loss=loss*0.01'",
    ),
    "a loss of 0": (
        lambda f: f.assign(loss=[4, 3, 0] * 2),
        "line 4: loss is 0 (2 such rows): loss is above 0 and at most 25 nats/token; leave such rows out, or empty the",
    ),
    "mixed losses": (
        lambda f: pd.concat([f.assign(metric="loss"), f.assign(metric="perplexity", loss=np.exp(f["loss"]))]),
        "mixes loss, perplexity: say which is the loss, such as --metric loss",
    ),
    "mixed splits": (
        lambda f: pd.concat([f.assign(split="train"), f.assign(split="validation")]),
        "mixes loss train, loss validation: give each in a file of its own",
    ),
    "a strange split": (
        lambda f: f.assign(split="dev-2"),
        "line 2: split 'dev-2' is none of train, validation, test (if the column means something else, leave it out:"
        " --column split=)",
    ),
    "an unknown metric": (
        lambda f: f.assign(metric="perplexty"),
        "no metric named 'perplexty'; did you mean 'perplexity'?",
    ),
    "mixed tokenizers": (
        lambda f: f.assign(tokenizer=["gpt2", "llama"] * 3),
        "mixes tokenizers (gpt2, llama), and a loss per token means another thing with each: give one file per",
    ),
    "mixed units": (
        lambda f: f.assign(unit=["nats/token", "bits/byte"] * 3),
        "mixes units (nats/token, bits/byte): give one file per unit, and its --metric",
    ),
    "another unit": (
        lambda f: f.assign(unit="bits/byte"),
        "its unit is 'bits/byte', and that of loss is nats/token: say --metric",
    ),
    "no rows": (
        lambda f: f.head(0),
        "there is a header and no row: give columns run, params, tokens, loss, and one row per checkpoint",
    ),
    "no loss": (lambda f: f.assign(loss=None), "has no loss in any of its 6 rows"),
    "no such column": (
        lambda f: f.rename(columns={"tokens": "consumed_tokens", "params": "n_params"}),
        "has no column 'params': did you mean 'n_params'? Say --column params=n_params, --column params=N for all runs,"
        " or (scalebook ingest) --params RUN=N for each; it has no column 'tokens': did you mean 'consumed_tokens'? Say"
        " --column tokens=consumed_tokens or, if it counts steps, --column step=NAME and --tokens-per-step T"
        " (it has run, n_params, consumed_tokens, loss)",
    ),
    "steps and no tokens": (
        lambda f: f.rename(columns={"tokens": "step"}),
        "has no column 'tokens': say --column tokens=NAME or, if it counts steps, --tokens-per-step T",
    ),
    "not a number": (
        lambda f: f.astype({"loss": object}).assign(loss=lambda g: g["loss"].where(g.index != 3, "nan")),
        "line 5: loss is nan (1 such rows): a run that diverged? Leave such rows out, or empty the value",
    ),
    "infinite": (
        lambda f: f.assign(tokens=np.inf),
        "line 2: tokens is inf (6 such rows); correct such rows, or leave them out",
    ),
    "negative loss": (lambda f: f.assign(loss=-f["loss"]), "line 2: loss is -4 (6 such rows)"),
    "negative size": (lambda f: f.assign(params=-1e8), "line 2: 'params' must be a positive number, and is -1e+08 (6"),
    "negative tokens": (lambda f: f.assign(tokens=-1.0), "line 2: 'tokens' must be a number from 0, and is -1 (6 such"),
    "half a step": (lambda f: f.assign(step=0.5), "line 2: 'step' must be a whole number from 0, and is 0.5 (6 such"),
    "words": (lambda f: f.assign(params="1.3B"), "'params' in line 2 is no number: '1.3B'; write 1.3e9"),
    "a comma": (
        lambda f: f.astype({"loss": object}).assign(loss=lambda g: g["loss"].where(g.index != 3, "3,75")),
        "'loss' in line 5 is no number: '3,75'; write 3.75",
    ),
    "no name": (lambda f: f.assign(run=["", "a", "a", "b", "b", "b"]), "line 2 names no run"),
    "no tokens in a row": (
        lambda f: f.assign(tokens=f["tokens"].where(f.index != 3)),
        "line 5: neither tokens nor a step (1 such rows)",
    ),
    "two losses at one place": (
        lambda f: pd.concat([f, f.iloc[:1].assign(loss=4.5)]),
        "line 8: run 'small' has two values of loss at one place, 4 (",
    ),
    "two seeds in a run": (
        lambda f: f.assign(seed=[0, 0, 1] * 2),
        "run 'small' has seed 0 here and 1 elsewhere: a run is one training of one model",
    ),
    "two sizes in a run": (lambda f: f.assign(run="same"), "run 'same' has params 100000000 here and 1000000000 else"),
    "a column that is there twice": (
        lambda f: pd.concat([f, f[["loss"]]], axis=1),
        "has several columns 'loss', of which one would be 'loss': rename one",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_what_to_do(put: File, mine: pd.DataFrame, refused: Refused, name: str) -> None:
    change, sentence = MISTAKES[name]
    assert sentence in refused(put(change(mine).to_csv(index=False)))


@pytest.mark.parametrize("name", ["few parameters", "tokens in billions", "perplexity, low", "accuracy as loss"])
def test_what_looks_wrong_is_taken_when_it_is_trusted(
    put: File, mine: pd.DataFrame, refused: Refused, name: str
) -> None:
    file = put(MISTAKES[name][0](mine).to_csv(index=False))
    assert "(if it is right as it stands: --trust)" in refused(file)
    assert len(load_runs(file, trusted=True)) == 6


def test_the_remedies_work(put: File, mine: pd.DataFrame) -> None:
    def as_file(name: str) -> Path:
        return put(MISTAKES[name][0](mine).to_csv(index=False), f"{name}.csv")

    assert load_runs(as_file("sizes in billions"), {"params": "params*1e9"})["params"].equals(mine["params"])
    assert load_runs(as_file("tokens in billions"), {"tokens": "tokens*1e9"})["tokens"].equals(mine["tokens"])
    steps = load_runs(as_file("tokens that are steps"), {"tokens": "", "step": "tokens"}, tokens_per_step=1e6)
    assert steps["tokens"].tolist() == [1e9, 2e9, 143e9] * 2
    for name in ("perplexity, high", "perplexity, low"):
        assert load_runs(as_file(name), metric="perplexity").attrs["unit"] == "nats/token"
    assert load_runs(as_file("mixed losses"), metric="loss")["loss"].equals(mine["loss"])
    assert len(load_runs(as_file("another unit"), metric="bits_per_byte")) == 6
    assert len(load_runs(as_file("a strange split"), {"split": ""})) == 6
    with pytest.raises(Misuse, match="holds accuracy and no loss: there is nothing to fit a law to"):
        load_runs(as_file("accuracy in percent"), {"loss": "loss*0.01"})


ROW = b'{"run": "a", "params": 1e8, "tokens": 1e9, "loss": 3.2}\n'
FOREIGN = {
    "empty": (b"", "is empty: give columns run, params, tokens, loss, and one row per checkpoint"),
    "blank": (b" \n\n", "is empty"),
    "header only": (b"run,params,tokens,loss", "there is a header and no row"),
    "rubbish": (bytes(range(256)) * 10, "is neither text nor Parquet (byte 128): is it the right file?"),
    "zeros": (bytes(1000), "is neither text nor Parquet"),
    "latin": (LINES.replace("small", "klein é").encode("latin-1"), "is neither text in UTF-8 nor Parquet"),
    "wide text": (LINES.encode("utf-16"), "is text in UTF-16: save it as UTF-8"),
    "gzip": (gzip.compress(LINES.encode()), "is compressed with gzip: unpack it first"),
    "sheet": (b"PK\x03\x04rest", "is a zip file or an Excel sheet: unpack it, or save it as CSV"),
    "half a Parquet file": (b"PAR1 and no more", "begins as Parquet but cannot be read"),
    "too many values": (LINES.encode() + b"a,1,2,3,4,5\n", "line 8 has 6 values, and the header has 4"),
    "too few values": (LINES.encode() + b"\na\n", "line 9 has 1 values, and the header has 4"),
    "prose": (b"Dear all,\nhere are the runs.\n", "has no column 'run'"),
    "half a JSON": (b'{"log_history": [', "is no valid JSON"),
    "deep JSON": (b"[" * 100_000, "is no valid JSON"),
    "other JSON": (b"[1, 2, 3]", "must be a list of objects, one per checkpoint"),
    "an empty list": (b"[]", "has no rows: write one object with run, params, tokens, loss per checkpoint"),
    "a line that is no JSON": (ROW + ROW + b"oops\n", "line 3 is no valid JSON"),
    "a line that is no object": (ROW + ROW + b"[1]\n", "line 3 is no object but '[1]'"),
    "words in JSON": (
        ROW + ROW.replace(b"1e8", b'"100M"'),
        "'params' in line 2 is no number: '100M'; write 100e6",
    ),
    "a list in JSON": (
        b"[" + ROW + b"," + ROW.replace(b"1e8", b"[1]") + b"]",
        "'params' in [1] is no number: '[1]'",
    ),
    "not a number in JSON": (
        ROW.replace(b"3.2", b"NaN") + ROW.replace(b"3.2", b'"inf"'),
        "line 1: loss is nan (2 such rows)",
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_that_cannot_be_read_is_named_with_why(put: File, refused: Refused, name: str) -> None:
    content, sentence = FOREIGN[name]
    file = put(content)
    said = refused(file)
    assert said.startswith(str(file))
    assert sentence in said


def test_text_in_parquet_is_named_with_its_row(put: File, mine: pd.DataFrame, refused: Refused) -> None:
    text = mine.astype({"params": str})
    text.loc[2, "params"] = "1.3B"
    assert "'params' in row 3 is no number: '1.3B'; write 1.3e9" in refused(put(text.to_parquet(), "mine.parquet"))
    times = mine.assign(loss=pd.Timestamp("2024-01-01"))
    assert "'loss' in row 1 is no number" in refused(put(times.to_parquet(), "mine.parquet"))


def test_the_end_of_a_cut_parquet_file(put: File, mine: pd.DataFrame, refused: Refused) -> None:
    assert "begins as Parquet but cannot be read" in refused(put(mine.to_parquet()[:-20], "mine.parquet"))


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"token": "tokens"}, "--column token=tokens: our columns are run, params, tokens, loss, flops"),
        ({"consumed": "tokens"}, "did you mean tokens=consumed?"),
        ({"tokens": "toknes"}, "has no column 'toknes': did you mean 'tokens'? (it has run, params, tokens, loss)"),
        ({"tokens": "toknes*1e9"}, "has no column 'toknes': did you mean 'tokens'?"),
        ({"loss": "3.0"}, "--column loss=3.0: "),
        ({"run": "7"}, "has no column '7'"),
        ({"run": ""}, "has no column 'run'"),
    ],
)
def test_a_wrong_mapping_is_told(put: File, refused: Refused, columns: dict[str, str], sentence: str) -> None:
    assert sentence in refused(put(), columns)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"params": {"smal": 1e8}}, "no run named 'smal'; did you mean 'small'? (all: big, small)"),
        ({"params": 5e8}, "run 'small' has params 1e+08 in its file, and --params says 5e+08: leave out one"),
        ({"tokens_per_step": 1e6}, "line 2: the file counts tokens itself (1e+09): leave out --tokens-per-step, or"),
        ({"tokens_per_step": -1.0}, "--tokens-per-step must be a positive number, and is -1"),
        ({"metric": "los"}, "no metric named 'los'; did you mean 'loss'?"),
        ({"format": "xlsx"}, "no format named 'xlsx'"),
    ],
)
def test_a_wrong_option_is_told(put: File, refused: Refused, options: dict[str, object], sentence: str) -> None:
    assert sentence in refused(put(), **options)


def test_sizes_that_nobody_says(put: File, mine: pd.DataFrame, refused: Refused) -> None:
    file = put(mine.drop(columns="params").to_csv(index=False))
    assert "does not say the size of 'big': scalebook ingest --runs FILE --params 'big=N'" in refused(
        file, params={"small": 1e8}
    )


def test_a_folder_and_a_file_that_is_not_there(tmp_path: Path, refused: Refused) -> None:
    assert refused(tmp_path) == f"{tmp_path} is a folder: name the files in it, such as {tmp_path}/*.csv"
    assert refused(tmp_path / "x.csv") == f"{tmp_path / 'x.csv'}: there is no such file"


def test_no_file_at_all() -> None:
    with pytest.raises(Misuse, match="no file was named"):
        load_runs([])


def test_a_file_that_may_not_be_read(put: File, monkeypatch: pytest.MonkeyPatch) -> None:
    file = put()
    real = Path.open

    def refuse(path: Path, *arguments: object, **options: object) -> object:
        if path == file:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(Misuse, match=rf"{file} may not be read: Permission denied"):
        load_runs(file)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission(put: File) -> None:
    file = put()
    file.chmod(0)
    with pytest.raises(Misuse, match="may not be read: Permission denied"):
        load_runs(file)


def test_more_rows_than_a_law_needs(put: File, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_format, "MAX_ROWS", 5)
    said = refused(put())
    assert "rows: a law needs thousands of checkpoints, not millions; write every hundredth row to another file" in said
    assert formats.MAX_ROWS == 3_000_000


def test_json_that_must_be_held_whole(put: File, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(givens, "JSON_LIMIT", 10)
    said = refused(put(json.dumps([{"run": "a", "params": 1e8, "tokens": 1e9, "loss": 3}]), "all.json"))
    assert "which must be held whole: write JSON Lines (one row per line), CSV or Parquet" in said
