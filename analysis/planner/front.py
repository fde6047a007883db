"""The planner as a notebook calls it: names, files and frames in, one plan out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.errors import Misuse, UnknownName

from ..frames import points_of_frame
from ..points import Points, family_points
from .answer import Answer
from .clock import clock_of
from .coefficients import (
    Coefficients,
    Powers,
    coefficients_of_json,
    fitted_coefficients,
)
from .literature import plannable, published_coefficients
from .mixtures import Mixture
from .plan import plan as planned
from .prices import read_prices
from .request import Request

if TYPE_CHECKING:
    import pandas as pd

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
    with open_corpus() as corpus:
        request = Request(
            flops,
            loss,
            like_params,
            inference_tokens,
            unique_tokens,
            active_share,
            granularity,
            experts,
            read_prices(corpus, prices) if prices is not None else None,
            clock_of(corpus, hardware, precision, devices, utilisation, hours),
            level,
        )
        found = _known(corpus, coefficients, law, unique_tokens is not None, bootstraps, seed)
        if utilisation == "modelled":
            from .pace import paced
            from .speeds import device_named

            return paced(found, request, device_named(corpus, hardware or ""))
    return planned(found, request)


def _known(
    corpus: Corpus,
    given: str | Path | pd.DataFrame | Points,
    law: str | None,
    repeated: bool,
    bootstraps: int,
    seed: int,
) -> Coefficients | Powers | Mixture:
    """What is known of the loss: published, from a file, or fitted now."""
    if law is not None and isinstance(given, str | Path) and not _is_family(corpus, given):
        raise Misuse(f"--law is for runs that are fitted now; {given} has a law of its own")
    form = law or ("data_constrained" if repeated else "chinchilla")
    if isinstance(given, str | Path):
        text = str(given)
        if Path(given).is_file():
            if Path(given).suffix.lower() != ".json":
                raise Misuse(f"{text} is a file of runs: read it with scalebook.load_runs, and plan with that")
            return coefficients_of_json(Path(given).read_text(encoding="utf-8"), text, corpus)
        if not _is_family(corpus, text):
            return _published(corpus, text)
        given = family_points(corpus, text)
    elif not isinstance(given, Points):
        given = points_of_frame(given)
    return fitted_coefficients(given, form, bootstraps=bootstraps, seed=seed)


def _is_family(corpus: Corpus, name: str | Path) -> bool:
    return bool(corpus.rows("select 1 from families where family = ?", [str(name)]))


def _published(corpus: Corpus, name: str) -> Coefficients | Powers | Mixture:
    """A published law, by an unambiguous beginning among those that a plan can be made with, else by any name."""
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
