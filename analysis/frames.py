"""A frame of runs as points: the way from `load_runs` to a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalebook.corpus.errors import UnknownName

from .points import BASES, LABELS, Points

if TYPE_CHECKING:
    import pandas as pd


def points_of_frame(frame: pd.DataFrame) -> Points:
    """Points of a frame with columns run, params, tokens and loss, as `load_runs` returns it.

    Raises
    ------
    UnknownName
        If it does not say which run a row is of.
    """
    if "run" not in frame.columns:
        raise UnknownName("column", "run", map(str, frame.columns))
    held = {str(name): frame[name].to_numpy() for name in frame.select_dtypes("number").columns}
    held |= {name: np.asarray(frame[name].fillna(""), object) for name in (*BASES, *LABELS) if name in frame.columns}
    return Points("runs", held | {"run": np.asarray(frame["run"], object)}, frame.attrs.get("unit", "nats/token"))
