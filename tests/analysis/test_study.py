from __future__ import annotations

import ast
import importlib
import linecache
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scalebook.analysis import laws as laws_package
from scalebook.analysis.answers import SCHEMA, Task, answer, answers
from scalebook.analysis.points import Points, family_points
from scalebook.analysis.rows import table_of
from scalebook.analysis.study import DEFAULT_LAWS, Study, fitted, study
from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import Misuse, UnknownName

UNITS = 12
"""Three families with three sizes or more, one protocol, four laws."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("undisturbed")


@pytest.fixture(scope="module")
def undisturbed(small_folder: Path, folder: Path) -> Study:
    with open_corpus(small_folder) as corpus:
        return study(corpus, cache=folder)


def same(one: Study, other: Study) -> None:
    pd.testing.assert_frame_equal(one.results, other.results, check_exact=True)


def cached(folder: Path) -> list[Path]:
    return sorted((folder / "study").glob("*.parquet"))


# what it finds


def test_asks_every_family_with_every_law_at_every_split(undisturbed: Study) -> None:
    results = undisturbed.results
    assert set(SCHEMA.names) | {"sizes", "fraction"} == set(results.columns)
    counts = results.groupby(["family", "law"]).size()
    assert set(counts.index) == {(f, law) for f in ("one", "two", "three") for law in DEFAULT_LAWS}
    assert set(counts) == {3 * 5}, "two, three and four sizes, at five shares of training"
    assert (undisturbed.reused, undisturbed.seconds > 0) == (0, True)


def test_a_row_says_what_was_seen_predicted_and_there(undisturbed: Study, small: Corpus) -> None:
    points = family_points(small, "one")
    results = undisturbed.results
    where = (results["family"] == "one") & (results["law"] == "last_seen")
    (row,) = results[where & (results["sizes"] == 3) & (results["fraction"] == 0.6)].to_dict("records")
    progress = points["tokens"] / points.run_tokens
    seen = points.where((points["params"] < 2e8) & (progress >= 0.1) & (progress <= 0.6))
    target = points.where((points["params"] > 9e8) & (progress >= 0.7))
    assert (row["points"], row["runs"], row["unit"], row["related"]) == (len(seen), 3, "nats/token", "ann")
    assert row["train_flops"] == pytest.approx(sum(seen["flops"][seen["run"] == r].max() for r in seen.runs))
    guess = seen["loss"][np.lexsort((seen["tokens"], seen["params"]))[-1]]
    errors = guess / target["loss"] - 1
    assert row["predicted"] == guess
    assert (row["signed_error"], row["are"]) == pytest.approx((errors.mean(), np.abs(errors).mean()))
    assert (row["target_params"], row["target_tokens"]) == pytest.approx((1e9, 4e10))
    assert row["observed"] == points["loss"][-1]
    assert row["extrapolation_params"] == pytest.approx(10.0)
    assert row["extrapolation_tokens"] == pytest.approx(4e10 / seen["tokens"].max())
    assert (row["starts"], row["status"]) == (0, "converged")


def test_the_law_that_made_the_data_forecasts_them(undisturbed: Study) -> None:
    results = undisturbed.results
    full = results[(results["sizes"] == 4) & (results["fraction"] == 1.0)]
    law, baseline = full[full["law"] == "chinchilla"], full[full["law"] == "last_seen"]
    assert (law["status"] == "converged").all()
    assert (law["are"] < 0.005).all()
    assert (baseline["are"] > 0.05).all()
    assert (law["low"] < law["predicted"]).all()
    assert (law["predicted"] < law["high"]).all()


def test_laws_fitted_are_those_that_reached_an_optimum(undisturbed: Study) -> None:
    results = undisturbed.results
    done = fitted(results)
    assert undisturbed.laws_fitted == len(done)
    assert 0 < len(done) < len(results)
    assert set(done["law"]) == {"chinchilla", "compute"}
    assert (done["starts_agreeing"] >= 1).all()
    assert undisturbed.families == 3
    failed = results.assign(status="too_few_points")
    assert Study(failed, 0.0, 0).laws_fitted == Study(failed, 0.0, 0).families == 0


def test_a_forecast_that_is_not_determined_has_no_interval(undisturbed: Study) -> None:
    results = undisturbed.results
    open_ended = results[results["status"] == "not_identified"]
    assert len(open_ended)
    assert open_ended["reason"].str.contains("flat along").all()
    assert open_ended[["low", "high"]].isna().all(axis=None)


# rows for what cannot be


def made(sizes: int, checkpoints: int) -> Points:
    params = np.repeat(2.0 ** np.arange(sizes) * 1e7, checkpoints)
    tokens = np.tile(np.arange(1, checkpoints + 1) * 1e9, sizes)
    run = np.array([f"r{p:.0f}" for p in params], dtype=object)
    loss = 2 + 300 * params**-0.3 + 2000 * tokens**-0.4
    return Points("made", {"run": run, "params": params, "tokens": tokens, "flops": 6 * params * tokens, "loss": loss})


def task(points: Points, law: str = "chinchilla", **options: Any) -> Task:
    return replace(Task(points, "sizes_and_fraction", law, "huber-log", 1e-3, 4, 0), **options)


@pytest.mark.parametrize("points", [made(2, 10), made(1, 10), made(1, 1)], ids=["two sizes", "one size", "one point"])
def test_a_family_without_a_split_is_a_row(points: Points) -> None:
    (row,) = answer(task(points)).to_dict("records")
    assert row["status"] == "not_applicable"
    has = f"{len(points.sizes)} sizes, {len(points.runs)} runs and {len(points)} points"
    assert row["reason"] == f"the protocol needs three sizes; this family has {has}"
    assert (row["family"], row["law"], row["related"]) == ("made", "chinchilla", "made")
    assert math_is_nan(row["are"], row["sizes"], row["starts"])


def math_is_nan(*values: Any) -> bool:
    return all(v is None or np.isnan(v) for v in values)


def test_final_checkpoints_leave_nothing_to_learn_from_before_the_end() -> None:
    rows = answer(task(made(9, 1)))
    early, end = rows[rows["fraction"] < 1.0], rows[rows["fraction"] == 1.0]
    assert set(early["status"]) == {"nothing_to_learn_from"}
    assert early["are"].isna().all()
    two = end[end["sizes"] == 2].to_dict("records")[0]
    assert (two["status"], two["points"]) == ("too_few_points", 2)
    assert "at least 6 are needed" in two["reason"]
    assert set(end["status"]) <= {"too_few_points", "converged", "not_identified"}


def test_a_law_that_needs_what_the_source_does_not_state_is_a_row() -> None:
    points = made(4, 10)
    flops = points["flops"].copy()
    flops[3] = np.nan
    (row,) = answer(task(replace(points, columns={**points.columns, "flops": flops}), "compute")).to_dict("records")
    assert (row["status"], row["reason"]) == ("not_applicable", "the law needs flops of every checkpoint")
    (row,) = answer(task(points, "loss_to_error")).to_dict("records")
    assert (row["status"], row["reason"]) == ("not_applicable", "the law needs error of every checkpoint")


def test_a_family_asked_for_by_name_is_never_a_gap(small: Corpus, tmp_path: Path) -> None:
    done = study(small, law_names=["compute"], families=["pair"], cache=tmp_path)
    assert done.results["status"].tolist() == ["not_applicable"]
    assert (done.laws_fitted, done.families) == (0, 0)
    both = study(small, law_names=["compute"], families=["pair", "one"], cache=tmp_path)
    assert set(both.results["family"]) == {"pair", "one"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"names": ["sizes_and_fractions"]}, r"no protocol named .*; did you mean 'sizes_and_fraction'\?"),
        ({"law_names": ["chinchila"]}, r"no law named .*; did you mean 'chinchilla'\?"),
        ({"families": ["one", "tow"]}, r"no family named 'tow'; did you mean 'two'\?"),
        ({"objective": "huber-lgo"}, r"no objective named .*; did you mean 'huber-log'\?"),
    ],
)
def test_an_unknown_name_is_guessed_before_any_work(small: Corpus, tmp_path: Path, arguments: Any, words: str) -> None:
    with pytest.raises(UnknownName, match=words):
        study(small, cache=tmp_path, **arguments)
    assert cached(tmp_path) == []


def test_a_corpus_without_sizes_has_nothing_to_study(small_folder: Path, tmp_path: Path) -> None:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for file in small_folder.glob("*/*.parquet"):
        table = pq.read_table(file)
        if "run" in table.column_names:
            table = table.filter(pc.starts_with(table["run"], "pair"))
        (tmp_path / file.parent.name).mkdir()
        pq.write_table(table, tmp_path / file.parent.name / file.name)
    with open_corpus(tmp_path) as corpus, pytest.raises(Misuse, match="no family with a loss at three sizes"):
        study(corpus, cache=tmp_path / "cache")


# resuming


def test_what_is_known_is_not_done_again(
    undisturbed: Study, small: Corpus, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(tasks: Sequence[Task]) -> list[pd.DataFrame]:
        raise AssertionError(f"{tasks[0].law} was fitted again")

    monkeypatch.setattr("scalebook.analysis.work.answers", refuse)
    again = study(small, cache=folder)
    same(again, undisturbed)
    assert again.reused == UNITS


def test_processes_do_not_change_results(undisturbed: Study, small: Corpus, tmp_path: Path) -> None:
    parallel = study(small, cache=tmp_path, jobs=2)
    same(parallel, undisturbed)
    assert parallel.reused == 0


def test_order_of_families_and_laws_does_not_change_results(undisturbed: Study, small: Corpus, tmp_path: Path) -> None:
    turned = study(small, families=["two", "one", "three"], law_names=DEFAULT_LAWS[::-1], cache=tmp_path)
    key = ["family", "law", "sizes", "fraction"]
    pd.testing.assert_frame_equal(
        turned.results.sort_values(key, ignore_index=True),
        undisturbed.results.sort_values(key, ignore_index=True),
        check_exact=True,
    )


def test_what_is_lost_or_cut_short_is_made_again(undisturbed: Study, small: Corpus, tmp_path: Path) -> None:
    first = study(small, cache=tmp_path)
    files = cached(tmp_path)
    assert len(files) == UNITS
    files[0].unlink()
    files[1].write_bytes(b"")
    files[2].write_bytes(files[2].read_bytes()[:-10])
    files[3].write_bytes(files[3].read_bytes()[:500])
    content = bytearray(files[4].read_bytes())
    content[4:600] = bytes(596)
    files[4].write_bytes(content)
    again = study(small, cache=tmp_path)
    same(again, first)
    same(again, undisturbed)
    assert again.reused == UNITS - 5
    assert study(small, cache=tmp_path).reused == UNITS


def test_progress_counts_what_is_known(small: Corpus, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    study(small, families=["one"], law_names=["last_seen"], cache=tmp_path)
    study(small, families=["one"], cache=tmp_path, told=lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


KILLED_HALF_WAY = """
import sys, time
from scalebook.corpus import files
from scalebook.cli import main

