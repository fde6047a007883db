"""A user's own runs: files in, checked runs out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalebook.corpus.errors import Misuse, UnknownName

from .arrow import Numbers
from .format import NOTHING, Asked, Format, recognise
from .given import Given
from .own_rows import Kind, Rows, joined
from .plausible import check_looks, check_numbers, check_progress, check_ranges

if TYPE_CHECKING:
    import pandas as pd

Files = Path | str | Sequence[Path | str]


@dataclass(frozen=True)
class OwnRuns:
    """Checked values of a user's runs.

    Parameters
    ----------
    rows : Rows
        Sorted by size, run, and tokens.
    loss : Kind or None
        Which of them are the loss; None where they are scores only.
    formats : tuple of str
        Titles of the formats of the files.
    """

    rows: Rows
    loss: Kind | None
    formats: tuple[str, ...]


def load_runs(
    file: Files,
    columns: Mapping[str, str] | None = None,
    *,
    tokens_per_step: float | None = None,
    params: float | Mapping[str, float] | None = None,
    metric: str | None = None,
    format: str = "auto",
    trusted: bool = False,
) -> pd.DataFrame:
    """A user's own runs, checked.

    Parameters
    ----------
    file : path, or several
        CSV, TSV, Parquet or JSON Lines with ``run, params, tokens, loss`` and, optionally, ``flops, step, seed,
        unique_tokens, learning_rate, peak_learning_rate, schedule, params_basis, flops_basis, metric, split, task``;
        an export of Weights & Biases; ``trainer_state.json``. Only read.
    columns : mapping of str to str, optional
        Our name to the file's: ``{"tokens": "consumed_tokens"}``; with a factor, ``{"tokens": "tokens_b*1e9"}``; a
        number for all rows, ``{"params": "1.3e9"}``; or empty, for a column of that name that means something else.
    tokens_per_step : float, optional
        Tokens of one optimiser step, for files that count steps.
    params : float or mapping of str to float, optional
        Size of every run, or of each by its name, for files that do not say it.
    metric : str, optional
        What the losses are, or which of several metrics is the loss: ``perplexity``, ``bits_per_byte``, ...
    format : str
        Name of a format, or ``"auto"``.
    trusted : bool
        Take sizes, tokens and losses that look wrong.

    Returns
    -------
    pandas.DataFrame
        ``run, params, tokens, loss, flops, flops_basis`` and what else is known, sorted by size, run and tokens. The
        loss is a natural logarithm in ``attrs["unit"]``; ``flops`` is 6 N D where ``flops_basis`` says so. What was
        left out stands in ``attrs["notes"]``.

    Raises
    ------
    Misuse
        If a file cannot be read or lacks something, or holds what cannot be, with the place and what to do.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "mine.csv")
    ...     _ = file.write_text("run,size,step,loss\\nsmall,1e8,1000,3.5\\nsmall,1e8,2000,3.25\\n")
    ...     load_runs(file, {"params": "size"}, tokens_per_step=524288)[["run", "tokens", "loss"]]
         run        tokens  loss
    0  small  5.242880e+08  3.50
    1  small  1.048576e+09  3.25
    """
    import pandas as pd

    held, unit, notes = losses(read_runs(file, Asked(columns or {}, tokens_per_step, params, metric, trusted), format))
    frame = pd.DataFrame(held)
    frame.attrs = {"unit": unit, "notes": notes}
    return frame


def read_runs(file: Files, asked: Asked = NOTHING, format: str = "auto") -> OwnRuns:
    """Runs of one or more files, checked and sorted; the arguments are those of `load_runs`."""
    files = [Given.open(f) for f in ([file] if isinstance(file, Path | str) else file)]
    if not files:
        raise Misuse("no file was named")
    forms = [recognise(given, format) for given in files]
    sheets = [form.read(given, asked) for form, given in zip(forms, files, strict=True)]
    rows = joined([given.path for given in files], sheets, asked.metric)
    check_numbers(rows)
    rows = _with_tokens(_with_sizes(rows, asked, forms), asked, forms)
    check_ranges(rows, asked)
    rows = _once(rows)
    check_progress(rows)
    check_looks(rows, asked)
    told = {Kind(*sheet.loss) for sheet in sheets if sheet.loss}
    return OwnRuns(rows, _loss(rows, asked, told, forms), tuple(dict.fromkeys(f.title for f in forms)))


def losses(runs: OwnRuns) -> tuple[dict[str, NDArray[Any]], str, tuple[str, ...]]:
    """The losses as columns to fit to, their unit, and what was left out.

    Raises
    ------
    Misuse
        If there is no loss.
    """
    if runs.loss is None:
        shown = ", ".join(sorted({kind.metric for kind in runs.rows.kinds}))
        raise Misuse(f"{runs.rows.files[0]} holds {shown} and no loss: there is nothing to fit a law to")
    rows = runs.rows.where(runs.rows.codes["kind"] == runs.rows.kinds.index(runs.loss))
    for name in ("params", "tokens"):
        if np.isnan(rows[name]).any():
            raise Misuse(f"{rows.place(np.argmax(np.isnan(rows[name])))} does not say the {name}: --column {name}=N")
    begun = rows["tokens"] > 0
    notes = rows.notes + ((f"{(~begun).sum():,} losses before training left out",) if not begun.all() else ())
    rows = rows.where(begun)
    if not len(rows):
        raise Misuse(f"{rows.files[0]} has a loss at 0 tokens only")
    stated = ~np.isnan(rows["flops"])
    held: dict[str, NDArray[Any]] = {
        "run": np.array(rows.runs, dtype=object)[rows.run],
        "params": rows["params"],
        "tokens": rows["tokens"],
        "loss": as_loss(runs.loss, rows["value"]),
        "flops": np.where(stated, rows["flops"], 6 * rows["params"] * rows["tokens"]),
        "flops_basis": np.where(stated, _counted(rows), "6nd").astype(object),
    }
    for name in ("step", "seed", "unique_tokens", "learning_rate", "peak_learning_rate"):
        if name in rows.numbers and not np.isnan(rows[name]).all():
            held[name] = rows[name]
    for name in ("schedule", "params_basis"):
        if any(rows.words.get(name, ())):
            held[name] = rows.label(name)
    return held, "nats/" + runs.loss.entry.unit.partition("/")[2], notes


def _counted(rows: Rows) -> NDArray[np.object_] | str:
    """How stated FLOPs were counted."""
    label = rows.label("flops_basis") if "flops_basis" in rows.words else ""
    return np.where(label == "", "reported", label)


def as_loss(kind: Kind, values: Numbers) -> Numbers:
    """Values as natural logarithms, like the view ``losses``."""
    if kind.entry.kind == "perplexity":
        return np.log(values)
    return values * np.log(2) if kind.entry.kind == "compression" else values


def _with_sizes(rows: Rows, asked: Asked, forms: Sequence[Format]) -> Rows:
    """One size, seed and amount of data per run, from the file or as said."""
    for name in ("params", "seed", "unique_tokens", "peak_learning_rate"):
        rows = _one_per_run(rows, name)
    given = asked.params
    if isinstance(given, Mapping):
        if unknown := [name for name in given if name not in rows.runs]:
            raise UnknownName("run", unknown[0], rows.runs)
        said = np.array([given.get(name, np.nan) for name in rows.runs])
    else:
        said = np.full(len(rows.runs), np.nan if given is None else given)
    own = rows.last("params")
    if (clash := (said != own) & ~np.isnan(said) & ~np.isnan(own)).any():
        n = np.argmax(clash)
        raise Misuse(
            f"run {rows.runs[n]!r} has params {own[n]:g} in its file, and --params says {said[n]:g}: leave out one"
        )
    sizes = np.where(np.isnan(own), said, own)
    if (missing := np.isnan(sizes) & (np.bincount(rows.run[_needed(rows, forms)], minlength=len(sizes)) > 0)).any():
        names = [name for name, none in zip(rows.runs, missing, strict=True) if none]
        raise Misuse(
            f"{rows.files[0]} does not say the size of {', '.join(map(repr, names[:5]))}: scalebook ingest --runs FILE"
            f" --params '{names[0]}=N' for each run, or --params N for all (in Python: params=...)"
        )
    rows = rows.having(params=sizes[rows.run])
    check_numbers(rows)
    return rows


def _one_per_run(rows: Rows, name: str) -> Rows:
    """A number that is one for a whole run, filled in where rows do not repeat it."""
    if name not in rows.numbers:
        return rows
    values = rows[name]
    most = rows.last(name)
    differs = values < most[rows.run]
    if differs.any():
        row = np.argmax(differs)
        run = rows.run[row]
        raise Misuse(
            f"{rows.place(row)}: run {rows.runs[run]!r} has {name} {values[row]:.10g} here and {most[run]:.10g}"
            " elsewhere: a run is one training of one model; give each a name of its own"
        )
    return rows.having(**{name: most[rows.run]})


def _with_tokens(rows: Rows, asked: Asked, forms: Sequence[Format]) -> Rows:
    """Tokens as the file counts them, else steps times tokens per step."""
    each = asked.tokens_per_step
    if each is not None and not (each > 0 and np.isfinite(each)):
        raise Misuse(f"--tokens-per-step must be a positive number, and is {each:g}")
    counted = ~np.isnan(rows["tokens"])
    if each is not None and counted.any():
        row = np.argmax(counted)
        raise Misuse(
            f"{rows.place(row)}: the file counts tokens itself ({rows['tokens'][row]:g}): leave out --tokens-per-step,"
            " or leave out its tokens with --column tokens="
        )
    if each is not None:
        rows = replace(rows.having(tokens=rows["step"] * each), stepped=True)
        counted = ~np.isnan(rows["tokens"])
    missing = ~counted & _needed(rows, forms)
    if missing.any():
        raise Misuse(f"{rows.place(np.argmax(missing))}: neither tokens nor a step ({missing.sum():,} such rows)")
    return rows


def _needed(rows: Rows, forms: Sequence[Format]) -> NDArray[np.bool_]:
    """Rows that are of no use without size and tokens: all but scores."""
    return np.array([not form.evaluations for form in forms])[rows.codes["file"]]


def _once(rows: Rows) -> Rows:
    """Rows sorted by size, run and tokens, each value once.

    Raises
    ------
    Misuse
        If a run has two values of one kind at one place.
    """
    sizes = rows.last("params")
    rank = np.empty(len(rows.runs), np.int32)
    rank[sorted(range(len(rank)), key=lambda n: (np.nan_to_num(sizes[n]), rows.runs[n]))] = np.arange(len(rank))
    tokens, step = (np.nan_to_num(rows[name], nan=-1) for name in ("tokens", "step"))
    keys = (rank[rows.run], rows.codes["kind"], tokens, step)
    order = np.lexsort((keys[1], keys[3], keys[2], keys[0]))
    same = np.ones(len(rows) - 1, bool)
    for key in keys:
        same &= key[order[1:]] == key[order[:-1]]
    differs = same & (rows["value"][order[1:]] != rows["value"][order[:-1]])
    if differs.any():
        at = np.argmax(differs)
        first, second = sorted((order[at], order[at + 1]))
        run, kind = rows.runs[rows.run[first]], rows.kinds[rows.codes["kind"][first]]
        raise Misuse(
            f"{rows.place(second)}: run {run!r} has two values of {kind} at one place, {rows['value'][first]:g}"
            f" ({rows.place(first)}) and {rows['value'][second]:g}: keep one of them, or give different trainings"
            " (seeds) different names"
        )
    notes = (f"{same.sum():,} repeated rows left out",) if same.any() else ()
    order = order[np.r_[True, ~same]]
    sorted_already = len(order) == len(rows) and (order[1:] > order[:-1]).all()
    return rows if sorted_already else rows.where(order, *notes)


def _loss(rows: Rows, asked: Asked, told: set[Kind], forms: Sequence[Format]) -> Kind | None:
    """Which values are the loss: those that the format names, or the only ones that could be."""
    found = [kind for kind in rows.kinds if kind.is_loss and (asked.metric in (None, kind.metric))]
    if len(told & set(found)) == 1:
        return next(iter(told & set(found)))
    if len(found) > 1 and all(form.evaluations for form in forms):
        return None
    if len(found) > 1:
        named = len({kind.metric for kind in found}) == len(found)
        remedy = (
            f"say which is the loss, such as --metric {found[0].metric}" if named else "give each in a file of its own"
        )
        raise Misuse(f"{rows.files[0]} mixes {', '.join(map(str, found))}: {remedy}")
    if asked.metric is not None and not any(kind.metric == asked.metric for kind in rows.kinds):
        raise UnknownName("metric in the file", asked.metric, {kind.metric for kind in rows.kinds})
    return found[0] if found else None
