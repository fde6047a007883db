"""Results of lm-evaluation-harness, as versions 0.3 and 0.4 write them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scalebook.corpus.errors import Misuse
from scalebook.ingest.format import Asked
from scalebook.ingest.own_runs import load_runs, read_runs

File = Callable[..., Path]
Refused = Callable[..., str]

TASKS: dict[str, dict[str, Any]] = {
    "piqa": {
        "alias": "piqa",
        "acc,none": 0.62,
        "acc_stderr,none": 0.011,
        "acc_norm,none": 0.63,
        "acc_norm_stderr,none": "N/A",
    },
    "gsm8k": {"exact_match,strict-match": 0.02, "exact_match,flexible-extract": 0.03},
    "wikitext": {"word_perplexity,none": 33.0, "byte_perplexity,none": 1.9, "bits_per_byte,none": 0.93},
}


def results(
    tasks: dict[str, dict[str, Any]] = TASKS, model: str = "pretrained=me/tiny,revision=step3000", **more: object
) -> str:
    return json.dumps(
        {
            "results": tasks,
            "versions": dict.fromkeys(tasks, 1.0),
            "n-shot": dict.fromkeys(tasks, 5),
            "config": {"model": "hf", "model_args": model, "model_num_parameters": 160_000_000},
            **more,
        }
    )


def test_scores_have_task_shots_error_and_place(put: File) -> None:
    runs = read_runs(put(results(), "results.json"))
    rows = runs.rows
    assert rows.runs == ("tiny",)
    assert {str(k) for k in rows.kinds} == {
        "accuracy on piqa 5 shots",
        "accuracy_norm on piqa 5 shots",
        "exact_match on gsm8k (strict-match) 5 shots",
        "exact_match on gsm8k (flexible-extract) 5 shots",
        "word_perplexity on wikitext 5 shots",
        "byte_perplexity on wikitext 5 shots",
        "bits_per_byte on wikitext 5 shots",
    }
    assert rows.keys is not None
    n = rows.keys.tolist().index("results.piqa.acc,none")
    assert (rows["value"][n], rows["stderr"][n], rows["step"][n], rows["params"][n]) == (0.62, 0.011, 3000, 160e6)
    assert runs.loss is None  # three perplexities of one text: none of them is the loss unless it is said


def test_a_likelihood_can_be_the_loss(put: File) -> None:
    file = put(results(), "results.json")
    frame = load_runs(file, {"tokens": "3e9"}, metric="bits_per_byte")
    assert frame[["run", "tokens"]].to_numpy().tolist() == [["tiny", 3e9]]
    assert frame["loss"].item() == pytest.approx(0.6446, abs=1e-4)
    assert frame.attrs["unit"] == "nats/byte"


def test_a_loss_needs_size_and_tokens(put: File, refused: Refused) -> None:
    file = put(results(), "results.json")
    assert refused(file, metric="bits_per_byte").endswith("does not say the tokens: --column tokens=N")
    sizeless = put(results(config={"model_args": ""}), "results.json")
    assert refused(sizeless, metric="bits_per_byte").endswith("does not say the params: --column params=N")


def test_scores_only_are_no_loss(put: File, refused: Refused) -> None:
    file = put(results({"piqa": TASKS["piqa"]}), "results.json")
    assert "holds accuracy, accuracy_norm and no loss: there is nothing to fit a law to" in refused(file)


@pytest.mark.parametrize(
    ("model", "run", "step"),
    [
        ("pretrained=EleutherAI/pythia-160m,revision=step3000", "pythia-160m", 3000),
        ("pretrained=/scratch/checkpoints/33B_torch_step238418_bfloat16,dtype=bfloat16", "33B_torch_bfloat16", 238418),
        ("pretrained=out/llama-1b/checkpoint-500/", "llama-1b", 500),
        ("pretrained=out/llama-1b/global_step1200", "llama-1b", 1200),
        ("pretrained=me/stepwise", "stepwise", None),
        ({"pretrained": "me/tiny", "revision": "main"}, "tiny", None),
        ("", "results", None),
        (None, "results", None),
    ],
)
def test_run_and_step_are_in_the_name(put: File, model: Any, run: str, step: float | None) -> None:
    rows = read_runs(put(results(model=model), "results.json")).rows
    assert rows.runs == (run,)
    assert (rows["step"] == step).all() if step else not (rows["step"] >= 0).any()


def test_older_versions(put: File) -> None:
    old = json.dumps(
        {"results": {"piqa": {"acc": 0.6, "acc_stderr": 0.01}}, "versions": {}, "config": {"num_fewshot": 0}}
    )
    rows = read_runs(put(old, "my-model.json")).rows
    assert (rows.runs, str(rows.kinds[0]), rows["stderr"].tolist()) == (
        ("my-model",),
        "accuracy on piqa 0 shots",
        [0.01],
    )


def test_scores_in_percent_are_left_out_and_told(put: File) -> None:
    squad = {"squadv2": {"exact,none": 45.2, "f1,none": 50.1}}
    runs = read_runs(put(results(TASKS | squad), "results.json"))
    assert runs.rows.notes == ("2 scores left out that cannot be shares, such as results.squadv2.exact,none",)


def test_what_is_not_known_can_be_said_and_what_is_no_number_not(put: File, refused: Refused) -> None:
    file = put(results(), "results.json")
    rows = read_runs(file, Asked({"tokens": "300e9", "step": "143000"})).rows
    assert (set(rows["tokens"]), set(rows["step"])) == ({300e9}, {143000.0})
    assert "params, tokens and step can be said, as numbers" in refused(file, {"tokens": "seen"})
    assert "holds no score that the metric dictionary knows" in refused(put(results({"x": {"mystery": 1.0}})))


def test_results_of_several_checkpoints_are_one_run(put: File) -> None:
    files = [put(results(model=f"pretrained=me/tiny,revision=step{n}"), f"{n}.json") for n in (1000, 2000)]
    rows = read_runs(files).rows
    assert rows.runs == ("tiny",)
    assert sorted(set(rows["step"])) == [1000, 2000]


def test_results_published_by_others(raw_sources: Path) -> None:
    folder = raw_sources / "lumiopen-poro/poro-34b"
    rows = read_runs([folder / f"step{n}/arc_easy.json" for n in (119232, 238418)]).rows
    assert rows.runs == ("33B_torch_bfloat16",)
    assert set(rows["step"]) == {119232, 238418}
    with pytest.raises(Misuse, match="has no column"):
        read_runs(folder / "step238418/humaneval_pass@1.json")
