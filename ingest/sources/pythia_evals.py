"""Pythia: eight sizes on the Pile and on its deduplicated copy, evaluated at up to 27 checkpoints, 0 and 5 examples.

No loss on held-out text was published: the loss of a family is LAMBADA's target word, without examples. Names of files
differ between folders, and four files called "5shot" hold evaluations without examples, so that model, step and number
of examples are read from each file's own ``config``. Ablations of the batch size have evaluations with five examples
only. "Baseline" folders evaluate the main runs again: a checkpoint that stands in both folders has two values. OPT and
BLOOM are finished models of other authors, measured with the same harness.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ..harness import measured
from ..source import Source, Tables, listed

BATCH = 2_097_152
BUDGET = 143_000 * BATCH
# the names of the folders; with these every ablation ends at the same number of tokens
SMALL_BATCHES = {
    "pythia-small-batch/70m": BATCH // 8,
    "pythia-small-batch/160m": BATCH // 4,
    "pythia-small-batch/410m": BATCH // 4,
    "pythia-small-batch/1b": BATCH // 4,
    "pythia-small-batch/1.4b": BATCH // 2,
}

_SHAPE = ["size", "layers", "width", "heads", "params_total", "params_non_embedding"]

# models/*/*.yml, and the counts of parameters of the model cards and of Biderman et al. 2023, table 1. (The file
# pythia-12b-deduped.yml has layers and heads swapped; 40 layers would make 12.6 B.)
PYTHIA = pd.DataFrame(
    [
        ("70m", 6, 512, 8, 70_426_624, 18_915_328, 1.0e-3),
        ("160m", 12, 768, 12, 162_322_944, 85_056_000, 6.0e-4),
        ("410m", 24, 1024, 16, 405_334_016, 302_311_424, 3.0e-4),
        ("1b", 16, 2048, 8, 1_011_781_632, 805_736_448, 2.5e-4),
        ("1.4b", 24, 2048, 16, 1_414_647_808, 1_208_602_624, 2.0e-4),
        ("2.8b", 32, 2560, 32, 2_775_208_960, 2_517_652_480, 1.6e-4),
        ("6.9b", 32, 4096, 32, 6_857_302_016, 6_444_163_072, 1.2e-4),
        ("12b", 36, 5120, 40, 11_846_072_320, 11_327_027_200, 1.2e-4),
    ],
    columns=[*_SHAPE, "peak_learning_rate"],
)

# Zhang et al. 2022 (arXiv:2205.01068), table 1 and section 2.2; counts follow from the shapes, with tied embeddings.
OPT = pd.DataFrame(
    [
        ("125m", 12, 768, 12, 125_239_296, 85_056_000, 0.5e6, 6.0e-4),
        ("350m", 24, 1024, 16, 331_196_416, 303_357_952, 0.5e6, 3.0e-4),
        ("1.3b", 24, 2048, 32, 1_315_758_080, 1_208_602_624, 1e6, 2.0e-4),
        ("2.7b", 32, 2560, 32, 2_651_596_800, 2_517_652_480, 1e6, 1.6e-4),
        ("6.7b", 32, 4096, 32, 6_658_473_984, 6_444_163_072, 2e6, 1.2e-4),
        ("13b", 40, 5120, 40, 12_853_473_280, 12_585_584_640, 4e6, 1.0e-4),
        ("30b", 48, 7168, 56, 29_974_540_288, 29_599_496_192, 4e6, 1.0e-4),
        ("66b", 64, 9216, 72, 65_719_701_504, 65_237_501_952, 2e6, 0.8e-4),
    ],
    columns=[*_SHAPE, "batch_tokens", "peak_learning_rate"],
)

# BigScience 2022 (arXiv:2211.05100), table 3; counts follow from the shapes, with tied embeddings.
BLOOM = pd.DataFrame(
    [
        ("560m", 24, 1024, 16, 559_214_592, 302_313_472, 256 * 2048, 3.0e-4),
        ("1b1", 24, 1536, 16, 1_065_314_304, 679_962_624, 256 * 2048, 2.5e-4),
        ("1b7", 24, 2048, 16, 1_722_408_960, 1_208_606_720, 512 * 2048, 2.0e-4),
        ("3b", 30, 2560, 32, 3_002_557_440, 2_360_304_640, 512 * 2048, 1.6e-4),
        ("7b1", 30, 4096, 32, 7_069_016_064, 6_041_411_584, 512 * 2048, 1.2e-4),
    ],
    columns=[*_SHAPE, "batch_tokens", "peak_learning_rate"],
)

RECIPES = pd.DataFrame(
    [
        ("pythia", "cosine", 0.01 * BUDGET, "Adam", "fp16", BUDGET),
        ("opt", "linear", 375e6, "AdamW", None, 300e9),
        ("bloom", "cosine", 375e6, "Adam", None, 410e9),
    ],
    columns=["kind", "schedule", "warmup_tokens", "optimizer", "precision", "planned_tokens"],
).assign(weight_decay=0.1)

FAMILIES = pd.DataFrame(
    [
        ("pythia", "Pile", 0, "pythia", "About one pass over the Pile."),
        ("pythia-deduped", "Pile, deduplicated", 0, "pythia", "About one and a half passes over 207 B tokens."),
        (
            "pythia-small-batch",
            "Pile",
            5,
            "pythia",
            "Batches of .25 to 1 M tokens, by size; evaluated with 5 examples.",
        ),
        (
            "pythia-intervention",
            "Pile, deduplicated, masculine pronouns turned feminine",
            0,
            "pythia",
            "Branches of pythia-deduped: the last 7 % of training, 21 % for 1.4b-long, on changed data.",
        ),
        ("opt-evals", "OPT mixture", 0, "opt", "Finished models, evaluated by the authors of Pythia."),
        ("bloom-evals", "ROOTS", 0, "bloom", "Finished multilingual models, evaluated by the authors of Pythia."),
    ],
    columns=["family", "data", "shots", "related", "note"],
)
FAMILIES["varies"] = FAMILIES["family"].map({"pythia-small-batch": "batch size"})


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and metrics, one row per published value."""
    metrics = _measurements(raw)
    budget = metrics["run"].str.split("/").str[0].map({"opt-evals": 300e9, "bloom-evals": 341e9})
    metrics["tokens"] = (metrics["step"] * metrics["run"].map(SMALL_BATCHES).fillna(BATCH)).fillna(budget)
    place = ["run", "step", "tokens", "metric", "task", "shots"]
    lambada = metrics["task"] == "lambada_openai"
    checkpoints = metrics[["run", "step", "tokens"]].drop_duplicates()
    basis = checkpoints["step"].isna().map({False: "step_x_batch", True: "planned"})
    return {
        "families": FAMILIES.assign(
            architecture="decoder", metric="target_perplexity", task="lambada_openai", split="test"
        ),
        "runs": _runs(metrics["run"].unique()),
        "checkpoints": checkpoints.assign(tokens_basis=basis),
        "metrics": metrics.assign(
            split=lambada.map({True: "test", False: None}),
            repeat=metrics.groupby(place, dropna=False).cumcount(),
            how="as_published",
        ),
    }


