"""StableLM: five models of the authors and 23 public ones, finished, on a zero-shot suite with LAMBADA's perplexity.

No losses on held-out text, and no sizes or tokens: sizes are those of the names, tokens are given for the authors' own
models only. Four files each hold one leaderboard task of two models called "beta", which are named nowhere else.
"""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import pandas as pd

from ..harness import measured
from ..source import Source, Tables, listed

# Tokens of the repository's README: 800 B, 1.1 T, and 1 T four times.
OWN = {
    "stablelm/base-alpha-3b": 800e9,
    "stablelm/base-alpha-7b": 800e9,
    "stablelm/base-alpha-3b-v2": 1.1e12,
    "stablelm/base-alpha-7b-v2": 1.1e12,
    "stablelm/3b-4e1t": 4e12,
}
CHAT = "stablelm-external/qwen-7b-chat"


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and metrics, one row per published value."""
    rows = []
    for file in [f for f in SOURCE.files if (raw / f).is_file()]:
        content = json.loads((raw / file).read_text("utf-8"))
        place = (_run(file), file, content["config"]["num_fewshot"])
        for task, values in content["results"].items():
            rows += [(*place, task, m.metric, m.value, m.stderr, f"results.{task}.{m.name}") for m in measured(values)]
    columns = ["run", "file", "shots", "task", "metric", "value", "stderr", "key"]
    metrics = pd.DataFrame(rows, columns=columns)
    metrics["tokens"] = metrics["run"].map(OWN)
    checkpoints = metrics[["run", "tokens"]].drop_duplicates()
    return {
        "families": pd.DataFrame(
            {
                "family": ["stablelm", "stablelm-external"],
                "architecture": "decoder",
                "metric": "target_perplexity",
                "task": "lambada_openai",
                "split": "test",
                "shots": 0,
                "varies": ["data and recipe", "data and architecture"],
                "related": ["stablelm", "others"],
                "note": ["Finished models.", "Finished models of other authors."],
            }
        ),
        "runs": _runs(checkpoints),
        "checkpoints": checkpoints.assign(
            tokens_basis=checkpoints["tokens"].isna().map({True: None, False: "planned"})
        ),
        "metrics": metrics.assign(
            split=(metrics["task"] == "lambada_openai").map({True: "test", False: None}), how="as_published"
        ),
    }


def _run(file: str) -> str:
    """Run from the name of a file.

    Examples
    --------
    >>> _run("evals/external/kittn_mistral-7B-v0.1-hf.json")
    'stablelm-external/mistral-7b-v0.1-hf'
    >>> _run("evals/open_llm_leaderboard/stablelm-beta-3b-v2-arc-challenge.json")
    'stablelm/beta-3b-v2'
    """
    stem = Path(file).stem.lower()
    if "/external/" in file:
        owner = r"^(?:openlm-research|meta-llama|baichuan-inc|[a-z]+)[-_]"
        return "stablelm-external/" + re.sub(owner, "", stem)
    task = r"-(?:arc-challenge|hellaswag|mmmlu|truthfulqa_mc)$"
    return "stablelm/" + re.sub(task, "", stem).removeprefix("stablelm-")


def _runs(models: pd.DataFrame) -> pd.DataFrame:
    """Runs with the size that their name gives."""
    run = models["run"]
    size = run.str.replace(r"(\d)b(\d)$", r"\1.\2b", regex=True)  # 7b1 is 7.1 billion
    billions = size.str.extract(r"[-_/](\d+(?:\.\d+)?)b(?:$|[-_])")[0].astype(float)
    return pd.DataFrame(
        {
            "run": run,
            "family": run.str.split("/").str[0],
            "recipe": run.str.split("/").str[1],
            "params": billions * 1e9,
            "params_basis": billions.isna().map({True: None, False: "nominal"}),
            "architecture": "decoder",
            "planned_tokens": models["tokens"],
            "parent_run": (run == CHAT).map({True: CHAT.removesuffix("-chat"), False: None}),
            "unique_tokens": (run == "stablelm/3b-4e1t").map({True: 1e12, False: None}).astype(float),
            "epochs": (run == "stablelm/3b-4e1t").map({True: 4.0, False: None}).astype(float),
        }
    )


SOURCE = Source(
    tables=tables,
    title="Zero-shot evaluations of StableLM and public models",
    repository="Stability-AI/StableLM",
    commit="93eea082c49c61e64da1a0e1092fe82cc74b46d3",
    retrieved=datetime.date(2024, 4, 8),
    licence="Apache-2.0",
    citation="Stability AI 2023, StableLM: Stability AI Language Models, github.com/Stability-AI/StableLM",
    folder="stablelm-evals",
    files=listed(__file__),
)
