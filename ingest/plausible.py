"""What cannot be, or can hardly be, in a user's runs, in a sentence that says what to do about it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scalebook.corpus.errors import Misuse

from .arrow import Numbers
from .format import Asked
from .own_rows import Rows, called

#: What every number must be, and the word for it; not-a-number is unknown and may be.
_MUST: dict[str, tuple[Callable[[Numbers], NDArray[np.bool_]], str]] = {
    "params": (lambda v: v > 0, "a positive number"),
    "tokens": (lambda v: v >= 0, "a number from 0"),
    "step": (lambda v: (v >= 0) & (v == np.floor(v)), "a whole number from 0"),
    "flops": (lambda v: v > 0, "a positive number"),
    "seed": (lambda v: v == np.floor(v), "a whole number"),
    "unique_tokens": (lambda v: v > 0, "a positive number"),
    "learning_rate": (lambda v: v >= 0, "a number from 0"),
    "peak_learning_rate": (lambda v: v > 0, "a positive number"),
    "stderr": (lambda v: v >= 0, "a number from 0"),
}

#: Fewer parameters than a language model can have, and than any has that is of use.
FEWEST_PARAMS, FEW_PARAMS = 1e3, 1e4

#: Fewer tokens than any run sees, and so few per parameter. The largest ratio of a family of the corpus is 2.3 at
#: least, and a run of twenty tokens per parameter whose steps were taken for tokens has less from 200 tokens a step on.
FEW_TOKENS, FEW_TOKENS_PER_PARAM = 1e6, 0.1

#: The last loss of a run, in nats per token, beyond which it hardly is one.
HIGH_LOSS = 8.0

_TRUST = " (if it is right as it stands: --trust)"


def check_numbers(rows: Rows) -> None:
    """Numbers are what they must be.

    Raises
    ------
    Misuse
        With the first place, the value, and how many such rows there are.
    """
    for name, (test, word) in _MUST.items():
        values = rows[name]
        wrong = ~(test(values) | np.isnan(values))
        if wrong.any():
            row = np.argmax(wrong)
            found = f"{called(name)!r} must be {word}, and is {values[row]:g} ({wrong.sum():,} such rows)"
            raise Misuse(f"{rows.place(row)}: {found}")


def check_ranges(rows: Rows, asked: Asked) -> None:
    """Values lie in the range of their metric.

    Raises
    ------
    Misuse
        With what the value looks like instead.
    """
    for code, kind in enumerate(rows.kinds):
        metric, values = kind.entry, rows["value"]
        outside = (values < metric.low) | (values > metric.high) | (kind.is_loss & (values <= 0))
        wrong = outside & (rows.codes["kind"] == code)
        if not wrong.any():
            continue
        row = np.argmax(wrong)
        value, column = values[row], asked.columns.get("loss", "loss")
        if kind.entry.kind == "log-loss" and value > metric.high:
            looks = (
                "this looks like a perplexity, or a score in percent: say --metric perplexity, or --metric accuracy and"
                f" --column 'loss={column}*0.01'; a spike of a real loss must be left out"
            )
        elif metric.unit == "share" and 1 < value <= 100:
            looks = f"this looks like percent: say --column '{asked.called}={column}*0.01'"
        else:
            least = "is above 0 and at most" if kind.is_loss and metric.low <= 0 else f"lies between {metric.low:g} and"
            looks = f"{kind.metric} {least} {metric.high:g} {metric.unit}; leave such rows out, or empty the value"
        raise Misuse(f"{rows.place(row)}: {kind.metric} is {value:g} ({wrong.sum():,} such rows): {looks}")


def check_looks(rows: Rows, asked: Asked) -> None:
    """Sizes, tokens and losses are of the order of magnitude that they have in training; not asked when trusted.

    Raises
    ------
    Misuse
        With what they look like instead, and how to say so.
    """
    _sizes(rows, asked)
    if not asked.trusted:
        _tokens(rows, asked)
        _losses(rows, asked)


def _sizes(rows: Rows, asked: Asked) -> None:
    params = rows.last("params")
    fewest = np.nanmin(params, initial=np.inf)
    if fewest >= FEW_PARAMS or (asked.trusted and fewest >= FEWEST_PARAMS):
        return
    column = asked.columns.get("params", "params")
    raise Misuse(
        f"{rows.files[0]}: 'params' of run {rows.runs[np.nanargmin(params)]!r} is {fewest:g}: give parameters, not"
        f" billions or millions of them: --column 'params={column}*1e9' or --column 'params={column}*1e6'"
        + (_TRUST if fewest >= FEWEST_PARAMS else "")
    )


def _tokens(rows: Rows, asked: Asked) -> None:
    tokens, params = rows.last("tokens"), rows.last("params")
    most, ratio = np.nanmax(tokens, initial=-np.inf), np.nanmax(tokens / params, initial=-np.inf)
    if np.isnan(tokens).all() or (most >= FEW_TOKENS and not ratio < FEW_TOKENS_PER_PARAM) or rows.stepped:
        return
    column = asked.columns.get("tokens", "tokens")
    few = "fewer than any run sees" + (f" ({ratio:.2g} per parameter at most)" if most >= FEW_TOKENS else "")
    raise Misuse(
        f"{rows.files[0]}: the largest 'tokens' is {most:g}, {few}: if it counts steps, say --column"
        f" tokens= --column step={column} --tokens-per-step T; if billions, say --column 'tokens={column}*1e9'{_TRUST}"
    )


def _losses(rows: Rows, asked: Asked) -> None:
    for code, kind in enumerate(rows.kinds):
        if kind.metric != "loss":
            continue
        of = rows.where(rows.codes["kind"] == code)
        first, last, runs = _ends(of)
        if np.median(last) > HIGH_LOSS:
            raise Misuse(
                f"{rows.files[0]}: the last loss of a run is {np.median(last):.3g} in the median, too high for nats per"
                f" token: if they are perplexities, say --metric perplexity{_TRUST}"
            )
        rise = np.mean(last > first)
        if of["value"].max() <= 1 and rise > 0.5 and runs:
            raise Misuse(
                f"{rows.files[0]}: the losses lie between 0 and 1 and rise in training: if they are scores, say"
                f" --metric accuracy (a law needs a loss){_TRUST}"
            )


def _ends(rows: Rows) -> tuple[Numbers, Numbers, int]:
    """First and last value of each run in training, shape (runs,), and how many runs have more than one."""
    when = np.nan_to_num(rows["tokens"], nan=0) + np.nan_to_num(rows["step"], nan=0)
    order = np.lexsort((when, rows.run))
    run = rows.run[order]
    starts = np.flatnonzero(np.r_[True, run[1:] != run[:-1]])
    ends = np.r_[starts[1:], len(run)] - 1
    values = rows["value"][order]
    return values[starts], values[ends], int((ends > starts).sum())


def check_progress(rows: Rows) -> None:
    """Tokens grow with steps.

    Raises
    ------
    Misuse
        If the tokens of a run fall, or stay the same, while its steps go on.
    """
    known = np.flatnonzero(~(np.isnan(rows["step"]) | np.isnan(rows["tokens"])))
    order = known[np.lexsort((rows["tokens"][known], rows["step"][known], rows.run[known]))]
    run, step, tokens = rows.run[order], rows["step"][order], rows["tokens"][order]
    onward = (run[1:] == run[:-1]) & (step[1:] > step[:-1])
    fall = onward & (tokens[1:] < tokens[:-1])
    if fall.any():
        at = np.argmax(fall)
        raise Misuse(
            f"{rows.place(order[at + 1])}: run {rows.runs[run[at]]!r} has {tokens[at + 1]:g} tokens at step"
            f" {step[at + 1]:g} but {tokens[at]:g} at step {step[at]:g}: give the tokens since the start of training"
        )
    moved = np.zeros(len(rows.runs), int)
    steps = np.zeros(len(rows.runs), int)
    np.add.at(steps, run[1:][onward], 1)
    np.add.at(moved, run[1:][onward], (tokens[1:] > tokens[:-1])[onward])
    still = (steps >= 3) & (moved == 0)
    if still.any():
        name = rows.runs[np.argmax(still)]
        same = tokens[run == np.argmax(still)][0]
        raise Misuse(
            f"{rows.files[0]}: run {name!r} has {same:g} tokens at every step: if that is the batch, say"
            f" --column tokens= --tokens-per-step {same:.10g}"
        )
