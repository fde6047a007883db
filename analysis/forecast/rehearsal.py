"""Forecasts of every family of the corpus as if its largest model were still to be trained.

Each family is forecast by what others taught: the prior leaves out its group. Designs are the k smallest sizes trained
to their end; all smaller sizes and the beginning of the largest; and the beginning of the largest alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scalebook.corpus.files import write_atomically

from ..designs import levels, several_checkpoints, spread
from ..fit import Fit, fit_batch
from ..law import Law
from ..points import Mask, Points, families_with_points, points_of_families
from ..variants import law_named
from .experience import AUTO, FILE, LIKE, NUMBERS, WORDS, Experience, Rehearsals, to_json
from .form import FORMS, Array
from .mixture import Kind, mixture, seen_by
from .posterior import Prior, posterior
from .prior import Witness, broad, leaning, pooled, witness

if TYPE_CHECKING:
    from scalebook.corpus.database import Corpus  # a forecast from a file asks no database

#: Laws that are rehearsed as they are, beside the weighted forecast; the last one is a baseline.
LAWS = ("chinchilla", "chinchilla[beta=alpha]", "compute", "multiplicative", "kaplan", "last_seen")
#: Shares of the target's training that are seen when it is forecast from its own beginning.
SHARES = (0.3, 0.5, 0.7)
#: Most numbers of sizes that a family is asked.
DESIGNS = 8
#: Rounds of fitting all families under what they taught together.
ROUNDS = 3
#: Grammars, not languages: they teach nothing, but are forecast like the others.
NOT_LANGUAGE = frozenset({"pcfg-gzip"})


@dataclass(frozen=True)
class Rehearsed:
    """What is seen and what is forecast."""

    seen: Mask
    target: Mask
    share_seen: float = 1.0


def designs(points: Points) -> Iterator[Rehearsed]:
    """Designs that a family can rehearse."""
    top = levels(points) - 1
    target = (points.level == top) & points.final
    for k in spread(range(1, top + 1), DESIGNS):
        yield Rehearsed(points.level < k, target)
    if not several_checkpoints(points):
        return
    for share in SHARES:
        begun = (points.level == top) & (points.progress <= share)
        if len(np.unique(points["tokens"][begun])) >= 3:
            yield Rehearsed(begun, target, share)
            yield Rehearsed(begun | (points.level < top), target, share)


def families(corpus: Corpus) -> list[Points]:
    """Families of three sizes or more that differ in scale only."""
    every = points_of_families(corpus, families_with_points(corpus, 3))
    return [points for points in every if levels(points) >= 3]


def corpus_key(every: Iterable[Points]) -> str:
    """Hash of what is rehearsed."""
    return hashlib.sha256("".join(sorted(points.digest for points in every)).encode()).hexdigest()[:32]


def what_families_tell(every: Sequence[Points]) -> dict[str, tuple[Witness, ...]]:
    """What each family says of each form, linearised where all families together would have it."""
    told: dict[str, tuple[Witness, ...]] = {}
    teaching = [points for points in every if points.related not in NOT_LANGUAGE]
    for name, form in FORMS.items():
        prior = broad(form)
        for _ in range(ROUNDS):
            fits = [posterior(form, seen_by(Kind(name, False, 1.0), points, 1.0), prior) for points in teaching]
            pairs = zip(teaching, fits, strict=True)
            told[name] = tuple(witness(points.family, points.related, fitted, prior) for points, fitted in pairs)
            prior = pooled(form, told[name])
    return told


def with_experience(points: Points, witnesses: dict[str, tuple[Witness, ...]]) -> list[tuple[object, ...]]:
    """Rehearsals of one family with the weighted forecast, as rows of `WORDS` and `NUMBERS`.

    Designs of one or two sizes are also tried with a prior that leans on the family's siblings.
    """
    priors = {name: pooled(form, witnesses[name], {points.related}) for name, form in FORMS.items()}
    rows = [_foretold(points, design, AUTO, priors) for design in designs(points)]
    siblings = {w.family for told in witnesses.values() for w in told if w.related == points.related} - {points.family}
    if siblings:
        near = {name: leaning(form, witnesses[name], siblings) for name, form in FORMS.items()}
        rows += [_foretold(points, design, LIKE, near) for design in designs(points) if _few(points, design)]
    return rows


def _few(points: Points, design: Rehearsed) -> bool:
    """Whether there is so little to see that one would borrow."""
    return len(np.unique(points.level[design.seen])) < 3


def _foretold(points: Points, design: Rehearsed, law: str, priors: Mapping[str, Prior]) -> tuple[object, ...]:
    there = points.where(design.target)
    mixed = mixture(points.where(design.seen), priors)
    told = mixed.at(there["params"], there["tokens"])
    error = np.log(there["loss"]) - told.log_loss
    return _row(points, design, law, float(np.mean(error)), float(np.sqrt(np.mean(told.total**2))), mixed.miss)


def with_law(every: Sequence[Points], law: Law) -> list[tuple[object, ...]]:
    """Rehearsals of all families with one law that is fitted to what is seen and nothing else."""
    asked = [(points, design) for points in every for design in designs(points)]
    problems = [columns_of(points.where(design.seen), law) for points, design in asked]
    rows = []
    for (points, design), fitted in zip(asked, fit_batch(law, problems), strict=True):
        there = points.where(design.target)
        known = columns_of(there, law)
        if fitted.status != "converged":
            continue
        with np.errstate(all="ignore"):  # a coefficient at its bound of zero
            foretold = fitted.predict(**{name: known[name] for name in law.inputs})
            sd = spread_of(fitted, known)
        error = float(np.mean(np.log(there["loss"] / foretold)))
        if np.isfinite(error) and np.isfinite(sd):
            rows.append(_row(points, design, law.name, error, sd))
    return rows


def columns_of(points: Points, law: Law) -> dict[str, Array]:
    """What a law is fitted to; compute is 6 N D, as it is the only count that a target has."""
    known = {"params": points["params"], "tokens": points["tokens"], "loss": points["loss"]}
    return {**known, "flops": 6.0 * points["params"] * points["tokens"]}


def spread_of(fitted: Fit, columns: dict[str, Array]) -> float:
    """Standard deviation in log loss of what a fit forecasts, scatter included; 0 for a baseline."""
    if fitted.law.estimate is not None:
        return 0.0
    return float(np.mean(fitted.deviation(noise=True, **{name: columns[name] for name in fitted.law.inputs})))


def _row(
    points: Points, design: Rehearsed, law: str, error: float, sd: float, miss: float = np.nan
) -> tuple[object, ...]:
    seen, target = points.where(design.seen), points.where(design.target)
    params_ratio = float(target["params"].max() / seen["params"].max())
    sizes = len(np.unique(seen.level))
    tokens_ratio = float(target["tokens"].max() / seen["tokens"].max())
    return (points.family, points.related, law, sizes, params_ratio, tokens_ratio, design.share_seen, error, sd, miss)


def rehearse(every: Sequence[Points], jobs: int = 1) -> Experience:
    """Make the experience of some families."""
    import joblib

    witnesses = what_families_tell(every)
    work = [joblib.delayed(with_experience)(points, witnesses) for points in every]
    work += [joblib.delayed(with_law)(every, law_named(name)) for name in LAWS]
    rows = [row for part in joblib.Parallel(jobs)(work) for row in part]
    columns = dict(zip((*WORDS, *NUMBERS), zip(*rows, strict=True), strict=True))
    words = {name: np.array(columns[name], object) for name in WORDS}
    numbers = {name: np.array(columns[name], float) for name in NUMBERS}
    return Experience(corpus_key(every), witnesses, Rehearsals(words, numbers))


def write(corpus: Corpus, jobs: int = 1, file: Path = FILE) -> None:
    """Rehearse the whole corpus and keep what was found."""
    write_atomically(file, to_json(rehearse(families(corpus), jobs)).encode())
