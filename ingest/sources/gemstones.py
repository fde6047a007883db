"""Gemstones: 22 shapes from 50M to 2B, wide and deep, constant learning rate to 350 B tokens, 175 checkpoints each.

``final_loss`` is the validation loss at that step, on 100 M held-out tokens of the training distribution (the authors'
``wandb_data_extraction.py``), ``main`` is step 83475, and ``params_active_precise`` counts both embedding matrices,
which dominate the small models. ``cool_begin`` repeats the losses of the main runs where a cooldown branched off, but
for two shapes: their first trainings diverged and were replaced, so that their cooldowns have other trunks. The table
of task losses is cut out of 725 MB of losses per question; accuracies are lighteval's, on 1000 questions each.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pandas as pd

from ..corrections import Correction
from ..source import Source, Tables, listed

BATCH = 2048 * 2048
LAST = 83475
VOCABULARY = 50_304
#: Shapes whose first trainings were replaced (section K.2 of the paper); the cooldowns are those of the first ones.
REPLACED = ("2560x8", "3072x12")
#: Shapes whose learning rate was lowered by hand in the main runs (section K.2), to a value not stated for each.
PATCHED = ("1792x7", *REPLACED)

FAMILIES = pd.DataFrame(
    [
        ("gemstones", "Dolma 1.7", "loss", "validation", "Width and depth vary apart from size."),
        ("gemstones-cooldown", "Dolma 1.7", "loss", "validation", "Branches: rate to 0 over 10 % more tokens."),
        ("gemstones-lr-ablation", "Dolma 1.7", "loss", "validation", "Half the learning rate, to 100 B tokens."),
        ("gemstones-abandoned", "Dolma 1.7", "loss", "validation", "First trainings of two shapes, later replaced."),
        ("gemstones-lr-sweep", "Dolma 1.7", "loss", "train", "Sweep of the learning rate, 1000 steps; some diverged."),
        ("gemstones-public", None, None, None, "Public models on Gemstones' validation text; tokenizers differ."),
    ],
    columns=["family", "data", "metric", "split", "note"],
).assign(varies=["shape", "shape", "shape", "shape", "shape and learning rate", "data and recipe"])

# Training tokens that the authors of each public model state in its report or card.
PUBLIC_TOKENS = {
    "Gemma-2b": 3e12,
    "Gemma-7b": 6e12,
    "Gemma-2-2b": 2e12,
    "Gemma-2-9b": 8e12,
    "Gemma-2-27b": 13e12,
    "Llama-2-7b-hf": 2e12,
    "Llama-2-13b-hf": 2e12,
    "Llama-2-70b-hf": 2e12,
    "Llama-3-8B": 15e12,
    "Llama-3.1-70B": 15e12,
    "Llama-3.2-1B": 9e12,
    "Llama-3.2-3B": 9e12,
    "Qwen2-0.5B": 12e12,
    "Qwen2-1.5B": 7e12,
    "Qwen2-7B": 7e12,
    "Qwen2.5-0.5B": 18e12,
    "Qwen2.5-1.5B": 18e12,
    "Qwen2.5-3B": 18e12,
    "Qwen2.5-7B": 18e12,
    "Qwen2.5-14B": 18e12,
    "Qwen2.5-32B": 18e12,
}

_COMBINED = {
    "benchmarks/fineweb_dclm_losses_combined.jsonl": "DCLM",
    "benchmarks/fineweb_edu_losses_combined.jsonl": "FineWeb-Edu",
}


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and metrics, one row per published value."""
    hot = _lines(raw, "wandb_dfs/wandb_df_for_fitting_hot_100b+_477.jsonl")
    ablation = _lines(raw, "wandb_dfs/wandb_df_for_fitting_lr_ablation_hot_477.jsonl", "gemstones-lr-ablation")
    begin, end = _cooldowns(raw)
    # a loss at the branch that the main run's log has too is the same reading
    dolma = pd.concat([hot, begin]).drop_duplicates(["run", "step"])
    sweep, public = _sweep(raw), _public(raw)
    losses = pd.concat([dolma, ablation, end], ignore_index=True).assign(task="Dolma 1.7", split="validation")
    metrics = pd.concat([losses, sweep, public, *_others(raw)], ignore_index=True)
    metrics["tokens"] = metrics["tokens"].fillna(metrics["step"].astype("float64") * BATCH)
    checkpoints = metrics[["run", "step", "tokens"]].drop_duplicates()
    basis = checkpoints["step"].isna().map({True: "planned", False: "step_x_batch"})
    columns = ["run", "step", "tokens", "metric", "task", "split", "shots", "value", "stderr", "how"]
    return {
        "families": FAMILIES.assign(
            architecture="decoder", task=FAMILIES["data"].where(FAMILIES["metric"].notna()), related="gemstones"
        ),
        "runs": pd.concat([_runs(losses, sweep, end), _public_runs(public)], ignore_index=True),
        "checkpoints": checkpoints.assign(tokens_basis=basis),
        "metrics": metrics.assign(metric=metrics["metric"].fillna("loss"), how=metrics["how"].fillna("as_published"))[
            [*columns, "file", "line", "key"]
        ],
    }


