"""BigScience: five models of 1.3B on different web texts, evaluated during training, and finished BLOOM models.

No loss on held-out text but perplexities: of LAMBADA's target word, and of FLORES-101 in 101 languages for the finished
models. The files of the trajectories hold one list per task and metric, aligned with ``tokens`` and ``checkpoints``.
The finished models have older names: bloom1b3 is today's bloom-1b7, 2b5 is 3b, 350m is 560m; ``opt`` is OPT-175B. Names
of their tasks end in the prompt. Many tasks are small: the standard errors matter. Left out: perplexities per word, for
they mean nothing in scripts without spaces (up to 10^69); those per byte of the same texts are there.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pandas as pd

from ..harness import METRICS, measured
from ..source import Source, Tables, listed

FOLDER = "evaluation/results"

# Le Scao et al. 2022 (arXiv:2210.15424); the last words are the file's name
TRAJECTORIES = {
    "oscar": ("OSCAR v1, English", "tr3/tr3d-1B3-oscar-checkpoints_agg"),
    "c4": ("C4", "tr3/tr3e-1B3-c4-checkpoints_agg"),
    "pile": ("Pile", "tr3/tr3m-1B3-pile-checkpoints_agg"),
    "oscar-filtered": ("OSCAR v1, English, filtered", "tr12/tr12a-1B3-oscar-en-filtered_agg"),
    "oscar-filtered-dedup": ("OSCAR v1, English, filtered, deduplicated", "tr12/tr12b-1B3-oscar-en-filtered-dedup_agg"),
}

# BLOOM: arXiv:2211.05100, table 3, counts from the shapes; OPT: arXiv:2205.01068
FINISHED = pd.DataFrame(
    [
        ("bigscience-bloom/560m", "tr11/bloom350m", 559_214_592, 24, 1024, 16, 341e9),
        ("bigscience-bloom/1b7", "tr11/bloom1b3", 1_722_408_960, 24, 2048, 16, 341e9),
        ("bigscience-bloom/3b", "tr11/bloom2b5", 3_002_557_440, 30, 2560, 32, 341e9),
        ("bigscience-bloom/176b", "tr11/bloom", 176_247_271_424, 70, 14336, 112, 366e9),
        ("bigscience-others/opt-175b", "tr11/opt", 175e9, 96, 12288, 96, 300e9),
        ("bigscience-others/tr1-13b", "tr1", 13e9, 40, 5120, 32, None),
    ],
    columns=["run", "recipe", "params", "layers", "width", "heads", "tokens"],
)

FAMILIES = pd.DataFrame(
    [
        ("bigscience-1b3", "target_perplexity", "lambada", "test", 0, "data", "One size on five web texts."),
        ("bigscience-bloom", "bits_per_byte", "gsarti/flores_101_eng+null", "test", None, None, "Finished models."),
        ("bigscience-others", None, None, None, None, "data and architecture", "OPT-175B, and 13B on English OSCAR."),
    ],
    columns=["family", "metric", "task", "split", "shots", "varies", "note"],
).astype({"shots": "Int64"})


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and metrics, one row per published value."""
    metrics = pd.concat([_trajectories(raw), _finished(raw)], ignore_index=True)
    metrics["split"] = (metrics["task"] == "lambada").map({True: "test", False: None})
    metrics["split"] = metrics["split"].mask(metrics["task"].str.startswith("gsarti/flores"), "test")
    checkpoints = metrics[["run", "step", "tokens"]].drop_duplicates()
    basis = checkpoints["step"].isna().map({True: "planned", False: "reported"})
    return {
        "families": FAMILIES.assign(architecture="decoder", related="bloom"),
        "runs": _runs(),
        "checkpoints": checkpoints.assign(tokens_basis=basis.where(checkpoints["tokens"].notna())),
        "metrics": metrics.assign(how="as_published"),
    }


