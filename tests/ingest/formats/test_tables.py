"""CSV, TSV, Parquet and JSON with a row per checkpoint."""

from __future__ import annotations

import io
import json
import string
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scalebook.ingest.own_runs import load_runs

from .conftest import LINES

File = Callable[..., Path]


def written(frame: pd.DataFrame, form: str) -> bytes:
    """A frame in one of the forms in which people have tables."""
    if form == "parquet":
        return frame.to_parquet()
    if form == "json":
        return json.dumps(frame.to_dict("records")).encode()
    if form == "jsonl":
        return frame.to_json(orient="records", lines=True, double_precision=15).encode()
    return frame.to_csv(index=False, sep={"csv": ",", "tsv": "\t", "txt": ";"}[form]).encode()


FORMS = ("csv", "tsv", "txt", "parquet", "json", "jsonl")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(put: File, mine: pd.DataFrame, form: str) -> None:
    frame = load_runs(put(written(mine, form), f"mine.{form}"))
    assert frame[["run", "params", "tokens", "loss"]].equals(mine)
    assert frame["flops"].tolist() == (6 * mine["params"] * mine["tokens"]).tolist()
    assert set(frame["flops_basis"]) == {"6nd"}
    assert frame.attrs == {"unit": "nats/token", "notes": ()}


@pytest.mark.parametrize("form", FORMS)
def test_the_content_counts_and_not_the_ending(put: File, mine: pd.DataFrame, form: str) -> None:
    assert len(load_runs(put(written(mine, form), "mine.data"))) == 6


@pytest.mark.parametrize("form", FORMS)
def test_optional_columns_are_kept(put: File, mine: pd.DataFrame, form: str) -> None:
    more = mine.assign(flops=mine["tokens"] * 1e9, seed=7, unique_tokens=5e8, lr=3e-4, step=mine["tokens"] / 1e6)
    frame = load_runs(put(written(more, form), f"mine.{form}"))
    for column in ("flops", "seed", "unique_tokens", "step"):
        assert frame[column].tolist() == more[column].tolist()
    assert frame["learning_rate"].tolist() == more["lr"].tolist()
    assert set(frame["flops_basis"]) == {"reported"}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_said_of_runs_is_kept_by_the_names_of_the_corpus(put: File, mine: pd.DataFrame, form: str) -> None:
    said = mine.assign(
        learning_rate=3e-5, peak_learning_rate=3e-4, schedule="Cosine", params_basis=["non_embedding", "", ""] * 2
    ).assign(flops=1e18 * mine["tokens"], flops_basis="counted")
    frame = load_runs(put(written(said, form), f"mine.{form}"))
    assert frame["learning_rate"].tolist() == [3e-5] * 6
    assert frame["peak_learning_rate"].tolist() == [3e-4] * 6
    assert set(frame["schedule"]) == {"cosine"}
    assert set(frame["params_basis"]) == {"non-embedding"}
    assert set(frame["flops_basis"]) == {"counted"}


def test_one_learning_rate_is_taken_where_a_file_has_two(put: File, mine: pd.DataFrame) -> None:
    two = put(written(mine.assign(lr=1.0, learning_rate=0.5), "csv"))
    assert set(load_runs(two)["learning_rate"]) == {0.5}
    assert set(load_runs(two, {"lr": "lr"})["learning_rate"]) == {1.0}
    assert set(load_runs(two, {"learning_rate": "lr"})["learning_rate"]) == {1.0}


def test_flops_that_only_some_rows_state_are_told_apart(put: File, mine: pd.DataFrame) -> None:
    frame = load_runs(put(written(mine.assign(flops=[1e18, np.nan, np.nan] * 2), "csv")))
    assert frame["flops"].tolist()[:2] == [1e18, 6 * 1e8 * 2e9]
    assert frame["flops_basis"].tolist()[:2] == ["reported", "6nd"]


