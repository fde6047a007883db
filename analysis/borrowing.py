"""Borrowing: a law with coefficients from elsewhere, ``chinchilla[A=gpt3,alpha=gpt3]`` or ``chinchilla[subspace=3]``.

A value in the brackets may be the name of a family, whose own fit of the same law lends the coefficient, or of a
published law that states it (Choshen et al. 2024, arXiv:2410.11840, section 8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scalebook.corpus.errors import Misuse, UnknownName

from .bases import named, refuse_mixture
from .fit import Fit, Objective, fit_batch
from .law import Law, laws
from .lending import candidates, training
from .points import Points, families_with_points, family_points, points_of_families
from .published import Published, published
from .subspace import subspace
from .variants import law_and_constraints

if TYPE_CHECKING:
    from scalebook.corpus.database import Corpus

FitOf = Callable[[Law, Points], Fit]
"""How to fit a law to a lender: as whoever borrows is fitted."""


@dataclass(frozen=True)
class Borrowed:
    """One coefficient, where it is from and its value there; `source` says what that is."""

    coefficient: str
    value: float
    lender: str
    source: str


@dataclass(frozen=True)
class Resolved:
    """A law with what was borrowed for it.

    Attributes
    ----------
    law : Law
        With every borrowed coefficient held at its value, or the reduced law.
    borrowed : tuple of Borrowed
    families : tuple of str
        Those that a reduced law is learnt from.
    """

    law: Law
    borrowed: tuple[Borrowed, ...] = ()
    families: tuple[str, ...] = ()


def resolve(text: str, points: Points, objective: Objective, fit_of: FitOf) -> Resolved:
    """A law by its name, with brackets that may name families and published laws; see `variants.law_named`.

    Parameters
    ----------
    points : Points
        What it will be fitted to: a lender must count as these do.
    objective : str
        For the families that a reduced law is learnt from.
    fit_of : callable
        Law and points of a lender to its fit.

    Raises
    ------
    UnknownName
        There is no such law, coefficient or lender.
    Misuse
        A lender does not determine the law, or counts losses or sizes in another way.
    """
    law, held = law_and_constraints(text)
    if "subspace" in held and "subspace" not in law.coefficients:
        return _reduced(law, held, points, objective)
    ties = {name: v for name, v in held.items() if isinstance(v, str) and v in law.coefficients}
    asked = {name: v for name, v in held.items() if isinstance(v, str) and name not in ties}
    if not asked:
        return Resolved(law.constrain(**held) if held else law)
    if unknown := [name for name in asked if name not in law.coefficients]:
        raise UnknownName("coefficient", unknown[0], law.coefficients)
    form = law.constrain(**ties)
    from scalebook.corpus.database import open_corpus  # a law that borrows nothing asks no database

    with open_corpus() as corpus:
        lent = {name: _lent(corpus, name, form, points, fit_of) for name in dict.fromkeys(asked.values())}
    borrowed = tuple(Borrowed(c, lent[who].values[c], lent[who].lender, lent[who].source) for c, who in asked.items())
    return Resolved(law.constrain(**held | {b.coefficient: b.value for b in borrowed}), borrowed)


@dataclass(frozen=True)
class _Lent:
    """Coefficients of a lender, and what it is."""

    values: Mapping[str, float]
    lender: str
    source: str


def _lent(corpus: Corpus, name: str, form: Law, points: Points, fit_of: FitOf) -> _Lent:
    """What a family's own fit says, or else a published law."""
    families = [row[0] for row in corpus.rows("select family from families")]
    if name in families:
        found = _of_family(family_points(corpus, name), form, points, fit_of)
        return _Lent(found.values, name, f"family, its own fit of {form.name} by {found.objective}")
    known = [row[0] for row in corpus.rows("select distinct law_id from published_laws")]
    if not any(law.lower().startswith(name.lower()) for law in known):
        raise UnknownName("coefficient, family or published law", name, [*form.coefficients, *families, *known])
    lender = published(corpus, name)
    return _Lent(_of_paper(lender, form, points), lender.name, f"published law, {lender.form}; {lender.target}")


