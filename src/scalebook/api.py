"""The front door of the library: what the command line does, for a notebook."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import UnknownName

if TYPE_CHECKING:
    import pandas as pd

    from scalebook.analysis.estimation import Estimation
    from scalebook.analysis.points import Points


def sql(query: str, values: Sequence[object] = ()) -> pd.DataFrame:
    """Ask the corpus a question.

    Parameters
    ----------
    query : str
        One statement that reads, in DuckDB's SQL.
    values : sequence, optional
        Values for its ``?``.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    scalebook.corpus.errors.Misuse
        If the query is not valid, or could do more than read.
    """
    with open_corpus() as corpus:
        return corpus.frame(query, values)


def fit(data: str | pd.DataFrame | Points, law: str = "chinchilla", **options: Any) -> Estimation:
    """Fit a law to a family of the corpus or to your own runs.

    Parameters
    ----------
    data : str, DataFrame or Points
        Name of a family, of the corpus or your own, or a frame as `load_runs` returns it.
    law : str
        Name of a law; see `laws`.
    **options
        Fields of `scalebook.analysis.estimation.Options`.

    Returns
    -------
    Estimation
        Its ``fit`` holds coefficients, objective, starts that agree, and a status.

    Examples
    --------
    >>> fit("gpt3", "chinchilla").fit.status
    'converged'
    """
    from scalebook.analysis.estimation import Options, estimate
    from scalebook.analysis.points import BASES, Points, family_points

    if isinstance(data, str):
        with open_corpus() as corpus:
            data = family_points(corpus, data)
    elif not isinstance(data, Points):
        if "run" not in data.columns:
            raise UnknownName("column", "run", map(str, data.columns))
        held = {str(name): data[name].to_numpy() for name in data.select_dtypes("number").columns}
        held |= {name: np.asarray(data[name].fillna(""), object) for name in BASES if name in data.columns}
        unit = data.attrs.get("unit", "nats/token")
        data = Points("runs", held | {"run": np.asarray(data["run"], object)}, unit)
    return estimate(data, law, Options(**options))


def replicate(papers: Sequence[str] = (), corpus: Corpus | None = None) -> pd.DataFrame:
    """Recompute published results.

    Parameters
    ----------
    papers : sequence of str
        Names of replications; empty for all.
    corpus : Corpus, optional
        Another corpus than the one that ships with the package.

    Returns
    -------
    pandas.DataFrame
        One row per published number, with the keys of ``scalebook replicate --json``.

    Examples
    --------
    >>> replicate(["quokka"])["verdict"].unique().tolist()
    ['reached']
    """
    import pandas as pd

    from scalebook.analysis.replication import replicated, replications

    chosen = [replications[name].name for name in (papers or replications)]
    with contextlib.nullcontext(corpus) if corpus else open_corpus(own_runs=False) as opened:
        return pd.DataFrame([row.as_dict(name) for name in chosen for row in replicated(opened, name)])


def report(folder: Path | str, formats: Sequence[str] = ("html", "pdf"), corpus: Corpus | None = None) -> list[Path]:
    """Write the guide.

    Parameters
    ----------
    folder : path
        Where to.
    formats : sequence of str
        ``"html"``, ``"pdf"`` or both.
    corpus : Corpus, optional
        Another corpus than the one that ships with the package, without your own runs.

    Returns
    -------
    list of Path
        The files.
    """
    from scalebook.analysis.asked import gather
    from scalebook.reports.guide import guide
    from scalebook.reports.report import known_formats

    formats = known_formats(formats)
    with contextlib.nullcontext(corpus) if corpus else open_corpus(own_runs=False) as opened:
        return guide(opened, gather(opened)).write(Path(folder), "guide", formats)
