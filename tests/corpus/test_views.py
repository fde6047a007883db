from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import Misuse
from scalebook.corpus.metric_names import METRICS
from scalebook.corpus.tables import TABLES

RUN = {"architecture": "decoder", "source": "test"}


def corpus_of(folder: Path, **tables: list[dict[str, object]]) -> Corpus:
    for name, rows in tables.items():
        (folder / name).mkdir(parents=True)
        pq.write_table(TABLES[name].conform(name, pd.DataFrame(rows)), folder / name / "test.parquet")
    return Corpus(folder)


def value(run: str, metric: str, number: float, **place: object) -> dict[str, object]:
    rest = {
        "tokens": 1e9,
        "split": "test",
        "task": "t",
        "how": "as_published",
        "source": "test",
        "file": "f",
        "line": 1,
    }
    return {"run": run, "metric": metric, "value": number, "unit": METRICS[metric].unit, "repeat": 0} | rest | place


@pytest.mark.parametrize(
    ("metric", "published", "loss", "unit"),
    [
        ("loss", 2.5, 2.5, "nats/token"),
        ("perplexity", math.exp(2.5), 2.5, "nats/token"),
        ("word_perplexity", math.exp(3.0), 3.0, "nats/word"),
        ("target_perplexity", math.exp(3.0), 3.0, "nats/target"),
        ("bits_per_byte", 1.0, math.log(2), "nats/byte"),
    ],
)
def test_losses_are_natural_logarithms_that_keep_their_unit(
    tmp_path: Path, metric: str, published: float, loss: float, unit: str
) -> None:
    family = {"family": "f", "source": "test", "metric": metric, "task": "t", "split": "test", "independent_runs": 1}
    corpus = corpus_of(
        tmp_path,
        families=[family],
        runs=[{"run": "f/a", "family": "f", "params": 1e6, "params_basis": "nominal", **RUN}],
        checkpoints=[{"run": "f/a", "tokens": 1e9, "tokens_basis": "reported"}],
        metrics=[
            value("f/a", metric, published),
            value("f/a", metric, 9.0, task="another set"),
            value("f/a", metric, 9.0, shots=5),
        ],
    )
    found = corpus.rows("select loss, unit, flops, flops_basis, readings from losses")
    assert found == [(pytest.approx(loss), unit, 6e15, "6nd", 1)]


def test_several_readings_of_one_place_are_averaged_and_counted(tmp_path: Path) -> None:
    family = {"family": "f", "source": "test", "metric": "loss", "task": "t", "split": "test", "independent_runs": 1}
    corpus = corpus_of(
        tmp_path,
        families=[family],
        runs=[{"run": "f/a", "family": "f", "params": 1e6, "params_basis": "nominal", **RUN}],
        checkpoints=[
            {"run": "f/a", "tokens": 1e9, "tokens_basis": "reported", "flops": 5.0, "flops_basis": "reported"}
        ],
        metrics=[value("f/a", "loss", 2.0), value("f/a", "loss", 3.0, repeat=1)],
    )
    assert corpus.rows("select loss, readings, flops, flops_basis from losses") == [(2.5, 2, 5.0, "reported")]


def test_counted_flops_of_a_shape_worked_out_by_hand(tmp_path: Path) -> None:
    shape = {"layers": 2, "width": 10, "vocabulary": 100, "context": 50, "params_non_embedding": 2400.0}
    run = {
        "run": "f/a",
        "family": "f",
        "params": 3400.0,
        "params_total": 3400.0,
        "params_basis": "total",
        **RUN,
        **shape,
    }
    corpus = corpus_of(
        tmp_path,
        families=[{"family": "f", "source": "test", "independent_runs": 1}],
        runs=[run],
        checkpoints=[{"run": "f/a", "tokens": 1000.0, "tokens_basis": "reported"}],
    )
    # forward, per token: 2 x 2400 + 2 x 100 x 10 + 4 x 2 x 10 x 50 = 10,800; three times that with backward
    assert corpus.rows("select flops_counted, flops_6nd from flops_counted") == [(32.4e6, 20.4e6)]