def _of_family(lender: Points, form: Law, points: Points, fit_of: FitOf) -> Fit:
    name = lender.family
    if name == points.family:
        raise Misuse(f"{name} cannot borrow from itself; name another family, or leave its coefficients free")
    _refuse_unit(name, lender.unit, points)
    for column, what in (("params_basis", "sizes"), ("flops_basis", "FLOPs")):
        if column == "params_basis" or "flops" in form.inputs:
            _refuse_basis(name, named(lender, column), named(points, column), what)
    refuse_mixture(lender, form.inputs)
    fitted = fit_of(form, lender)
    if fitted.status != "converged":
        raise Misuse(
            f"{name} cannot lend: its own fit of {form.name} is {fitted.status.replace('_', ' ')}"
            f" ({fitted.reason}); borrow from a family that determines it"
        )
    return fitted


def _of_paper(lender: Published, form: Law, points: Points) -> dict[str, float]:
    if lacking := [name for name in form.coefficients if name not in lender.coefficients]:
        raise Misuse(
            f"{lender.name} cannot lend to {form.name}: it states {', '.join(lender.coefficients)}, and not"
            f" {', '.join(lacking)}; give the value as a number"
        )
    if points.unit not in lender.target:
        _refuse_unit(lender.name, f"another unit ({lender.target})", points)
    _refuse_basis(lender.name, _stated(lender), named(points, "params_basis"), "sizes")
    return dict(lender.coefficients)


def _stated(lender: Published) -> str | None:
    """What N counts, where a published law says so."""
    return "non-embedding" if "without embeddings" in lender.target else None


def _refuse_unit(name: str, unit: str, points: Points) -> None:
    if unit != points.unit:
        raise Misuse(f"{name} cannot lend: its loss is in {unit}, and that of {points.family} in {points.unit}")


def _refuse_basis(name: str, theirs: str | None, ours: str | None, what: str) -> None:
    """Refuse two ways of counting that are known to differ."""
    if theirs and ours and theirs != ours:
        raise Misuse(f"{name} cannot lend: its {what} are counted as {theirs}, and those to be fitted as {ours}")


def _reduced(law: Law, held: dict[str, float | str], points: Points, objective: Objective) -> Resolved:
    """The law in the subspace that unrelated families span, one of each group and architecture."""
    if law is not laws["chinchilla"] or len(held) > 1 or held["subspace"] not in (1.0, 2.0, 3.0):
        raise Misuse("a subspace is one of the form chinchilla: write chinchilla[subspace=3] (or 1 or 2), nothing else")
    from scalebook.corpus.database import open_corpus  # a law that borrows nothing asks no database

    with open_corpus() as corpus:
        families = [p for p in points_of_families(corpus, families_with_points(corpus)) if _unrelated(p, points)]
    tried = candidates(families, law)
    fits = fit_batch(law, [training(p, law) for _, p in tried], objective=objective)
    chosen: dict[tuple[str, str, str], tuple[str, Fit]] = {}
    for (kind, p), fit in zip(tried, fits, strict=True):
        if fit.status == "converged" and not fit.at_bound:
            chosen.setdefault(kind, (p.family, fit))
    reduced = subspace([fit for _, fit in chosen.values()], int(held["subspace"]))
    return Resolved(reduced, families=tuple(sorted(name for name, _ in chosen.values())))


def _unrelated(lender: Points, points: Points) -> bool:
    """Whether a family shares neither authors nor data with these points, with losses in one unit.

    It may count sizes otherwise: a subspace is that of all families, and few would remain of one basis.
    """
    groups = [p.related or p.family for p in (lender, points)]
    return lender.unit == points.unit and groups[0] != groups[1] and lender.family != points.family
