"""Own runs beside the corpus: written whole, joined in SQL, and never part of the corpus."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scalebook.analysis.points import families_with_points, points_of_families
from scalebook.api import fit
from scalebook.corpus.database import TABLE_NAMES, open_corpus
from scalebook.corpus.errors import BrokenTable, Misuse
from scalebook.corpus.own_runs import own_families
from scalebook.ingest import own_build
from scalebook.ingest.format import Asked
from scalebook.ingest.own_build import ingest_runs
from scalebook.ingest.own_runs import load_runs
from scalebook.ingest.plausible import FEW_TOKENS, FEW_TOKENS_PER_PARAM

from .conftest import LINES
from .test_lm_eval import results
from .test_trainer_state import state

File = Callable[..., Path]


def contents(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*.*")
        if p.is_file()
    }


def losses(family: str) -> pd.DataFrame:
    with open_corpus() as corpus:
        return corpus.frame("from losses where family = ? order by params, run, tokens", [family])


def test_they_join_every_table_and_view(put: File, own: Path, mine: pd.DataFrame) -> None:
    done = ingest_runs([put(LINES, "My Runs_2.csv")])
    assert (done.family, done.source, done.state, done.loss, done.notes) == (
        "my-runs-2",
        "mine/my-runs-2",
        "written",
        "loss",
        (),
    )
    assert done.rows == {"sources": 1, "families": 1, "runs": 2, "checkpoints": 6, "metrics": 6}
    frame = losses("my-runs-2")
    assert frame["run"].tolist() == ("my-runs-2/" + mine["run"]).tolist()
    assert frame[["params", "tokens", "loss"]].equals(mine[["params", "tokens", "loss"]])
    assert set(frame["unit"]) == {"nats/token"}
    with open_corpus() as corpus:
        for name in TABLE_NAMES:
            assert [c for c, _ in corpus.columns(name)] == [c for c, _ in open_corpus(own_runs=False).columns(name)]
        found = corpus.rows(
            "select source, runs, independent_runs, sizes, losses from families_summary where family = ?", ["my-runs-2"]
        )
        assert found == [("mine/my-runs-2", 2, 2, 2, 6)]
        assert corpus.rows("select count(*) from final_losses where family = 'my-runs-2'") == [(2,)]
        assert corpus.rows("select count(*) from losses where family = 'one'") == [(60,)]


def test_every_value_says_file_line_and_hash(put: File, own: Path) -> None:
    file = put()
    ingest_runs([file])
    with open_corpus() as corpus:
        line, name = corpus.rows("select line, file from metrics where run = 'mine/big' and value = 3.75")[0]
        folder, note = corpus.rows("select repository, note from sources where source = 'mine/mine'")[0]
    assert (Path(folder) / name).read_text().splitlines()[line - 1] == "big,1e9,1e9,3.75"
    assert note == f"mine.csv has sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}"


def test_a_value_can_be_traced_to_its_line(put: File, own: Path) -> None:
    from scalebook.ingest.trace import trace

    file = put()
    ingest_runs([file])
    with open_corpus() as corpus:
        ((metric_id,),) = corpus.rows("select metric_id from metric_ids where run = 'mine/big' and value = 3.75")
        found = trace(corpus, metric_id)
        assert found.raw is not None
        assert (found.raw.text, found.raw.where, found.raw.relation) == ("big,1e9,1e9,3.75", "loss", "equal")
        assert found.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
        file.write_text(LINES + "\n")
        assert trace(corpus, metric_id).no_raw == f"{file} has changed since it was ingested"
        file.unlink()
        assert trace(corpus, metric_id).no_raw == f"{file} is not there any more"


def test_neither_the_corpus_nor_the_file_is_touched(put: File, own: Path, small_folder: Path) -> None:
    file, before = put(), contents(small_folder)
    ingest_runs([file])
    assert file.read_text() == LINES
    assert contents(small_folder) == before
    assert [p.name for p in own.iterdir() if p.suffix == ".json"] == ["mine.json"]


def test_optional_columns_reach_the_tables(put: File, own: Path, mine: pd.DataFrame) -> None:
    more = mine.assign(
        step=mine["tokens"] / 1e6, flops=1e18 * mine["tokens"], seed=[0] * 3 + [1] * 3, unique_tokens=5e9, lr=3e-4
    )
    ingest_runs([put(more.assign(split="validation").to_csv(index=False))])
    with open_corpus() as corpus:
        assert corpus.rows(
            "select seed, unique_tokens, params_basis, recipe from runs where family = 'mine' order by run"
        ) == [
            (1, 5e9, "nominal", "big"),
            (0, 5e9, "nominal", "small"),
        ]
        assert corpus.rows(
            "select step, flops, flops_basis, learning_rate, tokens_basis from checkpoints where run = 'mine/big'"
            " order by step limit 1"
        ) == [(1000, 1e27, "reported", 3e-4, "reported")]
    assert set(losses("mine")["split"]) == {"validation"}


def test_what_is_said_of_runs_reaches_the_tables(put: File, own: Path, mine: pd.DataFrame) -> None:
    said = mine.assign(peak_learning_rate=3e-4, schedule="cosine", params_basis="total", flops=1e18, flops_basis="6nd")
    ingest_runs([put(said.to_csv(index=False))])
    with open_corpus() as corpus:
        assert corpus.rows(
            "select distinct peak_learning_rate, schedule, params_basis, flops_basis from runs join checkpoints"
            " using (run) where family = 'mine'"
        ) == [(3e-4, "cosine", "total", "6nd")]


def test_a_run_of_two_words_is_no_run_of_the_tables(put: File, own: Path, mine: pd.DataFrame) -> None:
    two = put(mine.assign(params_basis=["total", "total", "active"] * 2).to_csv(index=False))
    with pytest.raises(Misuse, match="has params_basis 'total' here and 'active' elsewhere: say one for each run"):
        ingest_runs([two])


def test_every_family_of_the_corpus_has_tokens_enough_by_far() -> None:
    """What tells steps from tokens refuses no family that is published: the least has 22 times what is asked."""
    with open_corpus() as corpus:
        families = points_of_families(corpus, families_with_points(corpus, sizes=1, scaled_only=False))
    assert len(families) >= 130
    assert min(p["tokens"].max() for p in families) > 9 * FEW_TOKENS
    assert min((p["tokens"] / p["params"]).max() for p in families) > 22 * FEW_TOKENS_PER_PARAM


def test_tokens_from_steps_say_so(put: File, own: Path, mine: pd.DataFrame) -> None:
    file = put(mine.assign(step=mine["tokens"] / 5e5).drop(columns="tokens").to_csv(index=False))
    ingest_runs([file], Asked(tokens_per_step=5e5))
    with open_corpus() as corpus:
        assert corpus.rows(
            "select distinct tokens_basis, batch_tokens from checkpoints join runs using (run) where family = 'mine'"
        ) == [("step_x_batch", 5e5)]


def test_loading_and_the_view_say_the_same(put: File, own: Path, mine: pd.DataFrame) -> None:
    for metric, told in {
        "perplexity": np.exp(mine["loss"]),
        "bits_per_byte": mine["loss"],
        "loss": mine["loss"],
    }.items():
        file = put(mine.assign(loss=told).to_csv(index=False), f"as-{metric.replace('_', '-')}.csv")
        done = ingest_runs([file], Asked(metric=metric))
        view, loaded = losses(done.family), load_runs(file, metric=metric)
        np.testing.assert_allclose(view["loss"], loaded["loss"], rtol=1e-15)
        assert set(view["unit"]) == {loaded.attrs["unit"]}
        assert view["flops"].tolist() == loaded["flops"].tolist()


def test_scores_and_losses_of_a_run_come_together(put: File, own: Path) -> None:
    files = [
        put(state(), "tiny/trainer_state.json"),
        put(results(model="pretrained=out/tiny/checkpoint-2000"), "tiny/results.json"),
    ]
    done = ingest_runs(files, Asked(params=1.6e8), family="sweep")
    assert (done.loss, done.rows["runs"], done.rows["metrics"]) == ("loss validation", 1, 10)
    assert losses("sweep")["loss"].tolist() == [3.75]
    with open_corpus() as corpus:
        assert corpus.rows(
            "select metric, value, shots, file, key from metrics where source = 'mine/sweep' and task = 'piqa'"
            " order by metric"
        ) == [
            ("accuracy", 0.62, 5, "results.json", "results.piqa.acc,none"),
            ("accuracy_norm", 0.63, 5, "results.json", "results.piqa.acc_norm,none"),
        ]


def test_laws_are_fitted_to_them_by_name(put: File, own: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [
        (f"r{n:.0e}", n, d, 1.7 + 400 / n**0.34 + 400 / d**0.28)
        for n in np.geomspace(1e7, 1e9, 5)
        for d in rng.uniform(1e9, 1e11, 9)
    ]
    file = put(pd.DataFrame(rows, columns=["run", "params", "tokens", "loss"]).to_csv(index=False), "my-sweep.csv")
    ingest_runs([file])
    fitted = fit("my-sweep", "chinchilla").fit
    assert fitted.status == "converged"
    assert fitted.coefficients["alpha"].value == pytest.approx(0.34, rel=1e-3)
    assert fit(load_runs(file), "chinchilla").fit.coefficients["alpha"].value == pytest.approx(0.34, rel=1e-3)


def test_the_meta_analysis_does_not_see_them_unless_asked(
    put: File, own: Path, mine: pd.DataFrame, small_folder: Path
) -> None:
    from scalebook.analysis.points import families_with_points, family_points

    more = pd.concat([mine, mine.assign(run="huge", params=1e10, loss=mine["loss"] / 2).iloc[:3]])
    with open_corpus() as corpus:
        before, counted = families_with_points(corpus), corpus.rows("from corpus_summary")
    ingest_runs([put(more.to_csv(index=False))])
    with open_corpus() as corpus:
        assert families_with_points(corpus) == before
        assert corpus.rows("from corpus_summary") == counted
        assert len(family_points(corpus, "mine")) == 9
    with open_corpus(own_runs=False) as corpus:
        assert corpus.rows("select count(*) from families where family = 'mine'") == [(0,)]
    with open_corpus(small_folder) as corpus:  # a folder that is named is what is opened
        assert corpus.own == ()
    with open_corpus(small_folder, own_runs=True) as corpus:
        assert [family.name for family in corpus.own] == ["mine"]


def test_the_same_again_changes_nothing(put: File, own: Path) -> None:
    file = put()
    ingest_runs([file])
    times = {p: p.stat().st_mtime_ns for p in own.rglob("*")}
    assert ingest_runs([file]).state == "unchanged"
    assert {p: p.stat().st_mtime_ns for p in own.rglob("*")} == times


def test_a_family_is_replaced_as_a_whole(put: File, own: Path, mine: pd.DataFrame) -> None:
    ingest_runs([put()])
    done = ingest_runs([put(mine.assign(loss=mine["loss"] / 2).iloc[:4].to_csv(index=False))])
    assert done.state == "written"
    assert losses("mine")["loss"].tolist() == (mine["loss"] / 2).tolist()[:4]


def test_checking_writes_nothing(put: File, own: Path) -> None:
    assert ingest_runs([put()], check=True).state == "checked"
    assert not own.exists()


@pytest.mark.parametrize("step", ["write_atomically", "_remove_old"])
def test_an_interrupted_write_leaves_the_old_family_whole(
    put: File, own: Path, mine: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    ingest_runs([put()])
    real, calls = getattr(own_build, step), []

    def interrupted(*arguments: object) -> None:
        calls.append(arguments)
        if step == "_remove_old" or len(calls) == 6:  # five tables, and then the entry
            raise KeyboardInterrupt
        real(*arguments)

    file = put(mine.assign(loss=1.5).to_csv(index=False))
    with monkeypatch.context() as patch:
        patch.setattr(own_build, step, interrupted)
        with pytest.raises(KeyboardInterrupt):
            ingest_runs([file])
    assert set(losses("mine")["loss"]) == ({1.5} if step == "_remove_old" else set(mine["loss"]))
    ingest_runs([file])
    assert set(losses("mine")["loss"]) == {1.5}


def test_what_is_old_is_removed(put: File, own: Path, mine: pd.DataFrame) -> None:
    ingest_runs([put()])
    ingest_runs([put(LINES, "mine.second.csv")])
    first = next(own.glob("mine@*"))
    ingest_runs([put(mine.assign(loss=1.5).to_csv(index=False))])
    assert first.is_dir()  # someone may still read it
    os.utime(first, (0, 0))
    os.utime(next(own.glob("mine.second@*")), (0, 0))  # another family's is nobody's business here
    ingest_runs([put(mine.assign(loss=1.25).to_csv(index=False))])
    assert not first.exists()
    assert len(losses("mine.second")) == 6


def test_many_writers_and_readers_see_one_or_the_other(put: File, own: Path, mine: pd.DataFrame) -> None:
    files = [put(mine.assign(loss=value).to_csv(index=False), f"{value}/mine.csv") for value in (1.5, 2.5)]
    ingest_runs([files[0]], family="mine")
    start = threading.Barrier(3)

    def write(file: Path) -> None:
        start.wait()
        for _ in range(4):
            ingest_runs([file], family="mine")

    def read() -> set[frozenset[float]]:
        start.wait()
        return {frozenset(losses("mine")["loss"]) for _ in range(8)}

    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(write, file) for file in files]
        assert pool.submit(read).result() <= {frozenset({1.5}), frozenset({2.5})}
        for one in done:
            one.result()


def test_a_name_of_the_corpus_is_refused(put: File, own: Path) -> None:
    with pytest.raises(Misuse, match="the corpus has a family 'one': name your runs otherwise, with --family NAME"):
        ingest_runs([put(LINES, "One.csv")])
    assert not own.exists()


def test_a_name_that_the_corpus_takes_later_is_told(put: File, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest_runs([put(LINES, "gpt3.csv")])
    assert len(losses("gpt3")) == 6
    monkeypatch.delenv("SCALEBOOK_CORPUS")
    with pytest.raises(
        Misuse, match=r"the corpus has a family 'gpt3', and so do your own runs: .* delete .*gpt3\.json"
    ):
        open_corpus()
    open_corpus(own_runs=False).close()


def test_runs_from_another_file_are_not_replaced_by_chance(put: File, own: Path) -> None:
    first, other = put(LINES, "a/runs.csv"), put(LINES, "b/runs.csv")
    ingest_runs([first])
    with pytest.raises(
        Misuse, match=rf"your family 'runs' is from {first}: say --family runs to replace it, or another"
    ):
        ingest_runs([other])
    assert ingest_runs([other], family="runs").state == "written"
    assert own_families()[0].files == (str(other),)


@pytest.mark.parametrize("name", ["My Runs", "", "-x", "../x", "a/b", "x" * 101])
def test_a_name_that_cannot_be_is_refused(put: File, own: Path, name: str) -> None:
    with pytest.raises(Misuse, match=r"a family's name has the letters a-z, 0-9, dot and dash, .*: say --family NAME"):
        ingest_runs([put()], family=name)


def test_a_file_name_without_letters_needs_a_family(put: File, own: Path) -> None:
    with pytest.raises(Misuse, match="say --family NAME, such as --family my-runs"):
        ingest_runs([put(LINES, "漢字.csv")])


@pytest.mark.parametrize("below", ["", "sources", "x"])
def test_a_corpus_is_no_folder_for_own_runs(put: File, own: Path, small_folder: Path, below: str) -> None:
    with pytest.raises(Misuse, match="is a corpus: own runs are kept apart from it; name another folder with --into"):
        ingest_runs([put()], into=small_folder / below)


def test_another_folder_and_the_environment(
    put: File, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ingest_runs([put()], into=tmp_path / "elsewhere").folder == tmp_path / "elsewhere"
    assert not own.exists()
    monkeypatch.setenv("SCALEBOOK_RUNS", str(tmp_path / "elsewhere"))
    assert len(losses("mine")) == 6


def test_broken_promises_are_told(put: File, own: Path) -> None:
    with pytest.raises(BrokenTable, match="mine/mine runs: column 'seed' is not int32"):
        ingest_runs([put("run,params,tokens,loss,seed\na,1e8,1e9,3,99999999999\n")])
    assert not own.exists()


def test_a_damaged_file_is_named_with_what_to_do(put: File, own: Path) -> None:
    file = put()
    ingest_runs([file])
    damaged = own_families()[0].table("metrics")
    damaged.write_bytes(damaged.read_bytes()[:50])
    with pytest.raises(
        Exception, match=rf"{damaged} cannot be read .*; run: scalebook ingest --runs {file} --family mine"
    ):
        losses("mine")
    assert ingest_runs([file]).state == "written"
    assert len(losses("mine")) == 6
    own_families()[0].entry.write_text("{")
    with pytest.raises(
        Exception, match=r"mine\.json cannot be read .*; delete it, or run: scalebook ingest --runs FILE"
    ):
        losses("mine")
    assert ingest_runs([file]).state == "written"
    assert len(losses("mine")) == 6


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.text("abcXYZ019 -_./%é漢", min_size=1, max_size=8).filter(lambda s: s == s.strip()),
        st.tuples(
            st.floats(1e5, 1e12), st.dictionaries(st.floats(1e9, 1e14), st.floats(0.1, 7), min_size=1, max_size=4)
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_written_stands_in_the_view(own: Path, tmp_path: Path, told: dict) -> None:  # type: ignore[type-arg]
    rows = [
        {"run": run, "params": params, "tokens": t, "loss": loss}
        for run, (params, points) in told.items()
        for t, loss in points.items()
    ]
    file = tmp_path / "any.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    ingest_runs([file], Asked(trusted=True))
    found = losses("any")[["run", "params", "tokens", "loss"]].to_dict("records")
    assert sorted(map(str, found)) == sorted(str({**row, "run": f"any/{row['run']}"}) for row in rows)