def _measurements(raw: Path) -> pd.DataFrame:
    """Every value of every file, with run and step as the file's own configuration states them."""
    rows = []
    for file in SOURCE.files:
        if not (raw / file).is_file():  # a test gives a few files only
            continue
        published = json.loads((raw / file).read_text(encoding="utf-8"))
        place = (file, *_run_and_step(published["config"]["model_args"]), published["config"]["num_fewshot"])
        for task, values in published["results"].items():
            rows += [(*place, task, m.metric, m.value, m.stderr, f"results.{task}.{m.name}") for m in measured(values)]
    columns = ["file", "run", "step", "shots", "task", "metric", "value", "stderr", "key"]
    frame = pd.DataFrame(rows, columns=columns).astype({"step": "Int64"})
    # the first of two evaluations of one checkpoint is that of the main folder
    return frame.sort_values("file", key=lambda f: f.str.contains("/baseline/"), kind="stable", ignore_index=True)


def _run_and_step(model_args: str) -> tuple[str, int | None]:
    """Run and step from the harness's argument, such as ``pretrained=EleutherAI/pythia-v1.1-1b,revision=step8``.

    Examples
    --------
    >>> _run_and_step("pretrained=EleutherAI/intervention-pythia-v1.1-1.4b-deduped-long,revision=step114000")
    ('pythia-intervention/1.4b-long', 114000)
    """
    stated = dict(part.split("=", 1) for part in model_args.split(","))
    name = stated["pretrained"].split("/")[1]
    if not name.startswith(("pythia", "intervention")):
        family, size = name.split("-", 1)
        return f"{family}-evals/{size}", None
    step = int(stated["revision"].removeprefix("step"))
    words = re.sub(r"^(intervention-)?pythia-v1\.1-", "", name).replace("-bf16", "").split("-")
    if name.startswith("intervention"):
        return f"pythia-intervention/{'-'.join(w for w in words if w != 'deduped')}", step
    family = {"": "pythia", "deduped": "pythia-deduped"}.get(words[1] if words[1:] else "", "pythia-small-batch")
    return f"{family}/{words[0]}", step


