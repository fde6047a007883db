"""Published laws of mixtures of experts: the loss takes one more number than size and tokens, which a plan settles.

Granularity or experts may be asked for; else they are searched among the powers of two that the paper searches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scalebook.corpus.errors import Misuse

from ..law import Law, laws
from ..published import Published
from .coefficients import Coefficients, Reach
from .request import Request
from .spending import FineGrained, Spending, Switch


@dataclass(frozen=True)
class Kind:
    """A form of law.

    Parameters
    ----------
    law, setting : str
        Our law, and the input that a plan settles.
    choices : tuple of float
        What is searched.
    spending : callable
        The numbers that are published with a law, and the setting, to what a token costs.
    """

    law: str
    setting: str
    choices: tuple[float, ...]
    spending: Callable[[Mapping[str, float], float], Spending]


def _fine_grained(stated: Mapping[str, float], granularity: float) -> Spending:
    network, router = ((stated[key], stated[key + "_forward"]) for key in ("c_f", "c_r"))
    return FineGrained(stated["expansion"], granularity, network, router, stated["aspect"])


def _switch(stated: Mapping[str, float], experts: float) -> Spending:
    return Switch(experts, stated["vocabulary"], stated["aspect"])


#: By the formula as the table `published_laws` writes it.
KINDS: Mapping[str, Kind] = {
    "L(N,D,G) = c + (g/G^gamma + a)/N^alpha + b/D^beta": Kind(
        "fine_grained", "granularity", tuple(2.0**k for k in range(8)), _fine_grained
    ),
    "L(N,D,E) = a Ê^delta N^(alpha + gamma ln Ê) + b Ê^omega D^(beta + zeta ln Ê) + c,"
    " 1/Ê = 1/(E - 1 + 1/(1/E_start - 1/E_max)) + 1/E_max": Kind(
        "joint_experts", "experts", tuple(2.0**k for k in range(6)), _switch
    ),
}
#: What the runs of the papers reached, which the corpus does not hold: section 5 and tables 3 and 7 of
#: arXiv:2402.07871, with sizes by its section 6.1, and appendix E of arXiv:2502.05172.
REACH = {
    "krajewski2024-e64": Reach(
        "the paper's runs", (1.29e8, 3.7e9), (1.6e10, 1.3e11), (7.6, 512.0), held={"granularity": (1.0, 16.0)}
    ),
    "krajewski2024-e16": Reach(
        "the paper's runs", (3.46e7, 5.41e8), (8e9, 6.6e10), (14.8, 954.0), held={"granularity": (1.0, 16.0)}
    ),
    "ludziejewski2025-joint": Reach(
        "the paper's runs", (7.9e7, 2.7e9), (5e8, 8e10), (0.36, 73.0), held={"experts": (1.0, 32.0)}
    ),
}


@dataclass(frozen=True)
class Mixture:
    """A published law of mixtures of experts, before its setting is settled.

    Parameters
    ----------
    name, about : str
        As of `Coefficients`.
    law : Law
        It takes params, tokens and the setting.
    values : mapping of str to float
        Its coefficients.
    kind : Kind
        What a plan settles.
    stated : mapping of str to float
        All numbers that are published with the law.
    """

    name: str
    about: str
    law: Law
    values: Mapping[str, float]
    kind: Kind
    stated: Mapping[str, float]

    def at(self, chosen: float) -> Coefficients:
        """The law of size and tokens that is left with one granularity, or one number of experts."""
        return Coefficients(
            self.name,
            self.about,
            self.law,
            self.values,
            reach=REACH.get(self.name),
            held={self.kind.setting: chosen},
            spending=self.kind.spending(self.stated, chosen),
        )

    def choices(self, request: Request) -> list[Coefficients]:
        """The laws among which the request leaves a choice.

        Raises
        ------
        Misuse
            If the request names what this law does not know.
        """
        for name, value in request.held.items():
            if name != self.kind.setting:
                raise Misuse(f"{self.name} knows nothing of --{name} {value:g}: it takes --{self.kind.setting}")
        if request.active_share < 1:
            raise Misuse(f"{self.name} says itself what is active: leave out --active-share {request.active_share:g}")
        if request.unique_tokens is not None:
            raise Misuse(f"{self.law.name} knows nothing of repeated tokens: leave out --unique-tokens")
        asked = request.held.get(self.kind.setting)
        return [self.at(value) for value in (self.kind.choices if asked is None else (asked,))]


def mixture(law: Published, about: str, values: Mapping[str, float]) -> Mixture:
    """A published law of a form of `KINDS`."""
    kind = KINDS[law.form]
    return Mixture(law.name, about, laws[kind.law], values, kind, law.coefficients)
