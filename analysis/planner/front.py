"""The planner as a notebook calls it: names, files and frames in, one plan out."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scalebook.corpus.errors import Misuse, UnknownName

from ..frames import points_of_frame
from ..points import Points, family_points
from .answer import Answer
from .coefficients import Coefficients, Powers, coefficients_of_json, fitted_coefficients
from .mixtures import Mixture
from .plan import plan as planned
from .request import Request

if TYPE_CHECKING:
    import pandas as pd

    from scalebook.corpus.database import Corpus

    from .prices import Told
    from .request import Clock

#: The refit of Chinchilla's runs, whose own coefficients contradict its other approaches (arXiv:2404.10102).
DEFAULT_COEFFICIENTS = "besiroglu2024-published"


def plan(
    coefficients: str | Path | pd.DataFrame | Points = DEFAULT_COEFFICIENTS,
    *,
    flops: float | None = None,
    loss: float | None = None,
    like_params: float | None = None,
    hours: float | None = None,
    inference_tokens: float = 0.0,
    prices: Path | str | None = None,
    unique_tokens: float | None = None,
    active_share: float = 1.0,
    granularity: float | None = None,
    experts: float | None = None,
    hardware: str | None = None,
    precision: str = "bf16",
    devices: int = 1,
    utilisation: float | Literal["modelled"] | None = None,
    level: float = 0.95,
    law: str | None = None,
    borrow: bool = False,
    bootstraps: int = 200,
    seed: int = 0,
) -> Answer:
    """Plan the cheapest model of a quality.

    Parameters
    ----------
    coefficients : str, path, DataFrame or Points
        A published law, a file as ``scalebook fit --json`` writes it, or runs that `law` is fitted to now: a family by
        its name, a frame as `load_runs` returns it, or points.
    flops, loss, like_params, hours : float, optional
        The quality, by one of them: that of the best model for a training compute, a loss, that of the compute-optimal
        model of this size, or that of the compute of so many hours on `hardware`.
    inference_tokens : float
        Tokens that the model reads and writes in its life.
    prices : path, optional
        TOML file; see `scalebook.analysis.planner.prices`.
    unique_tokens : float, optional
        Tokens of the data set; more are repeats.
    active_share : float
        Share of the parameters that one token passes through.
    granularity, experts : float, optional
        Of a mixture of experts, for a published law that takes it; the best one by default.
    hardware, precision : str, optional
        Device of the table ``hardware`` and number format.
    devices : int
        How many of it.
    utilisation : float or "modelled", optional
        Share of the peak that is used; by default the median measured on that device. ``"modelled"``: by the step
        time of the size that is planned.
    level : float
        Level of the intervals.
    law : str, optional
        Law to fit; chinchilla, or data_constrained with `unique_tokens`.
    borrow : bool
        Fit Chinchilla's law under the prior that the corpus taught, so that any runs determine it.
    bootstraps, seed : int
        Refits for the intervals, and their seed.

    Returns
    -------
    Answer
        Its ``plan`` and ``baseline`` hold params, tokens, loss, FLOPs and cost.

    Examples
    --------
    >>> answer = plan("hoffmann2022-tex", flops=5.88e23)
    >>> f"{answer.plan.params:.3g}"
    '4.07e+10'
    """
    asked = (prices, hours, hardware, utilisation)
    named = isinstance(coefficients, str | Path)
    with _database(named or devices != 1 or any(value is not None for value in asked)) as corpus:
        request = Request(
            flops,
            loss,
            like_params,
            inference_tokens,
            unique_tokens,
            active_share,
            granularity,
            experts,
            *_economics(corpus, prices, hardware, precision, devices, utilisation, hours),
            level,
        )
        form = law or ("data_constrained" if unique_tokens is not None else "chinchilla")
        found: Coefficients | Powers | Mixture | Points
        if isinstance(coefficients, str | Path):
            assert corpus is not None
            found = _named(corpus, coefficients, law, borrow)
        else:
            found = coefficients if isinstance(coefficients, Points) else points_of_frame(coefficients)
        if isinstance(found, Points):
            found = _fitted(found, form, borrow, bootstraps, seed)
        if utilisation == "modelled" and corpus:
            from .pace import paced
            from .speeds import device_named

            return paced(found, request, device_named(corpus, hardware or ""))
    return planned(found, request)


def _database(asked: bool) -> AbstractContextManager[Corpus | None]:
    """The corpus, where something of it is asked: opening it takes as long as a whole plan from runs."""
    if not asked:
        return nullcontext()
    from scalebook.corpus.database import open_corpus

    return open_corpus()


def _economics(
    corpus: Corpus | None,
    prices: Path | str | None,
    hardware: str | None,
    precision: str,
    devices: int,
    utilisation: float | Literal["modelled"] | None,
    hours: float | None,
) -> tuple[Told | None, Clock | None]:
    """What arithmetic costs and how fast it goes, as far as it is asked."""
    if corpus is None:
        return None, None
    from .clock import clock_of
    from .prices import read_prices

    told = read_prices(corpus, prices) if prices is not None else None
    return told, clock_of(corpus, hardware, precision, devices, utilisation, hours)


def _named(
    corpus: Corpus, given: str | Path, law: str | None, borrow: bool
) -> Coefficients | Powers | Mixture | Points:
    """What a name stands for: a published law, a fit in a file, or runs of the corpus."""
    text = str(given)
    if Path(given).is_file() and Path(given).suffix.lower() != ".json":
        raise Misuse(f"{text} is a file of runs: read it with scalebook.load_runs, and plan with that")
    if _is_family(corpus, text) and not Path(given).is_file():
        return family_points(corpus, text)
    for option in ["--law"] * (law is not None) + ["--borrow"] * borrow:
        raise Misuse(f"{option} is for runs that are fitted now; {text} has a law of its own")
    if Path(given).is_file():
        return coefficients_of_json(Path(given).read_text(encoding="utf-8"), text, corpus)
    return _published(corpus, text)


def _fitted(points: Points, form: str, borrow: bool, bootstraps: int, seed: int) -> Coefficients:
    """A law fitted to runs now: alone, or under what the corpus knows of its coefficients."""
    if not borrow:
        return fitted_coefficients(points, form, bootstraps=bootstraps, seed=seed)
    if form != "chinchilla":
        raise Misuse(f"--borrow fits chinchilla, of which the corpus knows what is usual, and not {form}")
    from ..forecast.coefficients import coefficients_to_plan_with

    return coefficients_to_plan_with(points, seed)


def _is_family(corpus: Corpus, name: str | Path) -> bool:
    return bool(corpus.rows("select 1 from families where family = ?", [str(name)]))


def _published(corpus: Corpus, name: str) -> Coefficients | Powers | Mixture:
    """A published law, by an unambiguous beginning among those that a plan can be made with, else by any name."""
    from .literature import plannable, published_coefficients

    every = plannable(corpus)
    known = [law for law, enough in every.items() if enough]
    near = [law for law in known if name and law.lower().startswith(name.lower())]
    if name in known or len(near) == 1:
        return published_coefficients(corpus, name if name in known else near[0])
    if near:
        raise Misuse(f"several published laws begin with {name!r}: {', '.join(near)}")
    if any(name and law.lower().startswith(name.lower()) for law in every):
        return published_coefficients(corpus, name)  # says why there is no plan with it
    families = [family for (family,) in corpus.rows("select family from families")]
    raise UnknownName("published law or family", name, [*known, *families])