def test_names_are_mapped_scaled_said_and_left_out(put: File, mine: pd.DataFrame) -> None:
    theirs = mine.assign(tokens=7.0, **{"tokens seen (B)": mine["tokens"] / 1e9}).rename(columns={"loss": "val/loss"})
    mapping = {"tokens": "tokens seen (B)*1e9", "loss": "val/loss"}
    assert load_runs(put(written(theirs, "csv")), mapping)[["run", "params", "tokens", "loss"]].equals(mine)
    one = mine[mine["run"] == "big"].drop(columns="params").assign(split="fold 3")
    assert load_runs(put(written(one, "csv")), {"params": "1e9", "split": ""})["params"].tolist() == [1e9] * 3


def test_swapped_names_can_be_mapped(put: File, mine: pd.DataFrame) -> None:
    swapped = mine.rename(columns={"params": "tokens", "tokens": "params"})
    frame = load_runs(put(written(swapped, "csv")), {"params": "tokens", "tokens": "params"})
    assert frame[["run", "params", "tokens", "loss"]].equals(mine)


def test_steps_times_tokens_per_step(put: File, mine: pd.DataFrame) -> None:
    steps = mine.assign(step=mine["tokens"] / 5e5).drop(columns="tokens")
    frame = load_runs(put(written(steps, "csv")), tokens_per_step=5e5)
    assert frame["tokens"].tolist() == mine["tokens"].tolist()
    assert load_runs(put(written(steps, "csv")), {"tokens": "step*5e5"})["tokens"].equals(frame["tokens"])


def test_sizes_may_be_said_for_each_run(put: File, mine: pd.DataFrame) -> None:
    file = put(written(mine.drop(columns="params"), "csv"))
    assert load_runs(file, params={"small": 1e8, "big": 1e9})["params"].tolist() == mine["params"].tolist()
    assert set(load_runs(file, params=3e8)["params"]) == {3e8}


def test_what_is_one_for_a_run_need_not_be_repeated(put: File) -> None:
    text = "run,params,tokens,loss,seed\na,,1e9,3,\na,1e8,2e9,2.9,5\n"
    frame = load_runs(put(text))
    assert frame[["params", "seed"]].to_numpy().tolist() == [[1e8, 5.0]] * 2


@pytest.mark.parametrize(
    ("metric", "unit", "factor"), [("perplexity", "nats/token", None), ("bits_per_byte", "nats/byte", np.log(2))]
)
def test_other_metrics_become_natural_logarithms(
    put: File, mine: pd.DataFrame, metric: str, unit: str, factor: float | None
) -> None:
    told = np.exp(mine["loss"]) if factor is None else mine["loss"] / factor
    by_option = load_runs(put(written(mine.assign(loss=told), "csv")), metric=metric)
    by_column = load_runs(put(written(mine.assign(loss=told, metric=metric), "csv")))
    np.testing.assert_allclose(by_option["loss"], mine["loss"], rtol=1e-14)
    assert by_option.equals(by_column)
    assert by_option.attrs["unit"] == unit


def test_scores_beside_a_loss_are_no_loss(put: File, mine: pd.DataFrame) -> None:
    both = pd.concat([mine.assign(metric="loss"), mine.assign(metric="accuracy", loss=0.5)])
    assert load_runs(put(written(both, "csv")))["loss"].tolist() == mine["loss"].tolist()


def test_one_run_is_enough(put: File) -> None:
    assert load_runs(put("run,params,tokens,loss\nonly,1e8,1e9,3.2\n")).shape[0] == 1


def test_unsorted_and_repeated_rows(put: File, mine: pd.DataFrame) -> None:
    shuffled = pd.concat([mine, mine.iloc[:2]]).sample(frac=1, random_state=3)
    frame = load_runs(put(written(shuffled, "csv")))
    assert frame[["run", "params", "tokens", "loss"]].equals(mine)
    assert frame.attrs["notes"] == ("2 repeated rows left out",)


def test_rows_without_a_loss_and_losses_before_training_are_left_out_and_told(put: File) -> None:
    frame = load_runs(put(LINES + "big,1e9,5e9,\nbig,1e9,0,10.9\n"))
    assert len(frame) == 6
    assert frame.attrs["notes"] == ("1 rows of mine.csv without a loss left out", "1 losses before training left out")


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + LINES,
        LINES.replace("\n", "\r\n"),
        LINES.replace("\n", "\r"),
        LINES.rstrip("\n"),
        LINES.replace("\n", "\n\n"),
        LINES.replace(",", " , "),
        LINES.replace("run,params,tokens,loss", "Run, PARAMS ,Tokens,LOSS"),
        LINES.replace("small", '"small"').replace("4.0", '"4.0"'),
    ],
    ids=["mark", "windows", "old mac", "no last line break", "blank lines", "spaces", "capitals", "quotes"],
)
def test_text_as_people_have_it(put: File, mine: pd.DataFrame, text: str) -> None:
    assert load_runs(put(text))[["run", "params", "tokens", "loss"]].equals(mine)