def _lines(raw: Path, file: str, family: str = "gemstones") -> pd.DataFrame:
    """Losses of a table in JSON lines, with run, step, file and line."""
    rows = pd.read_json(raw / file, lines=True, precise_float=True)
    shape = rows["width"].astype("str") + "x" + rows["depth"].astype("str")
    return pd.DataFrame(
        {
            "run": family + "/" + shape,
            "params": rows["params_active_precise"],
            "step": rows["step"].astype("Int64"),
            "value": rows["final_loss"],
            "file": file,
            "line": rows.index + 1,
        }
    )


def _cooldowns(raw: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Losses of the trunks where cooldowns branch off, and of the branches at their ends."""
    begin = _lines(raw, "wandb_dfs/wandb_df_for_fitting_cool_begin.jsonl")
    end = _lines(raw, "wandb_dfs/wandb_df_for_fitting_cool_end.jsonl", "gemstones-cooldown")
    other = begin["run"].isin([f"gemstones/{shape}" for shape in REPLACED])
    begin["run"] = begin["run"].mask(other, begin["run"].str.replace("gemstones/", "gemstones-abandoned/"))
    # the two files list the same branches in the same order
    end["branch_step"], end["parent_run"] = begin["step"], begin["run"]
    end["run"] += "-" + (begin["step"] * BATCH / 1e9).round().astype("Int64").astype("str") + "b"
    return begin, end


def _sweep(raw: Path) -> pd.DataFrame:
    """Training losses of the sweep, named by shape and learning rate; 1000 steps each (section A.1)."""
    file = "data/preflight_mup_olmo_variant.csv"
    rows = pd.read_csv(raw / file)
    name = rows["Name"].str.extract(r"-(?P<shape>\d+x\d+)_.*_lr(?P<rate>[\de-]+)_")
    return pd.DataFrame(
        {
            "run": "gemstones-lr-sweep/" + name["shape"] + "-" + name["rate"],
            "peak_learning_rate": name["rate"].astype(float),
            "step": pd.array([1000] * len(rows), "Int64"),
            "value": rows["scaling/global_loss"],
            "task": "Dolma 1.7",
            "split": "train",
            "file": file,
            "line": rows.index + 2,
        }
    )


def _others(raw: Path) -> list[pd.DataFrame]:
    """Losses on other corpora, benchmark accuracies and task losses of the main runs."""
    found = [_lines(raw, file).assign(task=task, split="validation") for file, task in _COMBINED.items()]
    rows = []
    for path in sorted((raw / "other_validation_losses/fineweb_losses").glob("*.json")):
        file = path.relative_to(raw).as_posix()
        rows += [(path.stem, place, value, file) for place, value in json.loads(path.read_text("utf-8")).items()]
    fineweb = pd.DataFrame(rows, columns=["model", "key", "value", "file"])
    found.append(fineweb.join(_place(fineweb["model"], fineweb["key"])).assign(task="FineWeb", split="validation"))
    file = "benchmarks/light_eval_df.parquet"
    accuracy, error = (pd.read_parquet(raw / f) for f in (file, file.replace("df.", "df_err.")))
    label = accuracy.index.to_series().str.extract(r"^(?P<model>.*x\d+)-(?P<place>.*)$").reset_index(drop=True)
    wide = _place(label["model"], label["place"]).assign(line=range(1, len(label) + 1))
    names = list(accuracy.columns)
    long = wide.join(accuracy.reset_index(drop=True)).melt(["run", "step", "line"], names, "task")
    long["stderr"] = error.reindex(accuracy.index).reset_index(drop=True).melt()["value"]
    found.append(long.assign(metric="accuracy_norm", shots=0, file=file, key=long["task"]))
    file = "derived/bhagia_task_losses_mean.csv"
    tasks = pd.read_csv(raw / file)
    tasks["line"] = tasks.index + 2
    tasks["task"] += ("/" + tasks["key"]).mask(tasks["key"] == "main", "")
    place = _place(tasks["model"], tasks["checkpoint"])
    answers = tasks.rename(columns={"mean_loss": "value"})[["task", "value", "stderr", "line"]].join(place)
    return [*found, answers.assign(metric="answer_loss", how="extracted", file=file)]


def _place(model: pd.Series, checkpoint: pd.Series) -> pd.DataFrame:
    """Run and step of names such as ``Gemstone-1024x28`` and ``step_00002385``."""
    step = checkpoint.str.removeprefix("step_").replace("main", str(LAST)).astype("int64").astype("Int64")
    return pd.DataFrame({"run": "gemstones/" + model.str.removeprefix("Gemstone-"), "step": step})


def _runs(losses: pd.DataFrame, sweep: pd.DataFrame, end: pd.DataFrame) -> pd.DataFrame:
    """One row per run, with its shape and the recipe of sections 3 and A of the paper."""
    runs = losses.groupby("run", as_index=False).agg(last=("step", "max"), params=("params", "first"))
    runs = pd.concat([runs, sweep[["run"]].assign(last=1000)], ignore_index=True)
    runs = runs.merge(end[["run", "parent_run", "branch_step"]], how="left", on="run")
    runs = runs.merge(sweep[["run", "peak_learning_rate"]], how="left", on="run")
    runs[["family", "recipe"]] = runs["run"].str.split("/", expand=True)
    shape = runs["recipe"].str.extract(r"^(?P<shape>(?P<width>\d+)x(?P<layers>\d+))")
    width, layers = shape["width"].astype(int), shape["layers"].astype(int)
    params = runs["params"].fillna(shape["shape"].map(runs.groupby(shape["shape"])["params"].first()))
    rule = 5 / (width * layers**0.5) * (runs["family"] == "gemstones-lr-ablation").map({True: 0.5, False: 1.0})
    unsure = shape["shape"].isin(PATCHED) & runs["family"].isin(["gemstones", "gemstones-lr-ablation"])
    cooled = runs["parent_run"].notna()
    patched_parent = cooled & (shape["shape"] == "1792x7")
    stated = runs["family"] != "gemstones-lr-sweep"
    return runs.assign(
        params=params,
        params_total=params,
        params_non_embedding=params - 2 * VOCABULARY * width,
        params_basis="total",
        layers=layers,
        width=width,
        heads=width // 128,
        vocabulary=VOCABULARY,
        context=2048,
        batch_tokens=BATCH,
        data="Dolma 1.7",
        architecture="decoder",
        schedule=cooled.map({True: "cooldown", False: "constant"}),
        peak_learning_rate=runs["peak_learning_rate"].fillna(rule.mask(unsure | patched_parent)),
        warmup_tokens=stated.map({True: 80e6, False: None}).astype(float),
        optimizer="AdamW",
        weight_decay=0.1,
        planned_tokens=runs["last"] * float(BATCH),
        branch_tokens=runs["branch_step"] * float(BATCH),
    ).drop(columns=["last", "branch_step"])


def _public(raw: Path) -> pd.DataFrame:
    """Losses of public models on Gemstones' validation text, each over its own tokens."""
    file = "data/our_val_loss_data.json"
    rows = pd.DataFrame(json.loads((raw / file).read_text("utf-8")))
    name = rows["hf_name"].str.split("/").str[1]
    shape = rows.rename(columns={"params": "params_total", "non_emb_params": "params_non_embedding", "depth": "layers"})
    return shape.assign(
        run="gemstones-public/" + name.str.lower(),
        recipe=rows["hf_name"],
        tokens=name.map(PUBLIC_TOKENS),
        value=rows["loss"],
        task="Dolma 1.7",
        split="validation",
        file=file,
        key=[f"loss[{i}]" for i in range(len(rows))],
    )


def _public_runs(public: pd.DataFrame) -> pd.DataFrame:
    shape = ["run", "recipe", "params_total", "params_non_embedding", "layers", "width"]
    return public[shape].assign(
        family="gemstones-public",
        params=public["params_total"],
        params_basis="total",
        vocabulary=public["vocab_size"],
        architecture="decoder",
        planned_tokens=public["tokens"],
    )


SOURCE = Source(
    tables=tables,
    title="Losses and benchmarks of the Gemstones, with cooldowns and a learning-rate ablation",
    repository="mcleish7/gemstone-scaling-laws",
    commit="5f420478f6057b0cbb4d13405fb10ca64675bccb",
    retrieved=datetime.date(2025, 9, 28),
    licence="MIT",
    citation="McLeish et al. 2025, Gemstones: A Model Suite for Multi-Faceted Scaling Laws, arXiv:2502.06857",
    folder="gemstones",
    files=listed(__file__),
    extracted=True,
    note=(
        "Validation losses are single readings. Only derived/bhagia_task_losses_mean.csv is an extract; the other files"
        " stand at the commit. Small shapes are mostly embeddings: 512x11 has 95 M parameters, 43 M without them."
    ),
    corrections=(
        Correction(
            table="metrics",
            where="run = 'gemstones-lr-sweep/3072x12-5e-02' and value > 25",
            reason="diverged: 59.5 nats lies far above a uniform guess",
            date=datetime.date(2026, 11, 21),
            rows=1,
        ),
    ),
)