sync, calls = files.os.fsync, []

def fsync(handle):
    calls.append(handle)
    if len(calls) == 6:
        print("half way", flush=True)
        time.sleep(60)
    sync(handle)

files.os.fsync = fsync
sys.argv = ["scalebook", "study", "sizes_and_fraction", "--jobs", "1", "--cache", sys.argv[1]]
main()
"""


def test_a_study_that_was_killed_goes_on_where_it_was(
    undisturbed: Study, small: Corpus, small_folder: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "SCALEBOOK_CORPUS": str(small_folder)}
    command = [sys.executable, "-c", KILLED_HALF_WAY, str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half way\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert len(cached(tmp_path)) == 5, "the sixth was being written"
    resumed = study(small, cache=tmp_path)
    assert resumed.reused == 5
    same(resumed, undisturbed)


# keys


@pytest.fixture
def own_law(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A law that a user drops into the folder; called with its floor, it is written anew."""
    monkeypatch.setattr(laws_package, "__path__", [*laws_package.__path__, str(tmp_path)])
    name = "scalebook.analysis.laws.own"

    def write(floor: str) -> None:
        (tmp_path / "own.py").write_text(
            f'"""Loss of an own law."""\nfrom ..law import Coefficient, Law\n\n'
            f"def predict(params, *, A):\n    return {floor} + A * params**-0.3\n\n"
            "LAW = Law(predict=predict, inputs=('params',), cite='x',"
            " coefficients={'A': Coefficient('size', linear=True, dims={'params': 0.3})})\n"
        )
        monkeypatch.delitem(sys.modules, name, raising=False)
        importlib.invalidate_caches()
        linecache.clearcache()

    return write


