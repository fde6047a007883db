"""What forecasts of designs like a user's have been worth, as rehearsed on every family of the corpus.

The rehearsal takes minutes, and a forecast is wanted in a second, so that its result ships with the package:
``experience.json``, made by ``make experience`` and checked by the tests against the corpus. Decision 0019.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..points import SAME_SIZE
from ..spread import quantile, weights_of
from .expected import Expectation, features, learn
from .form import FORMS, Array
from .posterior import Prior
from .prior import Witness, leaning, pooled

FILE = Path(__file__).with_name("experience.json")
#: The forecast that weighs several laws; all others are laws by their name, fitted without a prior.
AUTO = "auto"
#: The same, with a prior that leans on families of the same group.
LIKE = "auto, like siblings"
NUMBERS = ("sizes", "params_ratio", "tokens_ratio", "share_seen", "error", "sd", "held_out")
WORDS = ("family", "related", "law")
#: The target is no larger than what was seen, up to what counts as the same size: its own run is continued.
CONTINUED = SAME_SIZE
#: Rehearsals are like a forecast if the error to expect of them was at most so many times larger or smaller.
ALIKE = 2.0


@dataclass(frozen=True)
class Design:
    """What a forecast has seen, and how far it goes.

    Parameters
    ----------
    sizes : float
        Sizes that are seen.
    params_ratio, tokens_ratio : float
        The target's size and tokens, over the most that is seen.
    """

    sizes: float
    params_ratio: float
    tokens_ratio: float

    @property
    def continued(self) -> bool:
        """Whether the target is a longer training of a size that is seen, and not a larger one."""
        return self.params_ratio <= CONTINUED

    @property
    def ratio(self) -> float:
        """How far it goes: in tokens if a run is continued, else in size."""
        return max(1.0, self.tokens_ratio if self.continued else self.params_ratio)


@dataclass(frozen=True)
class Rehearsals:
    """Forecasts of runs whose end is known.

    Parameters
    ----------
    words, numbers : dict of str to array, shape (n,)
        Columns `WORDS` and `NUMBERS`; ``error`` is observed over foretold in log loss, ``sd`` what the forecast itself
        gave as standard deviation, ``held_out`` the root mean square of its errors on the runs that were seen (NaN if
        none could be held out).
    """

    words: dict[str, NDArray[np.object_]]
    numbers: dict[str, Array]

    def __len__(self) -> int:
        return len(self.numbers["error"])

    def where(self, mask: NDArray[np.bool_]) -> Rehearsals:
        """Some of them."""
        return Rehearsals(
            {name: values[mask] for name, values in self.words.items()},
            {name: values[mask] for name, values in self.numbers.items()},
        )

    @property
    def groups(self) -> int:
        """Groups of related families."""
        return len(set(self.words["related"].tolist()))

    @property
    def families(self) -> int:
        """Families."""
        return len(set(self.words["family"].tolist()))

    @cached_property
    def weight(self) -> Array:
        """What each counts for, shape (n,): groups alike, within a group its families, within a family all."""
        return weights_of(self.words["related"], self.words["family"])

    @cached_property
    def ratio(self) -> Array:
        """How far each goes, as `Design.ratio`, shape (n,)."""
        mine = self.numbers
        continued = mine["params_ratio"] <= CONTINUED
        far: Array = np.maximum(np.where(continued, mine["tokens_ratio"], mine["params_ratio"]), 1.0)
        return far

    @cached_property
    def features(self) -> Array:
        """What the size of their errors is regressed on, shape (n, 4)."""
        return features(self.numbers["sd"], self.numbers["held_out"], self.ratio)

    @cached_property
    def expectation(self) -> Expectation:
        """How large an error to expect, as these rehearsals teach it."""
        return learn(self.features, self.numbers["error"], self.weight)

    @cached_property
    def expected(self) -> Array:
        """Size of the error that was to be expected of each, in log loss, shape (n,)."""
        return self.expectation.of(self.features)

    def expects(self, sd: float, held_out: float, design: Design) -> float:
        """Size of the error to expect of another forecast, in log loss; arguments as in `features`."""
        asked = features(*(np.array([value]) for value in (sd, held_out, design.ratio)))
        return float(self.expectation.of(asked)[0])

    def reach(self, level: float) -> float:
        """How many times the expected error an interval must reach to hold as often as it says."""
        return quantile(np.abs(self.numbers["error"]) / self.expected, self.weight, level)

    @property
    def typical(self) -> float:
        """Median absolute relative error."""
        return quantile(np.abs(np.expm1(-self.numbers["error"])), self.weight, 0.5)

    def alike(self, expected: float) -> Rehearsals:
        """Those of which about as large an error was to be expected."""
        return self.where(np.abs(np.log(self.expected / expected)) <= np.log(ALIKE))


@dataclass(frozen=True)
class Experience:
    """Everything that the corpus taught.

    Parameters
    ----------
    corpus : str
        Hash of the points that it was made from.
    witnesses : dict of str to tuple of Witness
        By form.
    rehearsals : Rehearsals
    """

    corpus: str
    witnesses: dict[str, tuple[Witness, ...]]
    rehearsals: Rehearsals

    def priors(self, leave_out: Collection[str] = (), like: Sequence[str] = ()) -> dict[str, Prior]:
        """Priors by form, without some groups; or leaning on families that are named."""
        if like:
            return {name: leaning(FORMS[name], told, like) for name, told in self.witnesses.items()}
        return {name: pooled(FORMS[name], told, leave_out) for name, told in self.witnesses.items()}

    def of(self, law: str, design: Design, leave_out: Collection[str] = ()) -> Rehearsals:
        """Rehearsals of designs of one kind (a run continued, or a larger model) with a law.

        A law that was never rehearsed is judged by all that are fitted without a prior.
        """
        told = self.rehearsals
        mine = (
            told.words["law"] == law if law in told.words["law"].tolist() else ~np.isin(told.words["law"], (AUTO, LIKE))
        )
        mine = mine & ((told.numbers["params_ratio"] <= CONTINUED) == design.continued)
        for group in leave_out:
            mine = mine & (told.words["related"] != group)
        return told.where(mine.astype(bool))


def to_json(experience: Experience) -> str:
    """As text, with six digits, so that it is the same wherever it is made."""
    words: dict[str, object] = {}
    for name, values in experience.rehearsals.words.items():
        known = sorted(set(values.tolist()))
        words[name] = {"words": known, "codes": [known.index(v) for v in values.tolist()]}
    content = {
        "corpus": experience.corpus,
        "witnesses": {
            form: [
                {
                    "family": w.family,
                    "related": w.related,
                    "vector": _short(w.vector),
                    "information": [_short(row) for row in w.information],
                }
                for w in told
            ]
            for form, told in experience.witnesses.items()
        },
        "words": words,
        "numbers": {name: _short(values) for name, values in experience.rehearsals.numbers.items()},
    }
    return json.dumps(content, separators=(",", ":")).replace('},{"family', '},\n{"family') + "\n"


def _short(values: Array) -> list[float | None]:
    return [None if np.isnan(value) else float(f"{value:.6g}") for value in values.tolist()]


def from_json(text: str) -> Experience:
    """The reverse of `to_json`."""
    content = json.loads(text)
    witnesses = {
        form: tuple(Witness(w["family"], w["related"], np.array(w["vector"]), np.array(w["information"])) for w in told)
        for form, told in content["witnesses"].items()
    }
    words = {
        name: np.array([coded["words"][code] for code in coded["codes"]], object)
        for name, coded in content["words"].items()
    }
    numbers = {name: np.array(values, float) for name, values in content["numbers"].items()}
    return Experience(content["corpus"], witnesses, Rehearsals(words, numbers))


@lru_cache(maxsize=1)
def experience() -> Experience:
    """The experience that ships with the package."""
    return from_json(FILE.read_text(encoding="utf-8"))
