"""A family's data in a report: what it is, its runs and curves."""

from __future__ import annotations

import pandas as pd

from scalebook.analysis.finding import STYLES, Evidence, Shown
from scalebook.analysis.points import Points
from scalebook.analysis.portrait import Portrait
from scalebook.corpus.database import Corpus

from .figures import loss_curves
from .report import Block, Figure, Text
from .sections import grid_of

#: More runs than this are told by size.
MOST_RUNS = 40


def facts(corpus: Corpus, family: str) -> Evidence:
    """One line for each fact; sentences take their numbers from here."""
    (row,) = corpus.frame(
        "select s.*, f.split, f.shots, f.note from families_summary as s join families as f using (family)"
        " where family = ?",
        [family],
    ).to_dict("records")
    told = {
        "training data": row["data"],
        "architecture": row["architecture"],
        "runs": STYLES["count"](row["runs"]),
        "independent runs": STYLES["count"](row["independent_runs"]),
        "sizes with a loss": STYLES["count"](row["sizes"]),
        "smallest size": _si(row["min_params"], "parameters"),
        "largest size": _si(row["max_params"], "parameters"),
        "longest training": _si(row["max_tokens"], "tokens"),
        "checkpoints": STYLES["count"](row["checkpoints"]),
        "losses": STYLES["count"](row["losses"]),
        "loss": _loss(row),
        "differs besides scale": row["varies"],
        "related to": row["related"],
        "note": row["note"],
    }
    known = {name: str(value) for name, value in told.items() if not unknown(value)}
    rows = pd.DataFrame({"fact": list(known), "value": list(known.values())})
    return Evidence(rows, {"fact": Shown("fact"), "value": Shown("value")})


def unknown(value: object) -> bool:
    """Whether a cell says nothing."""
    return value is None or value is pd.NA or (isinstance(value, float) and value != value) or value == ""


def _si(value: float | None, unit: str) -> str | None:
    return None if unknown(value) else f"{STYLES['si'](value)} {unit}"


def _loss(row: dict[object, object]) -> str | None:
    """The canonical loss in words."""
    if unknown(row["metric"]):
        return None
    parts = [row["metric"], row["task"], row["split"], row["loss_unit"]]
    return ", ".join(str(part) for part in parts if not unknown(part))


def _has(evidence: Evidence, fact: str) -> bool:
    return fact in set(evidence.rows["fact"])


def subtitle(known: Evidence) -> str:
    """One line below the title."""
    parts = [known.cell(name, "value") for name in ("architecture", "training data") if _has(known, name)]
    return ", ".join(parts) or "A family of training runs"


def in_short(known: Evidence) -> str:
    """How much there is, in a sentence."""
    said = ["{runs} run" if known.cell("runs", "value") == "1" else "{runs} runs"]
    if _has(known, "smallest size"):
        one = known.cell("smallest size", "value") == known.cell("largest size", "value")
        said.append("of {low}" if one else "from {low} to {high}")
    if _has(known, "longest training"):
        said.append("trained on up to {long}")
    said.append("{losses} losses" if known.cell("losses", "value") != "0" else "no published loss")
    places = {"runs": "runs", "low": "smallest size", "high": "largest size", "long": "longest training"}
    cells = {name: (fact, "value") for name, fact in (places | {"losses": "losses"}).items() if _has(known, fact)}
    return known.say(", ".join(said) + ".", **cells)


def about(known: Evidence, portrait: Portrait) -> list[Block]:
    """Facts, and what a reader must know before relying on them."""
    blocks: list[Block] = []
    if portrait.why:
        blocks.append(Text(f"Nothing can be fitted: {portrait.why}.", role="caution", quoted=True))
    if _has(known, "differs besides scale"):
        said = "Its runs differ in more than scale ({what}): a law of scale describes them roughly."
        blocks.append(Text(known.say(said, what=("differs besides scale", "value")), role="caution"))
    blocks.append(grid_of(known, "The family in the corpus; nothing is listed that the source does not state."))
    return blocks


