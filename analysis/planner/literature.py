"""Published laws to plan with: which form is which law, what a token costs by it, and which runs it rests on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from scalebook.corpus.errors import Misuse

from ..law import laws
from ..published import Published, published
from .coefficients import Coefficients, Powers, reach_of
from .mixtures import KINDS, Mixture, mixture

if TYPE_CHECKING:  # the fitting engine is not loaded for coefficients that are published
    from scalebook.corpus.database import Corpus

    from ..optimal.power import PowerLaw

#: Formulas of published laws: our law, and our names of the paper's coefficients.
FORMS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "L(N,D) = E + A/N^alpha + B/D^beta": ("chinchilla", {}),
    "L(C,M) = E + (a M^eta + b M^-eta) C^-eta, M = D/N, C = 6ND": ("overtraining", {}),
    "L(N,D) = [(N_c/N)^(alpha_N/alpha_D) + D_c/D]^alpha_D": ("kaplan", {"a_N": "alpha_N", "a_D": "alpha_D"}),
    "L = E + A/N'^alpha + B/D'^beta; D' = U_D + U_D rd (1 - exp(-R_D/rd)), N' = U_N + U_N rn (1 - exp(-R_N/rn));"
    " R = repeats beyond the first pass": ("data_constrained", {"R_D": "rd_star", "R_N": "rn_star"}),
    **{form: (kind.law, {}) for form, kind in KINDS.items()},
}
#: Formulas of optimal size and tokens as powers of C = 6 N D.
POWERS = ("N_opt = kN C^a, D_opt = kD C^b", "N_opt = kN C^a, C = 6ND under the row's parameter count", "D_opt = kD C^b")
#: Families of the corpus that hold the runs of a paper, by its arXiv number.
TESTED = {
    "2203.15556": "chinchilla-digitised",
    "2404.10102": "chinchilla-digitised",
    "2401.00448": "chinchilla-digitised",
    "2305.16264": "datablations-contour",
    "2403.08540": "gadre-redpajama",
}


def published_coefficients(corpus: Corpus, name: str) -> Coefficients | Powers | Mixture:
    """Coefficients of a published law, by its name or an unambiguous beginning of it.

    Raises
    ------
    UnknownName
        If there is none of that name.
    Misuse
        If it says nothing that a plan can be made with.

    Examples
    --------
    >>> from scalebook.corpus.database import open_corpus
    >>> with open_corpus() as corpus:
    ...     published_coefficients(corpus, "sardana").law.name
    'chinchilla'
    """
    law = published(corpus, name)
    about = f"{law.name}, arXiv:{law.paper}: {law.target}"
    reach = reach_of(corpus, TESTED.get(law.paper, ""))
    if law.form in FORMS:
        ours, names = FORMS[law.form]
        form = laws[ours]
        missing = [theirs for n in form.coefficients if (theirs := names.get(n, n)) not in law.coefficients]
        if missing:
            raise Misuse(f"{law.name} states no {', '.join(missing)}, without which there is no plan")
        values = {n: law.coefficients[names.get(n, n)] for n in form.coefficients}
        if law.form in KINDS:
            return mixture(law, about, values)
        return Coefficients(law.name, about, form, values, reach=reach)
    if law.form in POWERS and (powers := _powers(law)):
        return Powers(law.name, about, *powers, reach=reach)
    raise Misuse(f"no plan with {law.name}: its form, {law.form}, says nothing about both size and tokens")


def _powers(law: Published) -> tuple[PowerLaw | None, PowerLaw | None] | None:
    from ..optimal.power import PowerLaw

    known = law.coefficients
    size = PowerLaw.of(known["kN"], known["a"]) if {"kN", "a"} <= known.keys() else None
    spent = PowerLaw.of(known["kD"], known["b"]) if {"kD", "b"} <= known.keys() else None
    return (size, spent) if size or spent else None


def plannable(corpus: Corpus) -> dict[str, bool]:
    """Names of all published laws, and whether a plan can be made with them."""
    sql = "select law_id, any_value(form), list(coefficient) from published_laws group by law_id order by law_id"
    return {name: _suffices(form, stated) for name, form, stated in corpus.rows(sql)}


def _suffices(form: str, stated: Collection[str]) -> bool:
    ours, names = FORMS.get(form, ("", {}))
    known = {name.removeprefix("log_") for name in stated}
    if ours:
        return {names.get(n, n) for n in laws[ours].coefficients} <= known
    return form in POWERS and ({"kN", "a"} <= known or {"kD", "b"} <= known)
