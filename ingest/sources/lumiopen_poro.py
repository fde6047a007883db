"""Poro 34B (Finnish, English, code) at 13 checkpoints, and the finished Finnish models FinGPT and BLUUMI.

No losses. Tokens are steps x 4,194,304. Which tasks were run differs from checkpoint to checkpoint; MMLU is 57 tasks,
FIN-bench 36. SQuAD comes in percent, with parts of its questions and with a threshold tuned on the answers, which are
told apart in the task. ``pass@1`` of a program was estimated twice, from one sample and from ten: two values. The
harness writes its numbers of examples per file, version 0.4 (Belebele) per task.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pandas as pd

from ..harness import measured
from ..source import Source, Tables, listed

BATCH = 4_194_304

# Luukkonen et al. 2023 (arXiv:2311.05640), tables 3 and 5, and 2024 (arXiv:2404.01856), section 3. BLUUMI went on from
# BLOOM (366 B tokens) for 40 B tokens.
MODELS = pd.DataFrame(
    [
        ("fingpt/small", "TurkuNLP/gpt3-finnish-small", 186e6, 12, 768, 12, 300e9),
        ("fingpt/medium", "TurkuNLP/gpt3-finnish-medium", 437e6, 24, 1024, 16, 300e9),
        ("fingpt/large", "TurkuNLP/gpt3-finnish-large", 881e6, 24, 1536, 16, 300e9),
        ("fingpt/xl", "TurkuNLP/gpt3-finnish-xl", 1.5e9, 24, 2064, 24, 300e9),
        ("fingpt/3b", "TurkuNLP/gpt3-finnish-3B", 2.8e9, 32, 2560, 32, 300e9),
        ("fingpt/8b", "TurkuNLP/gpt3-finnish-8B", 7.5e9, 32, 4096, 32, 300e9),
        ("fingpt/13b", "TurkuNLP/gpt3-finnish-13B", 13.3e9, 40, 5120, 40, 300e9),
        ("poro/34b", "poro-34b", 34.2e9, 54, 7168, 56, 1e12),
        ("bluumi/176b", "TurkuNLP/bloom-finnish-176b", 176e9, 70, 14336, 112, 406e9),
    ],
    columns=["run", "recipe", "params", "layers", "width", "heads", "planned_tokens"],
)
FAMILIES = pd.DataFrame(
    [
        ("fingpt", "Finnish mixture", "fingpt", "Finished models, seven sizes."),
        ("poro", "Finnish, English and code", "poro", "One model, 13 checkpoints."),
        ("bluumi", "ROOTS, then Finnish", "bloom", "BLOOM, trained on for 40 B tokens."),
    ],
    columns=["family", "data", "related", "note"],
)
#: Parts of SQuAD's scores.
PARTS = {"HasAns_": "squad2/has answer", "NoAns_": "squad2/no answer", "best_": "squad2/best threshold"}


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and metrics, one row per published value."""
    metrics = pd.concat([_file(raw, file) for file in SOURCE.files if (raw / file).is_file()], ignore_index=True)
    runs = MODELS.set_index("run")
    budget = metrics["run"].map(runs["planned_tokens"])
    metrics["tokens"] = (metrics["step"].astype("float64") * BATCH).fillna(budget)
    checkpoints = metrics[["run", "step", "tokens"]].drop_duplicates()
    place = ["run", "step", "metric", "task", "shots"]
    family = MODELS["run"].str.split("/").str[0]
    return {
        "families": FAMILIES.assign(architecture="decoder"),
        "runs": MODELS.assign(
            family=family,
            data=family.map(FAMILIES.set_index("family")["data"]),
            params_basis="nominal",
            architecture="decoder",
            context=2048,
            batch_tokens=(family == "poro").map({True: BATCH, False: None}).astype(float),
            schedule="cosine",
        ),
        "checkpoints": checkpoints.assign(
            tokens_basis=checkpoints["step"].isna().map({True: "planned", False: "step_x_batch"})
        ),
        "metrics": metrics.assign(
            split=metrics["task"].str.startswith("lambada").map({True: "test", False: None}),
            repeat=metrics.groupby(place, dropna=False).cumcount(),
            how="as_published",
        ),
    }


def _file(raw: Path, file: str) -> pd.DataFrame:
    """Values of one file: of the harness, or of the code benchmarks."""
    content = json.loads((raw / file).read_text("utf-8"))
    folder = file.rsplit("/", 1)[0]
    model, _, step = folder.partition("/step")
    tasks = content.get("results") or {t: v for t, v in content.items() if t != "config"}
    prefix = "results." if "results" in content else ""
    shots = content.get("n-shot", {})
    rows = []
    for task, values in tasks.items():
        examples = shots.get(task, content["config"].get("num_fewshot"))
        groups = _squad(values) if task == "squad2" else [(task, "", values)]
        for name, start, group in groups:
            rows += [
                (name, m.metric, m.value, m.stderr, examples, f"{prefix}{task}.{start}{m.name}")
                for m in measured(group)
            ]
    frame = pd.DataFrame(rows, columns=["task", "metric", "value", "stderr", "shots", "key"])
    run = MODELS.set_index("recipe")["run"][model]
    return frame.assign(run=run, step=pd.array([int(step) if step else None] * len(frame), "Int64"), file=file).astype(
        {"shots": "Int64", "stderr": "float64"}
    )


def _squad(values: dict[str, float]) -> list[tuple[str, str, dict[str, float]]]:
    """SQuAD's scores as shares, apart for all questions and for parts of them."""
    shares = {name: value / 100 for name, value in values.items()}
    whole = {name: value for name, value in shares.items() if not name.startswith(tuple(PARTS))}
    parts = [
        (task, start, {name.removeprefix(start): value for name, value in shares.items() if name.startswith(start)})
        for start, task in PARTS.items()
    ]
    return [("squad2", "", whole), *parts]


SOURCE = Source(
    tables=tables,
    title="Evaluations of Poro 34B during training, and of Finnish models",
    repository="LumiOpen/evaluation",
    commit="55500d6e40065e4c10b99f660c65208acf1f98cc",
    retrieved=datetime.date(2024, 4, 3),
    licence="Apache-2.0",
    citation=(
        "Luukkonen et al. 2024, Poro 34B and the Blessing of Multilinguality, arXiv:2404.01856;"
        " Luukkonen et al. 2023, FinGPT: Large Generative Models for a Small Language, arXiv:2311.05640"
    ),
    folder="lumiopen-poro",
    files=listed(__file__),
)
