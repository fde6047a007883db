"""Published laws: coefficients as a paper states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scalebook.corpus.errors import UnknownName

if TYPE_CHECKING:
    from scalebook.corpus.database import Corpus


@dataclass(frozen=True)
class Published:
    """One published law.

    Parameters
    ----------
    name, paper, form, target : str
        Its id, arXiv number, formula, and what it predicts.
    coefficients : mapping of str to float
        By the paper's names. Where a coefficient is also published as an unrounded logarithm, it is computed from that.
    """

    name: str
    paper: str
    form: str
    target: str
    coefficients: Mapping[str, float]


def published(corpus: Corpus, name: str) -> Published:
    """A published law by its id, or by an unambiguous beginning of it.

    Raises
    ------
    UnknownName
        If there is none, or several begin like that.

    Examples
    --------
    >>> from scalebook.corpus.database import open_corpus
    >>> with open_corpus() as corpus:
    ...     published(corpus, "hoffmann2022-round").coefficients["alpha"]
    0.34
    """
    known = [row[0] for row in corpus.rows("select distinct law_id from published_laws order by law_id")]
    near = [law for law in known if law.lower().startswith(name.lower())] if name else []
    found = name if name in known else near[0] if len(near) == 1 else ""
    if not found:
        raise UnknownName("published law", name, near or known)
    rows = corpus.rows(
        "select paper, form, target, coefficient, value from published_laws where law_id = ? order by line", [found]
    )
    values = {coefficient: value for *_, coefficient, value in rows}
    logs = {key.removeprefix("log_"): float(np.exp(value)) for key, value in values.items() if key.startswith("log_")}
    paper, form, target, *_ = rows[0]
    return Published(found, paper, form, target, values | logs)