def _runs(names: Iterable[str]) -> pd.DataFrame:
    """One row per run that was evaluated, with the shape of its size and the recipe of its family."""
    runs = pd.DataFrame({"run": names})
    runs[["family", "recipe"]] = runs["run"].str.split("/", expand=True)
    runs["kind"] = runs["family"].str.split("-").str[0]
    runs["size"] = runs["recipe"].str.removesuffix("-long")
    runs = runs.merge(_shapes(), how="left", on=["kind", "size"])
    runs["params"] = runs["params_non_embedding"]
    runs["data"] = runs["family"].map(FAMILIES.set_index("family")["data"])
    runs["batch_tokens"] = runs["run"].map(SMALL_BATCHES).fillna(runs["batch_tokens"])
    runs = runs.join(RECIPES.set_index("kind"), on="kind")
    ablation = runs["family"] == "pythia-small-batch"
    recipe = ["peak_learning_rate", "schedule", "warmup_tokens", "optimizer", "weight_decay", "precision"]
    runs.loc[ablation, recipe] = None  # their configurations were not published
    runs.loc[runs["run"] == "pythia/1b", "precision"] = "bf16"
    runs.loc[runs["family"] == "pythia-deduped", ["unique_tokens", "epochs"]] = [207e9, 1.5]
    branch = runs["family"] == "pythia-intervention"
    # 10 and 30 checkpoints, 1000 steps apart, up to the last step
    left = runs["recipe"].str.endswith("-long").map({True: 113_000, False: 133_000}) * float(BATCH)
    return runs.assign(
        params_basis="non-embedding",
        architecture="decoder",
        context=2048,
        parent_run=("pythia-deduped/" + runs["size"]).where(branch),
        branch_tokens=left.where(branch),
    ).drop(columns=["kind", "size"])


def _shapes() -> pd.DataFrame:
    """Shapes of the three suites; Pythia's padded vocabulary follows from its counts (two matrices, not tied)."""
    embeddings = PYTHIA["params_total"] - PYTHIA["params_non_embedding"]
    pythia = PYTHIA.assign(kind="pythia", batch_tokens=BATCH, vocabulary=embeddings // (2 * PYTHIA["width"]))
    return pd.concat(
        [pythia, OPT.assign(kind="opt", vocabulary=50_272), BLOOM.assign(kind="bloom", vocabulary=250_880)]
    )


SOURCE = Source(
    tables=tables,
    title="Evaluations of Pythia over the course of training",
    repository="EleutherAI/pythia",
    commit="a19eecb807ec2c79a39ebf18108816e6ffffc1d5",
    retrieved=datetime.date(2025, 11, 15),
    licence="Apache-2.0",
    citation=(
        "Biderman et al. 2023, Pythia: A Suite for Analyzing Large Language Models Across Training and Scaling,"
        " arXiv:2304.01373"
    ),
    folder="pythia-evals",
    files=listed(__file__),
    note="No loss on held-out text: perplexity of LAMBADA's target word and accuracies. Runs of v0 are not in it.",
)
