from __future__ import annotations

import json
from pathlib import Path

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES
from scalebook.ingest.sources.bigscience_evals import FOLDER, TRAJECTORIES

SOURCE = SOURCES["bigscience-evals"]
ROWS = {"sources": 1, "families": 3, "runs": 11, "checkpoints": 294, "metrics": 14588}

LISTS = {
    "tokens": [10044178432, 11617042432],
    "checkpoints": [19500, 21000],
    "results": {"lambada": {"ppl": [32.5, 30.25], "ppl_stderr": [0.5, 0.25]}, "mc_taco": {"em": [0.125, 0.25]}},
}
DATED = {
    "gsarti/flores_101_jpn+null": {
        "2022-07-07": {"bits_per_byte": 1.5, "word_perplexity": 2e53, "prompt_name": "null", "task_name": "x"}
    },
    "axg+GPT-3 style": {"2022-07-08": {"acc": 0.5, "acc_stderr": 0.125, "parity": 0.9}},
}
HUMANEVAL = {"pass@1": 0.125, "pass@10": 0.25}
OLD = {"lambada": {"ppl": 5.0, "ppl_stderr": 0.1}}


def test_small_files_of_the_real_formats(tmp_path: Path) -> None:
    for _, stem in TRAJECTORIES.values():
        (tmp_path / FOLDER / stem).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / FOLDER / f"{stem}.json").write_text(json.dumps(LISTS))
    for name, content in (
        ("tr11/bloom1b3/bslmeval", {"results": DATED}),
        ("tr11/bloom1b3/humaneval_temp02", HUMANEVAL),
        ("tr1/Tr1-13B-harness-eval", {"results": OLD}),
    ):
        (tmp_path / FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / FOLDER / f"{name}.json").write_text(json.dumps(content))
    metrics = SOURCE.tables(tmp_path)["metrics"]
    c4 = metrics[metrics["run"] == "bigscience-1b3/c4"][["step", "tokens", "metric", "value", "key"]]
    assert c4.to_numpy().tolist() == [  # lists aligned with the steps
        [19500, 10044178432, "target_perplexity", 32.5, "results.lambada.ppl[0]"],
        [21000, 11617042432, "target_perplexity", 30.25, "results.lambada.ppl[1]"],
        [19500, 10044178432, "exact_match", 0.125, "results.mc_taco.em[0]"],
        [21000, 11617042432, "exact_match", 0.25, "results.mc_taco.em[1]"],
    ]
    bloom = metrics[metrics["run"] == "bigscience-bloom/1b7"][["task", "metric", "value", "key"]]  # called 1b3
    assert sorted(bloom.to_numpy().tolist()) == [
        ["axg+GPT-3 style", "accuracy", 0.5, "results.axg+GPT-3 style.2022-07-08.acc"],
        ["axg+GPT-3 style", "parity", 0.9, "results.axg+GPT-3 style.2022-07-08.parity"],
        [
            "gsarti/flores_101_jpn+null",
            "bits_per_byte",
            1.5,
            "results.gsarti/flores_101_jpn+null.2022-07-07.bits_per_byte",
        ],
        ["humaneval/temperature 0.2", "pass_at_1", 0.125, "pass@1"],
        ["humaneval/temperature 0.2", "pass_at_10", 0.25, "pass@10"],
    ]
    old = metrics[metrics["run"] == "bigscience-others/tr1-13b"][["value", "stderr", "key"]]
    assert old.to_numpy().tolist() == [[5.0, 0.1, "results.lambada.ppl"]]


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    metrics = tables["metrics"].to_pandas().set_index(["file", "key"])
    # tr3e-1B3-c4: tokens 10044178432 first, results.lambada.ppl: 32.621324227429184, ...
    traced = metrics.loc[(f"{FOLDER}/tr3/tr3e-1B3-c4-checkpoints_agg.json", "results.lambada.ppl[0]"), :]
    assert (traced["run"], traced["step"], traced["tokens"]) == ("bigscience-1b3/c4", 19500, 10044178432)
    assert (traced["metric"], traced["value"]) == ("target_perplexity", 32.621324227429184)
