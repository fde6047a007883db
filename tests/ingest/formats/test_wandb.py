"""Exports of Weights & Biases: charts as they are downloaded, and histories as its API gives them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scalebook.ingest.format import Asked
from scalebook.ingest.own_runs import load_runs, read_runs

File = Callable[..., Path]
Refused = Callable[..., str]

# As downloaded: empty cells where another run logged, a range beside every value, names that hold " - ".
CHART = """\
"Step","big - lr 3e-4 - train/loss","big - lr 3e-4 - train/loss__MIN","big - lr 3e-4 - train/loss__MAX",\
"small - train/loss","small - train/loss__MIN","small - train/loss__MAX"
"0","10.9","10.9","10.9","","",""
"1000","","","","4.0","3.9","4.1"
"2000","3.5","3.4","3.6","3.75","3.7","3.8"
"""
SIZES = {"small": 1e8, "big - lr 3e-4": 1e9}


def asked(**more: Any) -> Asked:
    return Asked(**{"params": 1e8, "tokens_per_step": 1e6, **more})


def test_a_chart_is_curves_side_by_side(put: File) -> None:
    frame = load_runs(put(CHART), tokens_per_step=1e6, params=SIZES)
    assert frame[["run", "params", "step", "tokens", "loss"]].to_numpy().tolist() == [
        ["small", 1e8, 1000, 1e9, 4.0],
        ["small", 1e8, 2000, 2e9, 3.75],
        ["big - lr 3e-4", 1e9, 2000, 2e9, 3.5],
    ]
    assert frame.attrs["notes"] == ("1 losses before training left out",)


def test_a_value_of_a_chart_keeps_line_and_column(put: File) -> None:
    runs = read_runs(put(CHART), asked(params=SIZES))
    assert (str(runs.loss), runs.formats) == ("loss train", ("chart exported from Weights & Biases as CSV",))
    assert [runs.rows.place(n).split()[-2:] for n in (0, 2)] == [["line", "3"], ["line", "2"]]
    assert runs.rows.keys is not None
    assert runs.rows.keys.tolist() == ["small - train/loss"] * 2 + ["big - lr 3e-4 - train/loss"] * 2


def test_an_axis_may_be_tokens(put: File) -> None:
    chart = CHART.replace('"Step"', '"throughput/total_tokens"').replace("000", "000000000")
    frame = load_runs(put(chart), {"tokens": "throughput/total_tokens"}, params=SIZES)
    assert frame["tokens"].tolist() == [1e9, 2e9, 2e9]


def test_another_axis_is_told(put: File, refused: Refused) -> None:
    chart = CHART.replace('"Step"', '"Relative Time (Process)"')
    said = refused(put(chart), params=1e8)
    assert "has no column 'tokens': say --column tokens=NAME or, if it counts steps, --column step=NAME" in said
    assert "(it has Relative Time (Process), run, loss)" in said


def test_what_a_chart_shows_must_be_said_or_named(put: File, refused: Refused) -> None:
    scores = put(CHART.replace("train/loss", "boolq").replace("10.9", "37.9"))
    options = {"params": 1e8, "tokens_per_step": 1e6}
    assert "holds 'boolq', whose name does not say what it is: say --metric loss, perplexity" in refused(
        scores, **options
    )
    assert "line 2: accuracy is 37.9" in refused(scores, metric="accuracy", **options)
    shares = {"loss": "boolq*0.01"}
    assert read_runs(scores, asked(columns=shares, metric="accuracy")).rows["value"].max() == 0.379
    named = put(CHART.replace("train/loss", "eval/pile-validation/Perplexity"))
    assert load_runs(named, trusted=True, **options).attrs["unit"] == "nats/token"  # type: ignore[arg-type]
    assert str(read_runs(named, asked()).loss) == "perplexity validation"


def test_one_of_several_losses_is_chosen(put: File, refused: Refused) -> None:
    two = put(CHART.replace("small - train/loss", "big - lr 3e-4 - eval/loss"))
    options = {"params": 1e8, "tokens_per_step": 1e6}
    assert "holds several losses (train/loss, eval/loss): say which is meant with --column loss=NAME" in refused(
        two, **options
    )
    frame = load_runs(two, {"loss": "eval/loss"}, **options)  # type: ignore[arg-type]
    assert frame["loss"].tolist() == [4.0, 3.75]
    assert "has no column 'eval/los': did you mean 'eval/loss'?" in refused(two, {"loss": "eval/los"}, **options)


def test_two_curves_of_one_name_are_refused(put: File, refused: Refused) -> None:
    twice = put(CHART.replace("big - lr 3e-4", "small"))
    assert "has two curves called 'small - train/loss': rename one of the runs" in refused(twice)


def test_charts_published_by_others(raw_sources: Path) -> None:
    k2 = next((raw_sources / "colpret/raw_data/lm360/K2").glob("wandb_export_2024-06-21T09_05_44*.csv"))
    runs = read_runs(k2, asked(columns={"loss": "openbookqa5@5*0.01"}, metric="accuracy"))
    assert set(runs.rows.runs) == {"k2 eval", "k2 ministage eval", "k2 eval spike 1", "k2 eval spike 2"}
    # line 2: "3","","","","","","","","","","27.8","27.8","27.8"
    first = int((runs.rows["line"] == 2).argmax())
    assert (runs.rows["value"][first], runs.rows["step"][first]) == (0.278, 3)


HISTORY = pd.DataFrame(
    {
        "_step": [1000, 1500, 2000],
        "_runtime": [60.5, 90.0, 120.0],
        "train/loss": [4.0, None, 3.5],
        "train/lr": 3e-4,
        "eval/accuracy": [None, 0.25, None],
    }
)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_history_is_one_run_called_like_its_file(put: File, form: str) -> None:
    content = {
        "csv": HISTORY.to_csv(),  # with the index, as people write it
        "jsonl": HISTORY.to_json(orient="records", lines=True),
        "parquet": HISTORY.to_parquet(),
    }[form]
    frame = load_runs(put(content, f"llama-1b.{form}"), params=1e9, tokens_per_step=1e6)
    assert frame[["run", "params", "step", "loss"]].to_numpy().tolist() == [
        ["llama-1b", 1e9, 1000, 4.0],
        ["llama-1b", 1e9, 2000, 3.5],
    ]
    assert frame.attrs["notes"] == (f"1 rows of llama-1b.{form} without a loss left out",)


def document(*names: str) -> list[dict[str, object]]:
    rows = json.loads(HISTORY.to_json(orient="records"))
    return [
        {"name": n, "config": {"params": 1e8 * k, "n": {"ctx": 9}, "seed": k}, "history": rows}
        for k, n in enumerate(names, 1)
    ]


def test_histories_with_their_configuration(put: File) -> None:
    frame = load_runs(put(json.dumps(document("a", "b")), "sweep.json"), tokens_per_step=1e6)
    assert frame[["run", "params", "seed", "loss"]].to_numpy().tolist() == [
        ["a", 1e8, 1, 4.0],
        ["a", 1e8, 1, 3.5],
        ["b", 2e8, 2, 4.0],
        ["b", 2e8, 2, 3.5],
    ]
    one = load_runs(put(json.dumps(document("a")[0]), "one.json"), {"params": "config.n.ctx*1e6"}, tokens_per_step=1e6)
    assert set(one["params"]) == {9e6}


def test_a_history_that_does_not_say_what_is_needed(put: File, refused: Refused) -> None:
    assert "has no column 'params'" in refused(put(HISTORY.to_csv()), tokens_per_step=1e6)
    assert "has no column 'tokens'" in refused(put(HISTORY.to_csv()), params=1e9)
    several = HISTORY.assign(**{"eval/loss": 3.0})
    assert "holds several losses (train/loss, eval/loss)" in refused(put(several.to_csv()))
    none = HISTORY.drop(columns="train/loss")
    assert "holds no loss of that name" in refused(put(none.to_csv()))
    assert "'history' must be a list of objects" in refused(put(json.dumps({"history": [1]})))
    assert "run [0] has no 'name'" in refused(put(json.dumps([{"history": [{"_step": 1}]}] * 2)))
