"""Which column of a user's table is which of ours: by name, by what the user says, and "did you mean" otherwise."""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from scalebook.corpus.errors import Misuse, UnknownName

from ..format import COLUMNS, Asked, Sheet
from ..given import Given

#: Names of the contract with users' files, to those of a sheet.
OURS: Mapping[str, str] = {
    name: {"loss": "value", "lr": "learning_rate"}.get(name, name)
    for name in (
        *("run", "params", "tokens", "loss", "flops", "step", "seed", "unique_tokens", "learning_rate", "lr"),
        *("peak_learning_rate", "schedule", "params_basis", "flops_basis", "metric", "split", "task", "tokenizer"),
        "unit",
    )
}

#: Names that people use, for "did you mean"; none is taken without being asked for.
_LIKELY: Mapping[str, tuple[str, ...]] = {
    "run": ("name", "run_name", "run_id", "model", "model_name", "experiment", "exp", "id"),
    "params": ("n", "n_params", "num_params", "n_parameters", "parameters", "size", "model_size", "param_count"),
    "tokens": ("d", "consumed_tokens", "tokens_seen", "n_tokens", "num_tokens", "total_tokens", "train_tokens"),
    "loss": ("train_loss", "val_loss", "valid_loss", "validation_loss", "eval_loss", "test_loss", "lm_loss", "ce_loss"),
    "step": ("steps", "global_step", "iteration", "iter", "_step"),
}

#: What the user may call a number that counts optimiser steps.
STEPS = frozenset({"step", *_LIKELY["step"]})

_SCALED = re.compile(r"(?P<name>.+?)\s*\*\s*(?P<factor>[0-9.]+(?:[eE][+-]?[0-9]+)?)")

#: Reads columns of a file: names as in the file and their kinds to a table of them with ``line`` or ``key``.
Take = Callable[[Given, Mapping[str, str]], Any]


class Taken(NamedTuple):
    """Where a column of ours is from: a column times a factor, or one number for all rows."""

    theirs: str
    factor: float = 1.0
    constant: float | None = None


def sheet(
    given: Given,
    asked: Asked,
    names: Sequence[str],
    take: Take,
    usual: Mapping[str, str] | None = None,
    run: str | None = None,
    means: tuple[str, str | None] | None = None,
) -> Sheet:
    """Sheet of a table with a row per value.

    Parameters
    ----------
    names : sequence of str
        Columns of the file.
    take : callable
        Reads some of them.
    usual : mapping of str to str, optional
        Columns that tools call otherwise, ours to theirs; a user's word goes first.
    run : str, optional
        Name of the run, where the table is of one run and does not name it.
    means : tuple of metric and split, optional
        What the loss is, where the format knows.

    Raises
    ------
    Misuse
        If a column is missing that is needed.
    """
    import pyarrow as pa

    chosen = choose(given, asked, names, usual or {})
    _complete(given, asked, names, {*chosen, *(("run",) if run else ())})
    kinds: dict[str, str] = {}
    for ours, taken in chosen.items():
        if taken.theirs and kinds.get(taken.theirs) != "text":
            kinds[taken.theirs] = COLUMNS[OURS[ours]]
    table = take(given, kinds)
    columns = {place: table[place] for place in ("line", "key") if place in table.column_names}
    if run and "run" not in chosen:
        columns["run"] = pa.repeat(run, table.num_rows)
    for name, word in zip(("metric", "split"), means or (), strict=False):
        columns[name] = pa.repeat(pa.scalar(word, pa.string()), table.num_rows)
    for ours, taken in chosen.items():
        if taken.constant is not None:
            columns[OURS[ours]] = pa.repeat(taken.constant, table.num_rows)
        elif COLUMNS[OURS[ours]] == "number":
            columns[OURS[ours]] = _numbers(table[taken.theirs], taken.factor)
        else:
            columns[OURS[ours]] = table[taken.theirs]
    counted = chosen.get("tokens")
    stepped = counted is not None and counted.theirs.lower() in STEPS and counted.factor != 1
    return Sheet(pa.table(columns), step_tokens=stepped)