def test_runs_are_compared_on_the_same_evaluation_only(tmp_path: Path) -> None:
    runs: list[dict[str, object]] = [
        {"run": f"f/{n}", "family": "f", "vocabulary": v, **RUN} for n, v in (("a", 50257), ("b", 32000), ("c", None))
    ]
    corpus = corpus_of(
        tmp_path,
        families=[{"family": "f", "source": "test", "independent_runs": 3}],
        runs=runs,
        checkpoints=[{"run": r["run"], "tokens": t, "tokens_basis": "reported"} for r in runs for t in (1e9, 2e9)],
        metrics=[
            value("f/a", "loss", 4.0),
            value("f/a", "loss", 2.0, tokens=2e9),
            value("f/b", "loss", 3.0),
            value("f/b", "loss", 9.0, task="another set"),
            value("f/c", "accuracy", 0.5),
        ],
    )
    pair = corpus.rows(
        "select task, first_value, second_value, relative_difference, caution from compare_runs('f/a', 'f/b')"
    )
    assert pair == [("t", 2.0, 3.0, 0.5, "per token, with vocabularies of 50257 and 32000")]
    with pytest.raises(
        Misuse, match=r"f/a and f/c share no metric on the same evaluation set.*loss on t.*accuracy on t"
    ):
        corpus.rows("select first_value from compare_runs('f/a', 'f/c')")
    with pytest.raises(Misuse, match="no run named f/x"):
        corpus.rows("from compare_runs('f/a', 'f/x')")


def test_the_summary_counts_what_pandas_counts() -> None:
    with open_corpus() as corpus:
        told = corpus.frame("from corpus_summary").iloc[0]
        runs = corpus.frame("select run, family, parent_run, replicate_group from runs")
        splits = corpus.frame("select split from metrics")["split"]
    trunks = runs[runs["parent_run"].isna()]
    recipes = trunks["replicate_group"].where(trunks["replicate_group"].notna(), trunks["run"])
    assert told["independent_runs"] == (trunks["family"] + recipes.astype(str)).nunique()
    assert told["training_values"] == (splits == "train").sum()
    assert told["training_values"] + told["evaluation_values"] == len(splits)


def test_the_dictionary_can_be_asked() -> None:
    with open_corpus() as corpus:
        assert len(corpus.rows("from metric_dictionary")) == len(METRICS)
        assert corpus.rows("select unit, kind from metric_dictionary where metric = 'bits_per_byte'") == [
            ("bits/byte", "compression")
        ]
        lost = corpus.rows(
            "select distinct metric from metrics where metric not in (select metric from metric_dictionary)"
        )
        assert lost == []
        assert corpus.rows("select chance from task_chance where task = 'piqa'") == [(0.5,)]


def test_literature_can_be_asked() -> None:
    with open_corpus() as corpus:
        exponents = corpus.rows(
            "select value from published_laws where law_id = 'hoffmann2022-tex' and coefficient = 'alpha'"
        )
        assert exponents == [(0.33917084,)]
        printed = corpus.rows("select count(*) from published_errors where \"precision\" = 'printed' and not saturated")
        assert printed[0][0] > 100
        assert corpus.rows("select peak_flops from hardware where device = 'H100-80GB' and \"precision\" = 'bf16'") == [
            (9.89e14,)
        ]


def test_the_counts_in_the_readme_are_those_of_the_corpus() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    printed = readme.split('$ scalebook sql "from corpus_summary" --format csv\n')[1].split("\n```")[0].splitlines()
    with open_corpus() as corpus:
        cursor = corpus.query("from corpus_summary")
        names = [name for name, *_ in cursor.description or ()]
        told = dict(zip(names, cursor.fetchall()[0], strict=True))
    assert printed == [",".join(names), ",".join(str(v) for v in told.values())]
    families, groups = told["scaled_families_with_loss"], told["independent_groups_with_loss"]
    assert f"{families} families have a loss at three sizes or more, but they come from {groups} groups" in readme
