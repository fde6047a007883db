"""The front door of the library: what the command line does, for a notebook."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import Misuse, UnknownName

if TYPE_CHECKING:
    import pandas as pd

    from scalebook.analysis.estimation import Estimation
    from scalebook.analysis.forecast.forecast import Forecasts
    from scalebook.analysis.planner.next_run import NextRun
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

    return estimate(_points(data), law, Options(**options))


def next_run(
    data: str | pd.DataFrame | Points, budget_flops: float, target_params: float, target_tokens: float, **options: Any
) -> NextRun:
    """Find the runs that make a forecast most certain.

    Parameters
    ----------
    data : str, DataFrame or Points
        Name of a family, of the corpus or your own, or a frame as `load_runs` returns it.
    budget_flops : float
        Training FLOPs to spend, by 6 N D.
    target_params, target_tokens : float
        Size and training tokens of the model to be forecast.
    **options
        ``allow_mixed``: see `scalebook.analysis.planner.next_run.next_run`.

    Returns
    -------
    NextRun
        Its ``designs`` are ranked, each with runs, FLOPs, and the forecast's standard deviation before and after.

    Examples
    --------
    >>> found = next_run("cerebras-gpt", 1e21, 7e10, 1.4e12)
    >>> found.best.kind, found.best.flops <= 1e21, found.best.sd_after < found.sd
    ('best', True, True)
    """
    from scalebook.analysis.planner.next_run import next_run as answer

    return answer(_points(data), budget_flops, target_params, target_tokens, **options)


def predict(
    data: str | pd.DataFrame | Points,
    params: float | Sequence[float],
    tokens: float | Sequence[float],
    **options: Any,
) -> Forecasts:
    """Forecast the loss of models that are not yet trained.

    Parameters
    ----------
    data : str, DataFrame or Points
        Name of a family, of the corpus or your own, or a frame as `load_runs` returns it.
    params, tokens : float or sequence of float
        Targets.
    **options
        Keywords of `scalebook.analysis.forecast.forecast.forecast`: ``law``, ``level``, ``like``, ``allow_mixed``.

    Returns
    -------
    Forecasts
        Its ``told`` holds a forecast with an interval for every target.

    Examples
    --------
    >>> forecast = predict("gpt3", 1e12, 3e12).told[0]
    >>> forecast.low < forecast.prediction < forecast.high
    True
    """
    from scalebook.analysis.forecast.forecast import forecast

    return forecast(_points(data), params, tokens, **options)


def _points(data: str | pd.DataFrame | Points) -> Points:
    """Points of a family, of a frame, or as they are."""
    from scalebook.analysis.frames import points_of_frame
    from scalebook.analysis.points import Points, family_points

    if isinstance(data, Points):
        return data
    if not isinstance(data, str | Path):
        return points_of_frame(data)
    with open_corpus() as corpus:
        try:
            return family_points(corpus, str(data))
        except UnknownName:
            if not (isinstance(data, Path) or Path(data).is_file() or Path(data).suffix):
                raise
            read = f"scalebook.load_runs({str(data)!r})"
            raise Misuse(f"{data} is no family; a file is read first: give {read} instead of its name") from None


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