def _numbers(column: Any, factor: float) -> Any:
    """A column as numbers; Arrow's arithmetic is loaded only where it is needed: it is slow to load."""
    import pyarrow as pa

    if column.type != pa.float64():
        column = column.cast(pa.float64())
    if factor == 1:
        return column
    import pyarrow.compute as pc

    return pc.multiply(column, pa.scalar(factor))


def _complete(given: Given, asked: Asked, names: Sequence[str], there: set[str]) -> None:
    """Everything that is needed is in the file or was said."""
    step = "--tokens-per-step T" if "step" in there else "--column step=NAME and --tokens-per-step T"
    other = {
        "params": ", --column params=N for all runs, or (scalebook ingest) --params RUN=N for each",
        "tokens": f" or, if it counts steps, {step}",
    }
    said = {"params": asked.params is not None, "tokens": "step" in there and asked.tokens_per_step is not None}
    missing = [c for c in ("run", "params", "tokens", "loss") if c not in there and not said.get(c)]
    if missing:
        told = [_perplexity(c, names, asked) or lacks(c, names, other.get(c, "")) for c in missing]
        raise Misuse(f"{given.path} {'; it '.join(told)}{had(names)}")


def _perplexity(wanted: str, names: Sequence[str], asked: Asked) -> str:
    """Words on a loss that is missing where there is a perplexity: which column, and what it is, at once."""
    found = [name for name in names if kind_of(name)[0] == "perplexity"]
    if wanted != "loss" or not found or likely("loss", names):
        return ""
    metric = "" if asked.metric == "perplexity" else " --metric perplexity"
    return f"has no column 'loss' and has {found[0]!r}: say --column loss={found[0]}{metric}"


def choose(given: Given, asked: Asked, names: Sequence[str], usual: Mapping[str, str]) -> dict[str, Taken]:
    """Our columns to those of the file.

    Raises
    ------
    Misuse
        If a column that is asked for is not there, or is there twice.
    """
    chosen = {}
    for ours, theirs in asked.columns.items():
        if ours not in OURS:
            turned = f"; did you mean {theirs}={ours}?" if theirs in OURS else ""
            raise Misuse(f"--column {ours}={theirs}: our columns are {', '.join(OURS)}{turned}")
        if theirs:
            chosen[ours] = _said(given, ours, theirs, names, asked.called if ours == "loss" else ours)
    plain = {name.strip().lower(): name for name in reversed(names)}
    for ours, sheets in OURS.items():
        there = {OURS[name] for name in chosen}  # the learning rate has two names
        if ours not in asked.columns and sheets not in there and (found := plain.get(ours) or usual.get(ours)):
            chosen[ours] = Taken(found)
    for ours, taken in chosen.items():
        if names.count(taken.theirs) > 1:
            raise Misuse(
                f"{given.path} has several columns {taken.theirs!r}, of which one would be {ours!r}: rename one"
            )
    return chosen


def _said(given: Given, ours: str, theirs: str, names: Sequence[str], called: str) -> Taken:
    """What ``ours=theirs`` means: a column, a column times a factor, or a number."""
    if theirs in names:
        return Taken(theirs)
    scaled = _SCALED.fullmatch(theirs) if COLUMNS[OURS[ours]] == "number" else None
    if scaled and scaled["name"] in names:
        return Taken(scaled["name"], float(scaled["factor"]))
    if COLUMNS[OURS[ours]] == "number" and ours != "loss":
        with contextlib.suppress(ValueError):
            return Taken("", constant=float(theirs))
    wanted = scaled["name"] if scaled else theirs
    raise Misuse(f"--column {called}={theirs}: {given.path} {lacks(wanted, names)}{had(names)}")


