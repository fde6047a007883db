"""Runs from a CSV or Parquet file: one row per checkpoint."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from scalebook.corpus.errors import Misuse

if TYPE_CHECKING:
    import pandas as pd

NEEDED = ("run", "params", "tokens", "loss")
OPTIONAL = ("flops", "step", "seed", "unique_tokens", "lr", "metric")


def load_runs(file: Path | str, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """A user's own runs, checked.

    Parameters
    ----------
    file : path
        CSV or Parquet with columns ``run, params, tokens, loss`` and, optionally, ``flops, step, seed,
        unique_tokens, lr, metric``. It is only read.
    columns : mapping of str to str, optional
        Our name to the file's name, such as ``{"tokens": "consumed_tokens"}``.

    Returns
    -------
    pandas.DataFrame
        Those columns, sorted by size, run and tokens; ``flops`` is 6 N D where the file has none, which
        ``flops_basis`` says.

    Raises
    ------
    Misuse
        If the file cannot be read, is empty, lacks a column, or holds a value that cannot be a size, a number of
        tokens or a loss.
    """
    import pandas as pd

    path = Path(file)
    if not path.is_file():
        raise Misuse(f"{path}: there is no such file")
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise Misuse(f"{path} cannot be read as {path.suffix.lstrip('.') or 'csv'}: {error}") from error
    given = _checked(columns or {}, frame, path)
    frame = frame.reset_index(drop=True).assign(**{ours: frame[theirs].to_numpy() for ours, theirs in given.items()})
    missing = [c for c in NEEDED if c not in frame.columns]
    if missing:
        raise Misuse(f"{path}: " + "; ".join(_lacks(c, list(frame.columns)) for c in missing))
    frame = frame[[c for c in (*NEEDED, *OPTIONAL) if c in frame.columns]].dropna(subset=["loss"])
    if not len(frame):
        raise Misuse(f"{path}: no row has a loss")
    _check_numbers(frame, path)
    if frame["run"].isna().any():
        raise Misuse(f"{path}: 'run' is empty in {int(frame['run'].isna().sum())} rows; every row needs its run")
    frame["run"] = frame["run"].astype(str)
    if "flops" in frame.columns:
        frame["flops_basis"] = "reported"
    else:
        frame["flops"], frame["flops_basis"] = 6.0 * frame["params"] * frame["tokens"], "6nd"
    return frame.sort_values(["params", "run", "tokens"], kind="stable", ignore_index=True)


def _checked(columns: Mapping[str, str], frame: pd.DataFrame, path: Path) -> Mapping[str, str]:
    for ours, theirs in columns.items():
        if ours not in (*NEEDED, *OPTIONAL):
            raise Misuse(f"--column {ours}={theirs}: the columns are {', '.join((*NEEDED, *OPTIONAL))}")
        if theirs not in frame.columns:
            raise Misuse(f"{path}: " + _lacks(theirs, list(frame.columns), ours))
    return columns


def _lacks(column: str, there: list[str], ours: str = "") -> str:
    close = difflib.get_close_matches(column, map(str, there), n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}? If so: --column {ours or column}={close[0]}" if close else ""
    return f"no column {column!r}{hint} (the file has {', '.join(map(str, there))})"


def _check_numbers(frame: pd.DataFrame, path: Path) -> None:
    """Say which column holds what cannot be, and in which row."""
    import numpy as np
    import pandas as pd

    for column in ("params", "tokens", "loss"):
        numbers = pd.to_numeric(frame[column], errors="coerce")
        wrong = ~(np.isfinite(numbers) & (numbers > 0))
        if wrong.any():
            row = wrong.idxmax()
            raise Misuse(
                f"{path}: {column!r} must be a positive number, but is {str(frame.loc[row, column])!r} in line {row + 2}"
                f" ({int(wrong.sum())} such rows)"
            )
        frame[column] = numbers.astype(float)
    if frame["params"].max() < 1e4:
        raise Misuse(f"{path}: the largest 'params' is {frame['params'].max():g}: give parameters, not billions")
    if frame["loss"].median() > 20:
        raise Misuse(f"{path}: the median 'loss' is {frame['loss'].median():g}: give nats per token, not perplexity")