def _trajectories(raw: Path) -> pd.DataFrame:
    """Values of the files with lists, one row per task, metric and checkpoint."""
    found = []
    for name, (_, stem) in TRAJECTORIES.items():
        file = f"{FOLDER}/{stem}.json"
        content = json.loads((raw / file).read_text("utf-8"))
        for task, lists in content["results"].items():
            for metric in [m for m in lists if m in METRICS]:
                rows = pd.DataFrame(
                    {"step": content["checkpoints"], "tokens": content["tokens"], "value": lists[metric]},
                )
                rows["stderr"] = lists.get(f"{metric}_stderr")
                rows["key"] = [f"results.{task}.{metric}[{i}]" for i in range(len(rows))]
                found.append(rows.assign(run=f"bigscience-1b3/{name}", task=task, metric=METRICS[metric], file=file))
    frame = pd.concat(found, ignore_index=True)
    # zero-shot: section 2.3 of the paper
    return frame.assign(shots=0, tokens=frame["tokens"].astype(float)).astype({"step": "Int64", "shots": "Int64"})


def _finished(raw: Path) -> pd.DataFrame:
    """Values of the finished models; a task holds one evaluation under its date, but for the oldest file."""
    rows: list[tuple[str, str, str, str, float, float | None, str]] = []
    for run, folder in zip(FINISHED["run"], FINISHED["recipe"], strict=True):
        for path in sorted((raw / FOLDER / folder).glob("*.json")):
            file = path.relative_to(raw).as_posix()
            content = json.loads(path.read_text("utf-8"))
            if "results" in content:
                tasks = {
                    (task, f"results.{task}." + (date and f"{date}.")): values
                    for task, dated in content["results"].items()
                    for date, values in (dated if _is_dated(dated) else {"": dated}).items()
                }
            else:  # HumanEval, sampled at a temperature
                warm = int(path.stem.removeprefix("humaneval_temp")) / 10
                tasks = {(f"humaneval/temperature {warm}", ""): content}
            for (task, place), values in tasks.items():
                found = [m for m in measured(values) if m.metric != "word_perplexity"]
                rows += [(run, file, task, m.metric, m.value, m.stderr, f"{place}{m.name}") for m in found]
    frame = pd.DataFrame(rows, columns=["run", "file", "task", "metric", "value", "stderr", "key"])
    return frame.assign(tokens=frame["run"].map(FINISHED.set_index("run")["tokens"]))


def _is_dated(task: dict[str, object]) -> bool:
    return all(isinstance(value, dict) for value in task.values())


def _runs() -> pd.DataFrame:
    trajectories = pd.DataFrame(
        {
            "run": [f"bigscience-1b3/{name}" for name in TRAJECTORIES],
            "recipe": [stem.split("/")[1].removesuffix("_agg") for _, stem in TRAJECTORIES.values()],
            "data": [data for data, _ in TRAJECTORIES.values()],
            "params": 1.3e9,
            "layers": 24,
            "width": 2048,
            "heads": 16,
            "batch_tokens": 512 * 2048,  # as far as the checkpoints lie apart
            "planned_tokens": 112e9,
        }
    )
    bloom = FINISHED["run"].str.startswith("bigscience-bloom")
    data = FINISHED["recipe"].map({"tr11/opt": "OPT mixture", "tr1": "OSCAR v1, English"}).fillna("ROOTS")
    finished = FINISHED.drop(columns="tokens").assign(
        data=data,
        params_total=FINISHED["params"].where(bloom),
        params_basis=bloom.map({True: "total", False: "nominal"}),
        vocabulary=pd.Series(250_880, FINISHED.index, "Int64").where(bloom),
    )
    runs = pd.concat([trajectories.assign(params_basis="nominal"), finished], ignore_index=True)
    return runs.assign(family=runs["run"].str.split("/").str[0], architecture="decoder", context=2048)


SOURCE = Source(
    tables=tables,
    title="Evaluations of BigScience's models",
    repository="bigscience-workshop/bigscience",
    commit="9e64edec2ad1fb9263bf39ba616a84ff64b4d947",
    retrieved=datetime.date(2024, 7, 29),
    licence="Apache-2.0",
    citation=(
        "Le Scao et al. 2022, What Language Model to Train if You Have One Million GPU Hours?, arXiv:2210.15424;"
        " BigScience 2022, BLOOM, arXiv:2211.05100"
    ),
    folder="bigscience-evals",
    files=listed(__file__),
    note="One size per data set during training: differences between data, not laws of scale.",
)
