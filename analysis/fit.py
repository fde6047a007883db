"""Fit: a law with its coefficients, or the reason there are none; one problem, or thousands at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from numpy.typing import ArrayLike

from .engine.batch import solve_batch
from .engine.fitted import Estimate, Fit, Status
from .engine.profile import profile_interval
from .engine.record import Options, known_law, whole
from .engine.refits import Bootstrap
from .engine.resampling import How, resample
from .engine.search import Objective
from .law import Columns, Law

__all__ = [
    "Bootstrap",
    "Estimate",
    "Fit",
    "Objective",
    "Status",
    "bootstrap",
    "fit",
    "fit_batch",
    "fit_stream",
    "profile",
]


def fit(
    law: Law,
    data: Columns,
    *,
    objective: Objective = "huber-log",
    delta: float = 1e-3,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    starts: int = 8,
    seed: int = 0,
    level: float = 0.95,
) -> Fit:
    """Fit a law to one table.

    Parameters
    ----------
    law : Law
        The law.
    data : mapping of str to array, shape (n,)
        Columns: the law's inputs and its target.
    objective : str
        ``lsq`` and ``lsq-log``: half the sum of squares; ``huber`` and ``huber-log``: Huber's loss; ``lad-log``: the
        sum of absolute residuals; ``likelihood``: minus the log-likelihood of Laplace's density of free scale.
        Residuals are L - f, or log L - log f.
    delta : float
        Where Huber's loss turns from squares to absolute values.
    weights : array, shape (n,), optional
        Weight of each row.
    clusters : array, shape (n,), optional
        Labels of rows that err together, such as the checkpoints of a run: standard errors are robust to that.
    starts, seed : int
        How many starts, and where their sequence begins.
    level : float
        Level of the intervals.

    Returns
    -------
    Fit
        Always: what goes wrong with the numbers is its status.

    Raises
    ------
    Misuse
        The call is wrong: a missing column, values that are not finite and positive, an unknown objective.

    Examples
    --------
    >>> import numpy as np
    >>> from scalebook.analysis.law import laws
    >>> flops = np.geomspace(1e18, 1e22, 9)
    >>> result = fit(laws["compute"], {"flops": flops, "loss": 0.5 + (flops / 6e22) ** -0.07})
    >>> result.status, round(result.coefficients["a"].value, 6)
    ('converged', 0.07)
    """
    return fit_batch(
        law,
        [data],
        objective=objective,
        delta=delta,
        weights=None if weights is None else [weights],
        clusters=None if clusters is None else [clusters],
        starts=starts,
        seed=seed,
        level=level,
    )[0]


def fit_batch(
    law: Law,
    problems: Iterable[Columns],
    *,
    objective: Objective = "huber-log",
    delta: float = 1e-3,
    weights: Iterable[ArrayLike | None] | None = None,
    clusters: Iterable[ArrayLike | None] | None = None,
    starts: int = 8,
    seed: int = 0,
    level: float = 0.95,
    jobs: int = 1,
) -> list[Fit]:
    """Fit a law to many tables at once; parameters as in `fit`, `weights` and `clusters` by table.

    Parameters
    ----------
    problems : iterable of tables
        A list, or a generator that makes them when they are wanted: what is in memory at once is bounded.
    jobs : int
        Processes. Results do not depend on it.

    Returns
    -------
    list of Fit
        One for each table, in order. A table that cannot be fitted gives a status.
    """
    known_law(law)
    whole("jobs", jobs, 1)
    options = Options(objective, delta, starts, seed, level)
    return list(solve_batch(law, problems, options, weights, clusters, jobs))


def fit_stream(
    law: Law,
    problems: Iterable[Columns],
    *,
    objective: Objective = "huber-log",
    delta: float = 1e-3,
    weights: Iterable[ArrayLike | None] | None = None,
    clusters: Iterable[ArrayLike | None] | None = None,
    starts: int = 8,
    seed: int = 0,
    level: float = 0.95,
    jobs: int = 1,
) -> Iterator[Fit]:
    """`fit_batch` that hands out each fit as soon as its chunk is done: memory is bounded whatever the batch.

    Parameters
    ----------
    problems : iterable of tables
        They are read as they are needed, some thousand ahead.

    Yields
    ------
    Fit
        One for each table, in order.

    Examples
    --------
    >>> import numpy as np
    >>> from scalebook.analysis.law import laws
    >>> flops = np.geomspace(1e18, 1e22, 9)
    >>> tables = ({"flops": flops, "loss": floor + (flops / 6e22) ** -0.07} for floor in (0.5, 1.5))
    >>> [round(result.values["E"], 6) for result in fit_stream(laws["compute"], tables)]
    [0.5, 1.5]
    """
    known_law(law)
    whole("jobs", jobs, 1)
    options = Options(objective, delta, starts, seed, level)
    return solve_batch(law, problems, options, weights, clusters, jobs)


def bootstrap(
    law: Law,
    data: Columns,
    fit: Fit,
    n: int = 1000,
    *,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    seed: int = 0,
    jobs: int = 1,
    how: How = "pairs",
) -> Bootstrap:
    """Refit on resampled rows (or whole clusters), all as one batch, from the optimum of `fit`.

    Parameters
    ----------
    n : int
        Resamples.
    weights : array, shape (rows,), optional
        Weights that `fit` was made with; resampling counts multiply them.
    clusters : array, shape (rows,), optional
        Labels; whole clusters are drawn.
    seed, jobs : int
        Every chunk of 500 resamples has its own seed, so results do not depend on the number of processes.
    how : str
        ``pairs`` draws rows or clusters (runs, families) with replacement; ``wild`` keeps every row and turns the sign
        of its residual, or of those of a whole cluster, at random.
    """
    return resample(law, data, fit, n, weights, clusters, seed, jobs, how)


def profile(
    data: Columns,
    fit: Fit,
    name: str,
    *,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    level: float | None = None,
) -> tuple[float, float]:
    """Interval of one coefficient by its profile: all others are fitted again while it is held on either side.

    The rise of the objective that counts as too much is calibrated by the sandwich, so that the interval is that of
    `fit` where the profile is a parabola, is honest about clusters, and is lopsided where the objective is. Each end is
    looked for until the objective has risen so much or the coefficient is at its bound, a million standard errors
    away at most. Coefficients that are tied to one another are held together.

    Parameters
    ----------
    name : str
        The coefficient.
    weights, clusters : array, shape (rows,), optional
        As `fit` was made with.
    level : float, optional
        Confidence; that of the fit if not given.

    Returns
    -------
    (float, float)
        Ends; the upper one is infinite, and the lower one at the coefficient's least value (0 for most), where the
        objective never rises enough.

    Raises
    ------
    Misuse
        The coefficient has no standard error, the level is no share, or the data are not those of the fit.

    References
    ----------
    .. [1] Venzon and Moolgavkar (1988), Applied Statistics 37; Pace, Salvan and Sartori (2011), Statistica Sinica 21.
    """
    return profile_interval(fit, data, name, weights, clusters, fit.level if level is None else level)