def test_a_key_changes_with_the_points_and_every_option() -> None:
    base = task(made(3, 10))
    points = base.points
    other_loss = replace(points, columns={**points.columns, "loss": np.nextafter(points["loss"], 9)})
    changed = [
        task(other_loss),
        task(replace(points, related="x")),
        task(points, law="compute"),
        task(points, objective="lsq"),
        task(points, delta=1e-2),
        task(points, starts=5),
        task(points, seed=1),
    ]
    assert len({t.key for t in [base, *changed]}) == 1 + len(changed)
    assert task(made(3, 10)).key == base.key


def test_a_key_changes_with_the_code_of_the_law(own_law: Callable[[str], None]) -> None:
    keys = []
    for floor in ("2.0", "2.5", "2.0"):
        own_law(floor)
        keys.append(task(made(3, 10), "own").key)
    assert keys[0] == keys[2] != keys[1]


def test_a_law_dropped_into_the_folder_is_studied(
    own_law: Callable[[str], None], small: Corpus, tmp_path: Path
) -> None:
    own_law("1.8")
    done = study(small, law_names=["own"], families=["one"], cache=tmp_path / "cache")
    assert set(done.results["law"]) == {"own"}
    assert done.laws_fitted > 0


def test_a_key_holds_all_code_that_an_answer_runs() -> None:
    """What `answers` imports from its folder, and what that imports, but laws and protocols, which have own keys."""
    from scalebook.analysis import answers as module

    code, folder = module._engine_code(), Path(module.__file__).parent
    seen: set[Path] = set()
    ahead = [Path(module.__file__)]
    while ahead:
        file = ahead.pop()
        seen.add(file)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                place = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
                names = [place.with_suffix(".py"), *(place / f"{alias.name}.py" for alias in node.names)]
                ahead += [name for name in names if name.is_file() and name not in seen]
    assert len(seen) > 10
    assert [f.name for f in sorted(seen) if f.read_text(encoding="utf-8") not in code] == []
    for entry in (*folder.glob("laws/*.py"), *folder.glob("protocols/*.py")):
        for node in ast.walk(ast.parse(entry.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                assert node.level == 2, f"{entry.name} rests on another entry, whose code is not in its key"


def test_an_answer_does_not_depend_on_what_is_answered_with_it() -> None:
    tasks = [task(points) for points in (made(4, 30), made(2, 3), made(5, 12), made(3, 200))]
    together = answers(tasks)
    for one, rows in zip(tasks, together, strict=True):
        alone = answer(one)
        assert table_of(rows, ["sizes", "fraction"]).to_pandas().equals(alone)


def test_a_key_changes_with_the_code_of_the_engine_and_the_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    from scalebook.analysis import answers as module

    base = task(made(3, 10)).key
    code = module._engine_code()
    with monkeypatch.context() as patched:
        patched.setattr(module, "_engine_code", lambda: code + "# changed")
        assert task(made(3, 10)).key != base
    real = module._code
    with monkeypatch.context() as patched:
        patched.setattr(module, "_code", lambda f: real(f) + ("# changed" if "protocols" in f.__module__ else ""))
        assert task(made(3, 10)).key != base
    assert task(made(3, 10)).key == base
