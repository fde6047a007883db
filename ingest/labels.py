"""Words about a user's runs that do not tell what a value is of: schedules, and how sizes and FLOPs are counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scalebook.corpus.columns import COLUMNS, allowed
from scalebook.corpus.errors import Misuse

from .arrow import Codes, words_of

#: Their columns, and the words that are known; any are taken if there are none.
LABELS: Mapping[str, tuple[str, ...]] = {
    "schedule": (),
    "params_basis": allowed(COLUMNS["params_basis"]),
    "flops_basis": allowed(COLUMNS["flops_basis"]),
}

#: Words of a column, empty where nothing is said, and the place of each row's in them.
Label = tuple[tuple[str, ...], Codes]


def labels_of(table: Any, run: Codes, place: Callable[[np.intp], str]) -> dict[str, Label]:
    """Labels of a table, in the corpus's spelling; what a run says in some rows holds for all of them.

    Parameters
    ----------
    run : array of int, shape (n,)
        Run of each row.
    place : callable
        Where a row stands.

    Raises
    ------
    Misuse
        If a word is not known.
    """
    found = {}
    for name in LABELS:
        if name in table.column_names:
            words, codes = _spelt(name, *words_of(table[name]), place)
            found[name] = words, _repeated(run, codes, words.index(""))
    return found


def _spelt(name: str, written: list[str], codes: Codes, place: Callable[[np.intp], str]) -> Label:
    """Words as the corpus spells them, each once, and codes in them."""
    known = LABELS[name]
    places = {"": 0}
    for code, word in enumerate(written):
        ours = re.sub(r"[\s_]+", "-", word.strip().lower())
        if known and ours not in ("", *known):
            raise Misuse(
                f"{place(np.argmax(codes == code))}: {name} {word!r} is none of {', '.join(known)} (if the column means"
                f" something else, leave it out: --column {name}=)"
            )
        written[code] = ours
        places.setdefault(ours, len(places))
    to = np.array([places[word] for word in written] + [0], np.int32)  # the last is for -1, where nothing is said
    return tuple(places), to[codes]


def _repeated(run: Codes, codes: Codes, nothing: int) -> Codes:
    """Codes filled in where a run says one word in some of its rows."""
    said, runs = codes != nothing, int(run.max(initial=-1)) + 1
    least, most = np.full(runs, np.iinfo(np.int32).max, np.int32), np.full(runs, -1, np.int32)
    np.minimum.at(least, run[said], codes[said])
    np.maximum.at(most, run[said], codes[said])
    one = least == most
    return np.where(one[run] & ~said, least[run], codes)
