"""From a value back to its file: ids that stay, and the raw line beside the stored value."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from scalebook.corpus.database import DATA, TABLE_NAMES, Corpus, open_corpus
from scalebook.corpus.errors import Misuse
from scalebook.ingest.evidence import Evidence, evidence
from scalebook.ingest.source import SOURCES
from scalebook.ingest.trace import trace

GPT3 = "b6be1d7b3c10"  # gpt3/175b, line 12098 of extracted.csv: 175b,299.652555,,1.789354555
KEY = ("run", "step", "tokens", "metric", "task", "split", "shots", "repeat")
MEASURED = sorted(file.stem for file in (DATA / "metrics").glob("*.parquet"))

#: Sources whose values are not as they stand in the file, to what the card says of it.
DERIVED = {"colpret-pile-t5": "signs and the accuracy's numerator are mended"}


@pytest.fixture(scope="module")
def corpus() -> Iterator[Corpus]:
    with open_corpus(DATA) as opened:
        yield opened


@pytest.fixture(scope="module")
def gpt3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    """One source is looked through faster than all."""
    with open_corpus(one_source("colpret-gpt3", tmp_path_factory.mktemp("gpt3"))) as opened:
        yield opened


@pytest.fixture
def without_copies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SCALEBOOK_SOURCES", raising=False)
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path / "no-cache"))


def one_source(source: str, folder: Path) -> Path:
    """A corpus folder with one source only."""
    for table in TABLE_NAMES:
        if (DATA / table / f"{source}.parquet").is_file():
            (folder / table).mkdir(parents=True)
            shutil.copy(DATA / table / f"{source}.parquet", folder / table)
    return folder


def by_hand(row: tuple[Any, ...]) -> str:
    """The id of a key, computed without DuckDB."""
    words = ("" if v is None else f"{v:.17g}" if isinstance(v, float) else str(v) for v in row)
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:12]


class TestIds:
    def test_every_value_of_the_corpus_has_its_own(self, corpus: Corpus) -> None:
        [(values, ids, shaped)] = corpus.rows(
            "select count(*), count(distinct metric_id), count(*) filter (regexp_matches(metric_id, '^[0-9a-f]{12}$'))"
            " from metric_ids"
        )
        assert values == ids == shaped > 100_000

    @pytest.mark.parametrize("source", ["colpret-gpt3", "pythia-evals"])
    def test_they_follow_from_the_key_alone(self, corpus: Corpus, source: str) -> None:
        rows = corpus.rows(f"select metric_id, {', '.join(KEY)} from metric_ids where source = ? limit 5000", [source])
        assert all(by_hand(row[1:]) == row[0] for row in rows)

    def test_they_outlive_another_order_another_value_and_other_sources(self, corpus: Corpus, tmp_path: Path) -> None:
        folder = one_source("colpret-opt", tmp_path)
        file = folder / "metrics" / "colpret-opt.parquet"
        rows = pq.read_table(file).to_pandas()[::-1].assign(value=0.5, line=1)
        rows.to_parquet(file)
        ids = "select distinct metric_id from metric_ids where source = 'colpret-opt' order by all"
        with open_corpus(folder) as alone:
            assert alone.rows(ids) == corpus.rows(ids)

    def test_they_stay_from_version_to_version(self, corpus: Corpus) -> None:
        sql = "select run, line, value from metric_ids where metric_id = ?"
        assert corpus.rows(sql, [GPT3]) == [("gpt3/175b", 12098, 1.789354555)]

    def test_they_cost_nothing_unless_asked_for(self, corpus: Corpus) -> None:
        plan = "explain (format json) select metric, min({}) from metric_ids group by metric"
        read = [str(corpus.rows(plan.format(column))) for column in ("value", "metric_id")]
        assert ["shots" in steps for steps in read] == [False, True]


class TestTrace:
    def test_what_it_says(self, gpt3: Corpus, raw_sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SCALEBOOK_SOURCES", str(raw_sources))
        found = trace(gpt3, GPT3).as_dict()
        file = "raw_data/gpt3/extracted.csv"
        commit = "16f23bbe054277ddc4afd07a972dd7cfbe3f48c3"
        assert found["sha256"] == SOURCES["colpret-gpt3"].files[file]
        assert found["url"] == f"https://github.com/IBM/ColPret/blob/{commit}/{file}#L12098"
        assert (found["licence"], found["how"], found["family"]) == ("MIT", "digitised", "gpt3")
        assert found["citation"].startswith("Brown et al. 2020")
        assert found["raw"] == {"text": "175b,299.652555,,1.789354555", "where": "val_loss", "relation": "equal"}

    @pytest.mark.parametrize("source", MEASURED)
    def test_a_value_of_every_source_and_metric(
        self, source: str, raw_sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SCALEBOOK_SOURCES", str(raw_sources))
        with open_corpus(one_source(source, tmp_path)) as alone:
            for (metric_id,) in alone.rows("select max(metric_id) from metric_ids group by metric, key is null"):
                found = trace(alone, metric_id)
                assert found.sha256, metric_id
                assert found.raw is not None, (metric_id, found.no_raw)
                assert found.raw.relation or source in DERIVED, (metric_id, found.value["value"], found.raw)
                if SOURCES[source].extracted:
                    assert found.url is None or "/tree/" in found.url
                else:
                    assert "/blob/" in (found.url or "")

    def test_without_a_copy_it_says_how_to_see_the_line(self, gpt3: Corpus, without_copies: None) -> None:
        found = trace(gpt3, GPT3)
        assert found.raw is None
        assert "SCALEBOOK_SOURCES" in found.no_raw
        assert found.sha256

    def test_a_copy_that_differs_is_no_proof(
        self, gpt3: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        copy = tmp_path / "colpret" / "raw_data" / "gpt3" / "extracted.csv"
        copy.parent.mkdir(parents=True)
        copy.write_text("model,step,train_loss,val_loss\n" * 12098)
        monkeypatch.setenv("SCALEBOOK_SOURCES", str(tmp_path))
        found = trace(gpt3, GPT3)
        assert found.raw is None
        assert "has another sha256" in found.no_raw

    def test_a_corpus_of_another_commit_has_no_card(self, tmp_path: Path) -> None:
        folder = one_source("colpret-gpt3", tmp_path)
        file = folder / "sources" / "colpret-gpt3.parquet"
        pq.read_table(file).to_pandas().assign(commit="f" * 40).to_parquet(file)
        with open_corpus(folder) as other:
            found = trace(other, GPT3)
        assert found.sha256 is None
        assert "no card of colpret-gpt3 at that commit" in found.no_raw
        assert "f" * 40 in (found.url or "")

    def test_the_start_of_an_id_is_enough(self, gpt3: Corpus, without_copies: None) -> None:
        assert trace(gpt3, f" {GPT3[:9].upper()} ").value["metric_id"] == GPT3
        with pytest.raises(Misuse, match=r"'b6' begins more than one metric_id: b6[0-9a-f]{10}, .*, \.\.\."):
            trace(gpt3, "b6")

    @pytest.mark.parametrize(
        ("asked", "told"),
        [
            ("b6be1d7b3c11", r"no metric_id begins with 'b6be1d7b3c11'; did you mean 'b6be1d7b3c10'\?; get ids with: "),
            ("000000000000", "no metric_id begins with '000000000000'; get ids with: "),
            ("gpt3/175b", "'gpt3/175b' is no metric_id: one has 12 digits of 0-9 and a-f, .*; get ids with: "),
            ("", "'' is no metric_id"),
            ("b6be1d7b3c100", "is no metric_id"),
        ],
    )
    def test_an_id_that_is_not_there(self, gpt3: Corpus, asked: str, told: str) -> None:
        with pytest.raises(Misuse, match=told):
            trace(gpt3, asked)


ROWS = 'name,acc,"long, name"\nx,0.25,7\n,12.5%,1\n'


@pytest.mark.parametrize(
    ("line", "key", "value", "expected"),
    [
        (2, None, 0.25, Evidence("x,0.25,7", "acc", "equal")),
        (2, "long, name", 7.0, Evidence("x,0.25,7", "long, name", "equal")),
        (2, "long, name", 0.25, Evidence("x,0.25,7", "long, name", "")),  # what is named is what is compared
        (3, "acc", 0.125, Evidence(",12.5%,1", "acc", "percent")),
        (3, None, 3.0, Evidence(",12.5%,1")),
        (4, None, 3.0, None),
    ],
)
@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
def test_evidence_in_rows(
    tmp_path: Path, name: str, line: int, key: str | None, value: float, expected: Evidence | None
) -> None:
    (tmp_path / name).write_bytes(gzip.compress(ROWS.encode()) if name.endswith("gz") else ROWS.encode())
    assert evidence(tmp_path / name, line, key, value) == expected


DOCUMENT = {"results": {"a.b": {"acc": 0.25}, "a": {"b": 3}}, "loss": [[1.0], [2.0, 3.5]], "n": 1}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("results.a.b.acc", 0.25, Evidence("0.25", "results.a.b.acc", "equal")),
        ("results.a.b", 3.0, Evidence('{"acc": 0.25}', "results.a.b", "")),
        ("loss[1][1]", 3.5, Evidence("3.5", "loss[1][1]", "equal")),
        ("loss[1]", 3.5, Evidence("3.5", "loss[1][1]", "equal")),
        ("loss.1.0", 0.02, Evidence("2.0", "loss.1.0", "percent")),
        ("loss[9]", 3.5, None),
        ("nothing", 3.5, None),
        (None, 1.0, Evidence(json.dumps(DOCUMENT), "n", "equal")),
    ],
)
def test_evidence_in_json(tmp_path: Path, key: str | None, value: float, expected: Evidence | None) -> None:
    (tmp_path / "whole.json").write_text(json.dumps(DOCUMENT))
    (tmp_path / "lines.jsonl").write_text(f"{{}}\n{json.dumps(DOCUMENT)}\n")
    assert evidence(tmp_path / "whole.json", None, key, value) == expected
    assert evidence(tmp_path / "lines.jsonl", 2, key, value) == expected


def test_evidence_elsewhere(tmp_path: Path) -> None:
    pd.DataFrame({"piqa": [0.5, 0.25]}).to_parquet(tmp_path / "a.parquet")
    assert evidence(tmp_path / "a.parquet", 2, "piqa", 0.25) == Evidence("0.25", "piqa", "equal")
    assert evidence(tmp_path / "a.parquet", 3, "piqa", 0.25) is None
    (tmp_path / "a.md").write_text("| [m](x) | 503B | 25.0 |\n")
    assert evidence(tmp_path / "a.md", 1, None, 0.25) == Evidence("| [m](x) | 503B | 25.0 |", "the line", "percent")
    assert evidence(tmp_path / "a.md", 1, None, 0.3) == Evidence("| [m](x) | 503B | 25.0 |")
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\n")
    assert evidence(tmp_path / "a.csv", 1, None, 0.3) is None
    (tmp_path / "long.csv").write_text("9" * 5000)
    shown = evidence(tmp_path / "long.csv", 1, None, 0.3)
    assert shown is not None
    assert shown.text.endswith("... (5,000 characters)")


def test_the_command(cli: Callable[..., Any], raw_sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEBOOK_SOURCES", str(raw_sources))
    said = cli("trace", GPT3)
    assert said.code == 0, said.err
    shown = dict(line.split(None, 1) for line in said.out.splitlines())
    assert shown["value"] == "1.789354555 nats/token"
    assert shown["raw"] == "175b,299.652555,,1.789354555"
    assert shown["compared"] == "val_loss: equal to the stored value"
    assert shown["sha256"].endswith("(the local copy agrees)")
    assert {"source", "repository", "commit", "file", "line", "url", "licence", "citation", "how", "run"} < set(shown)
    assert json.loads(cli("trace", GPT3, "--json").out)["raw"]["relation"] == "equal"
    said = cli("trace", "nonsense")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("scalebook: 'nonsense' is no metric_id")