@pytest.mark.parametrize(
    ("before", "line"), [("", 3), ("\n\n", 5), ('"a\nb",1e8,5e8,4.2\n', 5)], ids=["plain", "blank", "quoted line break"]
)
def test_the_line_that_is_named_is_the_line(put: File, refused: Callable[..., str], before: str, line: int) -> None:
    text = f"run,params,tokens,loss\n{before}a,1e8,1e9,3.0\na,1e8,2e9,-1\n"
    assert refused(put(text)).startswith(f"{put(text)} line {line}: loss is -1 ")


def test_parquet_of_any_types(put: File, mine: pd.DataFrame) -> None:
    table = pa.table(
        {
            "run": pa.array([1, 1, 1, 2, 2, 2]),
            "params": pa.array([100_000_000] * 3 + [1_000_000_000] * 3, pa.uint64()),
            "tokens": pa.array(mine["tokens"].astype(int).astype(str)),
            "loss": pa.array(mine["loss"], pa.float32()),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    frame = load_runs(put(buffer.getvalue(), "mine.parquet"))
    assert frame["run"].tolist() == ["1"] * 3 + ["2"] * 3
    assert frame[["params", "tokens", "loss"]].equals(mine[["params", "tokens", "loss"]])


def test_json_in_json_and_fields_that_come_late(put: File) -> None:
    rows = [{"run": "a", "config": {"params": 1e8}, "tokens": n * 1e6} for n in range(1, 40_000)]
    text = "\n".join(map(json.dumps, [*rows, {**rows[-1], "tokens": 9e11, "eval": {"loss": 2.5}}]))
    assert len(text) > 1 << 20
    frame = load_runs(put(text, "log.jsonl"), {"params": "config.params", "loss": "eval.loss"})
    assert frame[["run", "tokens", "loss"]].to_numpy().tolist() == [["a", 9e11, 2.5]]


def test_numbers_as_text_in_json_are_numbers(put: File) -> None:
    first = '{"run": "a", "params": "1e8", "tokens": "1e9", "loss": "3.0"}'
    text = first + '\n\n{"run": "a", "tokens": 2000000000, "loss": 2}'
    assert load_runs(put(text, "log.jsonl"))["loss"].tolist() == [3.0, 2.0]


names = st.text(string.ascii_letters + string.digits + " -_./:;,'\"é漢", min_size=1, max_size=12).filter(
    lambda s: s == s.strip() and s.lower() not in ("null", "none", "na", "n/a")
)
runs = st.dictionaries(
    names,
    st.tuples(
        st.floats(1e5, 1e13),
        st.dictionaries(st.floats(1e8, 1e14), st.floats(0.01, 7.5), min_size=1, max_size=6),
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs, st.sampled_from(FORMS), st.randoms(use_true_random=False))
def test_what_is_written_is_loaded(tmp_path: Path, told: dict, form: str, random: object) -> None:  # type: ignore[type-arg]
    rows = [(run, params, t, loss) for run, (params, points) in told.items() for t, loss in points.items()]
    rows.sort(key=lambda row: (row[1], row[0], row[2]))
    expected = pd.DataFrame(rows, columns=["run", "params", "tokens", "loss"])
    file = tmp_path / f"file.{form}"
    frame = expected.sample(frac=1, random_state=random.randrange(2**31))  # type: ignore[attr-defined]
    file.write_bytes(
        b"\n".join(json.dumps(r).encode() for r in frame.to_dict("records"))
        if form == "jsonl"
        else written(frame, form)
    )
    loaded = load_runs(file, trusted=True)
    assert loaded["run"].tolist() == expected["run"].tolist()
    assert loaded[["params", "tokens", "loss"]].equals(expected[["params", "tokens", "loss"]])
