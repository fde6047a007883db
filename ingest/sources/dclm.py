"""DataComp-LM: models of 411M to 6.9B on some 280 training sets, with a validation loss and 53 tasks when finished.

A study of data sets: most have one size, twelve have three. The columns called perplexity are losses in nats (some lie
below 1; the authors' ``eval_openlm_ckpt.py`` stores the loss under that name), on OpenLM's validation text and on the
answers of the tasks. Those of ``*_swiglutorch`` lie .3 nats above the same data's ``open_lm`` models, so that no law
may mix them. ``params`` is copied from the base configuration also where the vocabulary is another (then left open).
Left out: continuations, whose tokens count the continuation alone; mixed weights; instruction-tuned models; aggregates
other than Core and Extended, and Extended where it was taken over a few tasks.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pandas as pd

from ..corrections import Correction
from ..source import Source, Tables, listed

DATABASE = "assets/DCLM_model_database.csv"
TASKS = "eval/eval_meta_data.csv"

_CC = "cc_v4_resiliparse_rw_v2_bff{}_OH_eli5_vs_rw_v2_bigram_200k_train_0.1"
_RW = "rw_v2_cc_v3_f0.15_resiliparse_fasttext_openhermes_reddit_eli5_vs_rw_v2_bigram_200k_train_{}"
#: Data sets with three sizes.
FAMILIES = {
    "c4_original": "dclm-c4",
    "rw_original": "dclm-refinedweb",
    "rpj_original": "dclm-redpajama",
    "dolma_v1_no_resample": "dclm-dolma",
    "fineweb_edu_sample_350BT": "dclm-fineweb-edu",
    "dfn_10_mean_0.71_2048_baebdddd": "dclm-dfn",
    _RW.format("0.1"): "dclm-fasttext-0.1",
    _RW.format("0.2"): "dclm-fasttext-0.2",
    "fasttext_openhermes_reddit_eli5_vs_rw_v2_bigram_200k_train_minhash.b15.r93_substr": "dclm-fasttext-minhash",
    _CC.format("1shards_shard_3"): "dclm-fasttext-bff1",
    _CC.format("_minngram20_10shards_shard3"): "dclm-fasttext-bff10",
    _CC.format("_minngram20_32shards_shard3"): "dclm-fasttext-bff32",
}

# configurations of OpenLM: beginning of the name, size, parameters, layers, width, heads
SIZES = pd.DataFrame(
    [
        ("d=1024_l=24_h=8", "411m", 411_616_256, 24, 1024, 8),
        ("open_lm_1b", "1.4b", 1_439_795_200, 24, 2048, 16),
        ("open_lm_7b", "6.9b", 6_889_410_560, 32, 4096, 32),
    ],
    columns=["start", "size", "params", "layers", "width", "heads"],
)
VOCABULARY = 50_432
OTHER_VOCABULARY = r"_(?:arcade100k|falcon|gemma|llama|mistral|vocab129k)$"

# nominal size and training tokens, as the authors of each model state them
PUBLIC: dict[str, tuple[float, float | None]] = {
    "Qwen/Qwen2-7B": (7e9, 7e12),
    "deepseek-ai/deepseek-llm-7b-base": (7e9, 2e12),
    "tiiuae/falcon-7b": (7e9, 1.5e12),
    "meta-llama/Llama-2-7b-hf": (7e9, 2e12),
    "meta-llama/Meta-Llama-3-8B": (8e9, 15e12),
    "huggyllama/llama-7b": (6.7e9, 1e12),
    "LLM360/Amber": (6.7e9, 1.26e12),
    "LLM360/CrystalCoder": (6.7e9, 1.4e12),
    "mistralai/Mistral-7B-v0.1": (7e9, None),
    "mistralai/Mistral-7B-v0.3": (7e9, None),
    "m-a-p/neo_7b": (7e9, 4.5e12),
    "mosaicml/mpt-7b": (7e9, 1e12),
    "allenai/OLMo-1.7-7B-hf": (7e9, 2.05e12),
    "allenai/OLMo-1B": (1e9, 3e12),
    "allenai/OLMo-7B": (7e9, 2.5e12),
    "togethercomputer/RedPajama-INCITE-7B-Base": (7e9, 1e12),
    "google/gemma-2b": (2e9, 3e12),
    "google/gemma-7b": (7e9, 6e12),
}

RECIPE = (
    r"-(?:open_lm_\w+?|d=1024_l=24_h=8)-warm=(?P<warm>\d+)-lr=(?P<lr>[\dpe-]+)-wd=(?P<wd>[\dpe-]+)-cd=3e-05"
    r"-bs=(?P<bs>\d+)-mult=[\dp.]+?(?:-seed=(?P<seed>\d+))?(?:-tokens=\d+)?(?P<rest>[_a-z-].*)?\.json$"
)
CONTINUED = r"oh_ft|resumed-from|restarted_optim|cooldown"


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and metrics, one row per published value."""
    models, scores = _database(raw)
    more, more_scores = _files(raw)
    models = pd.concat([models, more], ignore_index=True)
    metrics = pd.concat([scores, more_scores], ignore_index=True).merge(_tasks(raw), how="left", on="key")
    metrics = metrics.assign(
        metric=metrics["metric"].fillna("exact_match"),  # tasks of earlier versions, all of them free answers
        task=metrics["task"].fillna(metrics["key"]),
        split=metrics["metric"].map({"loss": "validation"}),
        how="as_published",
    )
    metrics["repeat"] = metrics.groupby(["run", "key"]).cumcount()
    runs = models.drop_duplicates("run")
    families = pd.DataFrame({"family": runs["family"].drop_duplicates()})
    notes = {"dclm-others": "One size per data set.", "dclm-public": "Public models under the same evaluation."}
    varies = {"dclm-others": "data", "dclm-public": "data and recipe"}
    return {
        "families": families.assign(
            architecture="decoder",
            data=families["family"].map({family: data for data, family in FAMILIES.items()}),
            related="dclm",
            varies=families["family"].map(varies).fillna("hyperparameters"),
            note=families["family"].map(notes).fillna("Several recipes per size; losses of *_swiglutorch lie apart."),
        ),
        "runs": _runs(runs),
        "checkpoints": runs[["run", "tokens"]].assign(
            tokens_basis=(runs["family"] == "dclm-public")
            .map({True: "planned", False: "reported"})
            .where(runs["tokens"].notna())
        ),
        "metrics": metrics,
    }