def runs(corpus: Corpus, portrait: Portrait) -> list[Block]:
    """Every run, or every size where there are many runs."""
    rows = corpus.frame(
        "with ended as (select run, max(tokens) as tokens, count(*) as checkpoints from checkpoints group by run)"
        " select split_part(r.run, '/', 2) as name, r.params, r.params_basis, e.tokens, e.tokens / r.params as ratio,"
        " r.unique_tokens, r.schedule, r.seed, e.checkpoints, l.loss, r.parent_run from runs as r"
        " left join ended as e using (run)"
        " left join (select run, any_value(loss) as loss from final_losses group by run) as l using (run)"
        " where r.family = ? order by r.params, e.tokens, r.run",
        [portrait.family],
    )
    ((unit,),) = corpus.rows("select loss_unit from families_summary where family = ?", [portrait.family])
    if len(rows) <= MOST_RUNS:
        return [grid_of(Evidence(rows, told_of(rows, _run_columns(unit))), "One line for each run.")]
    counted = f"{len(rows):,} runs are too many to list"
    if rows["params"].notna().any():
        sized = rows.groupby("params").agg(
            runs=("name", "size"), shortest=("tokens", "min"), longest=("tokens", "max"), best=("loss", "min")
        )
        table = _grouped(sized.reset_index())
        said = f"{counted}: they are told by size. scalebook sql lists each."
        return [Text(said), grid_of(Evidence(table, told_of(table, _size_columns(unit))), "One line for each size.")]
    said = f"{counted}: these are the first {MOST_RUNS}. scalebook sql lists each."
    shown = rows.head(MOST_RUNS)
    return [Text(said), grid_of(Evidence(shown, told_of(shown, _run_columns(unit))), "The first runs.")]


def _run_columns(unit: str) -> dict[str, Shown]:
    return {
        "name": Shown("run"),
        "params": Shown("parameters", "si"),
        "params_basis": Shown("counting"),
        "tokens": Shown("tokens", "si"),
        "ratio": Shown("tokens per parameter", "si"),
        "unique_tokens": Shown("distinct tokens", "si"),
        "schedule": Shown("schedule"),
        "seed": Shown("seed", "count"),
        "checkpoints": Shown("checkpoints", "count"),
        "loss": Shown(f"last loss [{unit}]", "ratio"),
        "parent_run": Shown("continues"),
    }


def _size_columns(unit: str) -> dict[str, Shown]:
    return {
        "params": Shown("smallest [parameters]", "si"),
        "largest": Shown("largest [parameters]", "si"),
        "runs": Shown("runs", "count"),
        "shortest": Shown("shortest [tokens]", "si"),
        "longest": Shown("longest [tokens]", "si"),
        "best": Shown(f"lowest last loss [{unit}]", "ratio"),
    }


def _grouped(sized: pd.DataFrame) -> pd.DataFrame:
    """At most as many lines as runs would have been: neighbouring sizes together."""
    part = (sized.index * MOST_RUNS // max(len(sized), MOST_RUNS)).astype(int)
    grouped = sized.assign(largest=sized["params"]).groupby(part)
    how = {"params": "min", "largest": "max", "runs": "sum", "shortest": "min", "longest": "max", "best": "min"}
    return grouped.agg(how).reset_index(drop=True)


def told_of(rows: pd.DataFrame, columns: dict[str, Shown]) -> dict[str, Shown]:
    """Columns that say something."""
    return {name: shown for name, shown in columns.items() if rows[name].notna().any()}


def curves(points: Points) -> list[Block]:
    """All losses."""
    told = pd.DataFrame({name: points[name] for name in ("run", "params", "tokens", "loss")})
    caption = (
        "Loss against training tokens, a line for each run, or dots, joined within a size, where runs have one"
        " checkpoint; colours are sizes."
        " Single measurements: no interval is published."
    )
    if points["tokens"].min() < loss_curves.visible_tokens(told)[0]:
        caption += " The very beginning of training, before a ten-thousandth of the longest run, is not shown."
    return [Figure(caption, loss_curves.draw(told, points.unit), f"Loss curves of {points.family}")]