def lacks(wanted: str, names: Sequence[str], other: str = "") -> str:
    """Words on a column that is not there, with the one that was probably meant.

    Parameters
    ----------
    wanted : str
        Name of ours or of the user's.
    other : str
        Another way to say it.
    """
    near = likely(wanted, names)
    meant = f": did you mean {near!r}?" if near else ""
    if wanted not in OURS:
        return f"has no column {wanted!r}{meant}"
    return f"has no column {wanted!r}{f'{meant} Say' if meant else ': say'} --column {wanted}={near or 'NAME'}{other}"


def had(names: Sequence[str]) -> str:
    """The columns that are there."""
    return f" (it has {', '.join(names[:20])}" + (f" and {len(names) - 20} more)" if len(names) > 20 else ")")


def likely(wanted: str, names: Sequence[str]) -> str:
    """The name that most probably means the wanted one; empty if none does.

    Examples
    --------
    >>> likely("tokens", ["run", "consumed_tokens"]), likely("params", ["Size"]), likely("loss", ["x"])
    ('consumed_tokens', 'Size', '')
    """
    ends = {re.split(r"[/.]", name.strip().lower())[-1]: name for name in reversed(names)}
    whole = {name.strip().lower(): name for name in reversed(names)}
    for word in (wanted, *_LIKELY.get(wanted, ())):
        if found := whole.get(word) or ends.get(word):
            return found
    if part := next((name for name in names if wanted in re.split(r"[^a-z0-9]+", name.lower())), ""):
        return part
    close = difflib.get_close_matches(wanted.lower(), list(whole), n=1, cutoff=0.6)
    return whole[close[0]] if close else ""


def kind_of(name: str) -> tuple[str | None, str | None]:
    """Metric and split that a tool's name of a column speaks of; None where it does not.

    Examples
    --------
    >>> kind_of("train/loss"), kind_of("eval/pile-validation/Perplexity"), kind_of("throughput")
    (('loss', 'train'), ('perplexity', 'validation'), (None, None))
    """
    words = set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))
    last = re.findall(r"[a-z]+", re.split(r"[/.]", name.lower())[-1])
    metric = None
    if words & {"perplexity", "ppl"}:
        metric = "perplexity"
    elif last and (last[-1].endswith(("loss", "nll", "xent")) or last[-1] in ("ce", "crossentropy")):
        metric = "loss"
    elif words & {"acc", "accuracy"}:
        metric = "accuracy"
    splits = (
        ("train", {"train", "training"}),
        ("test", {"test"}),
        ("validation", {"val", "valid", "validation", "eval"}),
    )
    return metric, next((split for split, known in splits if words & known), None)


def choose_loss(given: Given, asked: Asked, names: Sequence[str]) -> tuple[Taken, str, str | None]:
    """The column that is the loss in a log that has names of its own, its metric and its split.

    Raises
    ------
    Misuse
        If none or several could be, or its name does not say what it is.
    """
    if asked.columns.get("loss"):
        taken = _said(given, "loss", asked.columns["loss"], names, asked.called)
    else:
        losses = [n for n in names if kind_of(n)[0] == (asked.metric or "loss")] or names
        if len(losses) != 1:
            several = (
                f"several losses ({', '.join(losses)})"
                if losses is not names
                else f"no loss of that name ({', '.join(names)})"
            )
            raise Misuse(f"{given.path} holds {several}: say which is meant with --column loss=NAME")
        taken = Taken(losses[0])
    metric, split = kind_of(taken.theirs)
    if (metric := asked.metric or metric) is None:
        raise Misuse(
            f"{given.path} holds {taken.theirs!r}, whose name does not say what it is: say --metric loss, perplexity,"
            " bits_per_byte, accuracy, ..."
        )
    return taken, metric, split


def known_metric(name: str) -> str:
    """Name of a metric, if the dictionary has it.

    Raises
    ------
    UnknownName
        If it has not.
    """
    from scalebook.corpus.metric_names import METRICS

    if name not in METRICS:
        raise UnknownName("metric", name, METRICS)
    return name
