from __future__ import annotations

import json
from pathlib import Path

import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES
from scalebook.ingest.sources.pythia_evals import BLOOM, BUDGET, OPT, PYTHIA, SMALL_BATCHES

SOURCE = SOURCES["pythia-evals"]
ROWS = {"sources": 1, "families": 6, "runs": 39, "checkpoints": 643, "metrics": 132074}

LAMBADA = {"ppl": 6.25, "ppl_stderr": 0.5, "acc": 0.625, "acc_stderr": 0.25}
ONE_B = "evals/pythia-v1/pythia-1b-bf16"
FILES = {
    # called "5shot", but evaluated without examples
    f"{ONE_B}/zero-shot/1b-bf16-5shot_step128.json": ("EleutherAI/pythia-v1.1-1b-bf16,revision=step128", 0),
    f"{ONE_B}/five-shot/1b-5shot_step3000.json": ("EleutherAI/pythia-v1.1-1b-bf16,revision=step3000", 5),
    "evals/pythia-v1/pythia-70m-0.25MtokBS/five-shot/70m-0.25MtokBS_step24000.json": (
        "EleutherAI/pythia-v1.1-70m-0.25MtokBS,revision=step24000",
        5,
    ),
    "evals/pythia-v1/pythia-1.4b-deduped/baseline/baseline-1.4b-deduped_step133000.json": (
        "EleutherAI/pythia-v1.1-1.4b-deduped,revision=step133000",
        0,
    ),
    "evals/pythia-v1/pythia-1.4b-deduped/zero-shot/1.4b-deduped_step133000.json": (
        "EleutherAI/pythia-v1.1-1.4b-deduped,revision=step133000",
        0,
    ),
    "evals/pythia-v1/pythia-1.4b-deduped/intervention/intervention-1.4b-deduped-long_step114000.json": (
        "EleutherAI/intervention-pythia-v1.1-1.4b-deduped-long,revision=step114000,use_accelerate=True",
        0,
    ),
    "evals/bloom/bloom-1b1.json": ("bigscience/bloom-1b1,use_accelerate=True", 0),
}


def test_small_files_of_the_real_format(tmp_path: Path) -> None:
    for file, (model, shots) in FILES.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        config = {"model_args": f"pretrained={model}", "num_fewshot": shots}
        (tmp_path / file).write_text(json.dumps({"results": {"lambada_openai": LAMBADA}, "config": config}))
    made = SOURCE.tables(tmp_path)
    metrics = made["metrics"]
    places = metrics[["run", "step", "tokens", "shots"]].drop_duplicates().fillna(-1).to_numpy().tolist()
    assert sorted(places) == [
        ["bloom-evals/1b1", -1, 341e9, 0],
        ["pythia-deduped/1.4b", 133000, 133000 * 2097152, 0],
        ["pythia-intervention/1.4b-long", 114000, 114000 * 2097152, 0],
        ["pythia-small-batch/70m", 24000, 24000 * 262144, 5],
        ["pythia/1b", 128, 128 * 2097152, 0],
        ["pythia/1b", 3000, 3000 * 2097152, 5],
    ]
    # a perplexity is no loss, and stands beside its error
    assert set(metrics["metric"]) == {"target_perplexity", "accuracy"}
    assert set(metrics.loc[metrics["metric"] == "target_perplexity", "stderr"]) == {0.5}
    # two evaluations of one checkpoint: the main folder's comes first
    twice = metrics[(metrics["run"] == "pythia-deduped/1.4b") & (metrics["metric"] == "accuracy")].set_index("repeat")
    assert "zero-shot" in str(twice.loc[0, "file"])
    assert "baseline" in str(twice.loc[1, "file"])


def test_branches_and_ablations_say_what_differs(tmp_path: Path) -> None:
    test_small_files_of_the_real_format(tmp_path)
    runs = SOURCE.tables(tmp_path)["runs"].set_index("run")
    branch = runs.loc["pythia-intervention/1.4b-long"]
    assert branch["parent_run"] == "pythia-deduped/1.4b"
    assert 1 - branch["branch_tokens"] / BUDGET == pytest.approx(0.21, abs=0.001)  # the paper: 21 %
    small = runs.loc["pythia-small-batch/70m"]
    assert small["batch_tokens"] == 262144
    assert small[["peak_learning_rate", "schedule", "precision"]].isna().all()
    assert runs["parent_run"].notna().sum() == 1
    assert runs.loc["pythia/1b", "vocabulary"] == 50304


def test_counts_follow_from_the_shapes() -> None:
    for suite, embeddings in ((PYTHIA, None), (OPT, 50_272 + 2050), (BLOOM, 250_880)):
        body = 12 * suite["layers"] * suite["width"] ** 2 + 13 * suite["layers"] * suite["width"] + 2 * suite["width"]
        if suite is BLOOM:  # a norm after the embedding
            body += 2 * suite["width"]
        usual = suite["size"] != "350m"  # projections from 512, no last norm
        assert (body == suite["params_non_embedding"])[usual].all()
        if embeddings:
            assert (body + embeddings * suite["width"] == suite["params_total"])[usual].all()
    assert SMALL_BATCHES["pythia-small-batch/70m"] * 1_144_000 == BUDGET  # its last checkpoint


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # 12b/five-shot/12b-5shot_step143000.json, results.sciq: acc 0.953, acc_stderr 0.00669595667816304
    file = "evals/pythia-v1/pythia-12b/five-shot/12b-5shot_step143000.json"
    traced = [m for m in tables["metrics"].to_pylist() if m["file"] == file and m["key"] == "results.sciq.acc"]
    assert [(m["run"], m["step"], m["shots"], m["metric"]) for m in traced] == [("pythia/12b", 143000, 5, "accuracy")]
    assert (traced[0]["value"], traced[0]["stderr"]) == (0.953, 0.00669595667816304)