def _tasks(raw: Path) -> pd.DataFrame:
    """Task, metric and examples of every column of scores."""
    tasks = pd.read_csv(raw / TASKS).rename(columns={"Eval Task": "key", "#shots": "shots"})
    choice = tasks["Task Type"].isin(["multiple choice", "schema"])
    known = tasks[["key", "shots"]].assign(
        task=tasks["key"], metric=choice.map({True: "accuracy", False: "exact_match"})
    )
    names = pd.Series(pd.read_csv(raw / DATABASE, nrows=0).columns)
    answers = names[names.str.startswith("perplexity.")]
    losses = pd.DataFrame({"key": answers, "task": answers.str.removeprefix("perplexity."), "metric": "answer_loss"})
    others = pd.DataFrame(
        [
            ("eval_metrics.perplexity", "open_lm_val", "loss"),
            ("Core", "dclm_core", "centred_accuracy"),
            ("Extended", "dclm_extended", "centred_accuracy"),
        ],
        columns=["key", "task", "metric"],
    )
    return pd.concat([known, losses, others]).astype({"shots": "Int64"})


def _database(raw: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Models of the database, and their scores."""
    table = pd.read_csv(raw / DATABASE)
    models = pd.DataFrame(
        {
            "name": table["Model JSON"],
            "uuid": table["model_uuid"],
            "data": table["Dataset"],
            "model": table["model"],
            "tokens": table["tokens"].astype(float),
            "line": table.index + 2,
        }
    )
    models = _named(models[~models["name"].str.contains(CONTINUED)])
    names = list(table.columns)
    columns = names[names.index("mmlu_zeroshot") : names.index("aqua_cot") + 1]
    columns += ["svamp_cot", "svamp", "Core", "Extended", "eval_metrics.perplexity"]
    columns += [c for c in names if c.startswith("perplexity.")]
    scores = models[["run", "tokens", "line"]].join(table[columns]).melt(["run", "tokens", "line"], columns, "key")
    few = scores["line"].isin(models.loc[models["name"].str.contains("lowvar"), "line"]) & (scores["key"] == "Extended")
    return models, scores[~few].dropna(subset="value").assign(file=DATABASE)


def _files(raw: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Evaluations that the database lacks: further models of the authors, and public ones."""
    models, scores = [], []
    for file in [f for f in SOURCE.files if f.startswith("exp_data") and (raw / f).is_file()]:
        content = json.loads((raw / file).read_text("utf-8"))
        name = Path(file).name
        data, _, rest = name.removeprefix("evaluation_").partition("-warm=")
        data = data.rsplit("-open_lm", 1)[0].rsplit("-d=1024", 1)[0]
        tokens = float(rest.rpartition("-tokens=")[2].partition("_")[0] or "nan") if rest else None
        models.append((name, content.get("model_uuid") or content["uuid"], data, content["model"], tokens))
        metrics = content["eval_metrics"]
        values = {**metrics["icl"], "Core": content["Core"]}
        if "perplexity" in metrics:
            values["eval_metrics.perplexity"] = metrics["perplexity"]
        scores += [(name, key, value, file) for key, value in values.items()]
    found = _named(pd.DataFrame(models, columns=["name", "uuid", "data", "model", "tokens"]))
    long = pd.DataFrame(scores, columns=["name", "key", "value", "file"])
    return found, long.merge(found[["name", "run", "tokens"]]).drop(columns="name")


def _named(models: pd.DataFrame) -> pd.DataFrame:
    """Family and run; a run is named by its size and the beginning of its identifier."""
    public = models["model"].isin(list(PUBLIC))
    family = models["data"].map(FAMILIES).fillna("dclm-others").mask(public, "dclm-public")
    size = models["model"].str.extract(f"^({'|'.join(SIZES['start'])})")[0].map(SIZES.set_index("start")["size"])
    own = size + "-" + models["uuid"].str[:8]
    name = own.mask(public, models["model"].str.split("/").str[-1].str.lower())
    budget = models["model"].map({model: tokens for model, (_, tokens) in PUBLIC.items()})
    return models.assign(
        family=family, size=size, run=family + "/" + name, tokens=models["tokens"].astype(float).fillna(budget)
    )


def _runs(models: pd.DataFrame) -> pd.DataFrame:
    """One row per model, with the recipe that its name holds."""
    models = models.reset_index(drop=True)
    recipe = models["name"].str.extract(RECIPE)
    shape = models[["size"]].merge(SIZES, how="left", on="size")
    public = models["model"].map({model: params for model, (params, _) in PUBLIC.items()})
    params = shape["params"].mask(models["model"].str.contains(OTHER_VOCABULARY)).fillna(public)
    total = params.where(public.isna())
    batch = recipe["bs"].astype(float) * 2048
    # the same data, shape and hyperparameters: other seeds, and trainings that were repeated or kept under two names
    rest = recipe["rest"].str.replace(r"_heavy(?:_copy\d?|_2)?", "", regex=True)
    same = pd.concat([models[["data", "model", "tokens"]], recipe[["warm", "lr", "wd", "bs"]], rest], axis=1)
    repeated = same.duplicated(keep=False) & recipe["lr"].notna()
    group = models["run"].groupby([same[c] for c in same.columns], dropna=False).transform("min")
    return models[["run", "family"]].assign(
        recipe=models["name"].str.removesuffix(".json").str.removeprefix("evaluation_"),
        data=models["data"].where(public.isna()),
        params=params,
        params_total=total,
        params_non_embedding=total - 2 * VOCABULARY * shape["width"],
        params_basis=public.isna().map({True: "total", False: "nominal"}).where(params.notna()),
        layers=shape["layers"].astype("Int64"),
        width=shape["width"].astype("Int64"),
        heads=shape["heads"].astype("Int64"),
        vocabulary=pd.Series(VOCABULARY, models.index, "Int64").where(total.notna()),
        architecture="decoder",
        context=pd.Series(2048, models.index, "Int64").where(public.isna()),
        batch_tokens=batch,
        peak_learning_rate=recipe["lr"].str.replace("p", ".").astype(float),
        schedule=pd.Series("cosine", models.index).where(recipe["lr"].notna()),
        warmup_tokens=recipe["warm"].astype(float) * batch,
        weight_decay=recipe["wd"].str.replace("p", ".").astype(float),
        seed=recipe["seed"].astype("Int64"),
        planned_tokens=models["tokens"].where(public.isna()),
        replicate_group=group.where(repeated),
    )


def _same(run: str, values: int, other: str) -> list[Correction]:
    """Evaluations of a model that stands in the database under another name too."""
    reason = f"scores equal those of {other}, digit for digit or nearly: the same weights under another name"
    date = datetime.date(2026, 11, 21)
    rows = (("runs", 1), ("checkpoints", 1), ("metrics", values))
    return [Correction(table=t, where=f"run = '{run}'", reason=reason, date=date, rows=n) for t, n in rows]


SOURCE = Source(
    tables=tables,
    title="Models of DataComp-LM and their evaluations",
    repository="mlfoundations/dclm",
    commit="361714bdd60bb9b7f4b2d8354cebbf0dec0c329e",
    retrieved=datetime.date(2025, 9, 8),
    licence="MIT",
    citation="Li et al. 2024, DataComp-LM: In search of the next generation of training sets, arXiv:2406.11794",
    folder="dclm",
    files=listed(__file__),
    note="What the authors call perplexity is a loss. 0 in a task can mean that it failed: gsm8k, aqua and others.",
    corrections=(
        *_same("dclm-c4/1.4b-8641512e", 110, "dclm-c4/1.4b-3f4a80cc"),
        *_same("dclm-c4/1.4b-cab08450", 110, "dclm-c4/1.4b-3f4a80cc"),
        *_same("dclm-refinedweb/1.4b-d6eb6f82", 110, "dclm-refinedweb/1.4b-44c95141"),
        Correction(
            table="metrics",
            where="run in ('dclm-others/1.4b-48102e87', 'dclm-others/6.9b-98ed706f') and metric like '%loss'",
            reason="10 nats for good models: the text is cut for another vocabulary than theirs",
            date=datetime.date(2026, 11, 21),
            rows=116,
        ),
    ),
)
