"""``trainer_state.json``, with the entries that a Trainer of transformers writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scalebook.ingest.format import Asked
from scalebook.ingest.own_runs import load_runs, read_runs

File = Callable[..., Path]
Refused = Callable[..., str]


def state(tokens: bool = True, scale: float = 1.0, **more: object) -> str:
    """A log of two training losses, one evaluation, and the summary at the end."""

    def entry(step: int, **said: float) -> dict[str, Any]:
        return {"epoch": step / 2000, **said, "step": step} | (
            {"num_input_tokens_seen": step * 2**19} if tokens else {}
        )

    log = [
        entry(1000, grad_norm=0.5, learning_rate=3e-4, loss=4.0 * scale),
        entry(2000, grad_norm=0.4, learning_rate=1e-4, loss=3.5 * scale),
        entry(2000, eval_loss=3.75 * scale, eval_runtime=1.5, eval_samples_per_second=10.0),
        entry(2000, total_flos=6e17, train_loss=3.75, train_runtime=100.0),
    ]
    return json.dumps(
        {"best_metric": None, "epoch": 1.0, "global_step": 2000, "log_history": log, "max_steps": 2000, **more}
    )


def test_the_loss_of_the_evaluation_set_goes_first(put: File) -> None:
    file = put(state(), "llama-100m/checkpoint-2000/trainer_state.json")
    frame = load_runs(file, params=1e8)
    assert frame[["run", "params", "step", "tokens", "loss"]].to_numpy().tolist() == [
        ["llama-100m", 1e8, 2000, 2000 * 2**19, 3.75]
    ]
    train = load_runs(file, {"loss": "loss"}, params=1e8)
    assert train[["step", "loss", "learning_rate"]].to_numpy().tolist() == [[1000, 4.0, 3e-4], [2000, 3.5, 1e-4]]


def test_all_losses_are_kept_with_their_place(put: File) -> None:
    runs = read_runs(put(state(), "a/trainer_state.json"), Asked(params=1e8))
    assert [str(kind) for kind in runs.rows.kinds] == ["loss train", "loss validation"]
    assert runs.rows.keys is not None
    assert sorted(runs.rows.keys) == ["log_history[0].loss", "log_history[1].loss", "log_history[2].eval_loss"]


def test_one_file_per_run_makes_a_family(put: File) -> None:
    files = [put(state(scale=s), f"{name}/trainer_state.json") for name, s in (("small", 1.0), ("big", 0.75))]
    frame = load_runs(files, params={"small": 1e8, "big": 1e9})
    assert frame[["run", "params", "loss"]].to_numpy().tolist() == [["small", 1e8, 3.75], ["big", 1e9, 2.8125]]


def test_two_files_of_one_run_must_agree(put: File) -> None:
    first, second = put(state(), "a/trainer_state.json"), put(state(), "a/checkpoint-9/trainer_state.json")
    frame = load_runs([first, second], params=1e8)
    assert frame.attrs["notes"] == ("3 repeated rows left out",)
    with pytest.raises(Exception, match="run 'a' has two values of loss train at one place"):
        load_runs([first, put(state(scale=0.5), "a/checkpoint-9/trainer_state.json")], params=1e8)


def test_several_evaluation_sets_are_told_apart(put: File) -> None:
    log = [
        {"step": 5000, "num_input_tokens_seen": 5e9, f"eval_{name}_loss": v} for name, v in (("pile", 3.0), ("c4", 3.5))
    ]
    file = put(json.dumps({"log_history": log}), "r/trainer_state.json")
    assert load_runs(file, {"loss": "eval_c4_loss"}, params=1e8)["loss"].tolist() == [3.5]
    assert str(read_runs(file, Asked(params=1e8)).loss) == "loss validation on pile"


def test_tokens_that_the_trainer_did_not_count(put: File, refused: Refused) -> None:
    file = put(state(tokens=False), "a/trainer_state.json")
    said = refused(file, params=1e8)
    assert "does not count tokens (num_input_tokens_seen): say --tokens-per-step T, which is the sequences of" in said
    assert load_runs(file, params=1e8, tokens_per_step=2**19)["tokens"].tolist() == [2000 * 2**19]
    assert "the file counts tokens itself" in refused(put(state()), params=1e8, tokens_per_step=2**19)


def test_what_a_log_lacks_is_told(put: File, refused: Refused) -> None:
    file = put(state(), "a/trainer_state.json")
    assert "does not say the size of 'a'" in refused(file)
    assert load_runs(file, {"params": "1e8"})["params"].tolist() == [1e8]
    assert "has no column 'evalloss': did you mean 'eval_loss'?" in refused(file, {"loss": "evalloss"})
    assert "is a trainer's log, in which only the loss is chosen, and the size said" in refused(
        file, {"tokens": "epoch"}
    )
    assert "logged no loss" in refused(put('{"log_history": [{"step": 1, "train_runtime": 3}]}'))
    assert "log_history[1].loss: loss is nan" in refused(put(state().replace("3.5", "NaN")), params=1e8)
    assert "'loss' in log_history[1].loss is no number: 'x'" in refused(put(state().replace("3.5", '"x"')), params=1e8)
