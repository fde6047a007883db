"""Prices from a file: what an hour of a device costs, and how much of its peak is used.

.. code-block:: toml

    [training]
    device = "A100-80GB"        # of the table hardware; else give peak
    precision = "bf16"
    price = "1.40 $/h"          # per device; as in the table, where that has one
    utilisation = 0.5

    [inference]
    device = "A100-40GB"
    precision = "int8"
    price = "0.60 $/h"
    input_utilisation = 0.4     # of tokens that are read
    output_utilisation = 0.2    # of tokens that are written
    output_share = 0.2          # tokens written, of all inference tokens

Whatever is left out has the value above, which are those of the example in section 4 of Sardana et al. (2024),
arXiv:2401.00448: A100s, and requests that read 1,000 tokens and write 250.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scalebook.corpus.errors import Misuse, UnknownName

from .cost import Prices

if TYPE_CHECKING:
    from scalebook.corpus.database import Corpus

Table = Mapping[str, object]

#: What a file may say, and what holds where it does not; the price and the peak follow from the device.
DEFAULTS: Mapping[str, Mapping[str, str | float | None]] = {
    "training": {"device": "A100-80GB", "precision": "bf16", "price": None, "peak": None, "utilisation": 0.5},
    "inference": {
        "device": "A100-40GB",
        "precision": "int8",
        "price": None,
        "peak": None,
        "input_utilisation": 0.4,
        "output_utilisation": 0.2,
        "output_share": 0.2,
    },
}
#: Units of a price and of a peak, as factors to dollars per hour and FLOP/s.
UNITS = {
    "price": {"$/h": 1.0, "USD/h": 1.0, "$/s": 3600.0, "USD/s": 3600.0},
    "peak": {"FLOP/s": 1.0, "TFLOP/s": 1e12, "PFLOP/s": 1e15},
}


@dataclass(frozen=True)
class Told:
    """Prices, and in words what they rest on.

    Parameters
    ----------
    prices : Prices
        Dollars per FLOP and utilisation.
    output_share : float
        Tokens written, of all inference tokens.
    words : tuple of str
        One sentence for training, one for inference.
    """

    prices: Prices
    output_share: float
    words: tuple[str, ...]

    def served(self, tokens: float) -> float:
        """Inference tokens that would cost as much at the price of training."""
        written = tokens * self.output_share
        return self.prices.effective_tokens(tokens - written, written)


def read_prices(corpus: Corpus, file: Path | str) -> Told:
    """Prices as a TOML file states them.

    Raises
    ------
    Misuse
        If there is no such file, it is not TOML, or it holds a key, a value or a unit that is not known.
    """
    file = Path(file)
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Misuse(f"there is no prices file {file}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misuse(f"{file} is not TOML: {error}") from error
    return prices_of(corpus, told, str(file))


def prices_of(corpus: Corpus, told: Table, name: str = "prices") -> Told:
    """Prices from a mapping with the keys of the file; see `read_prices`."""
    full: dict[str, dict[str, object]] = {}
    for section in told:
        if section not in DEFAULTS:
            raise _in(name, UnknownName("section", section, DEFAULTS))
    for section, defaults in DEFAULTS.items():
        given = told.get(section, {})
        if not isinstance(given, Mapping):
            raise Misuse(f"{name}: {section} is a section, written [{section}]")
        for key in given:
            if key not in defaults:
                raise _in(f"{name}, [{section}]", UnknownName("key", key, defaults))
        full[section] = {**defaults, **given}
    rates: list[float] = []
    words: list[str] = []
    for section, held in full.items():
        price, peak, said = _rate(corpus, held, f"{name}, [{section}]")
        rates.append(price / 3600 / peak)
        words.append(f"{section}: {said}")
    share, read, written, train = (
        _share(full[section][key], f"{name}, [{section}] {key}", none=key == "output_share")
        for section, key in (
            ("inference", "output_share"),
            ("inference", "input_utilisation"),
            ("inference", "output_utilisation"),
            ("training", "utilisation"),
        )
    )
    words[0] += f", {100 * train:g} % of it used"
    words[1] += (
        f", {100 * read:g} % of it used for tokens that are read and {100 * written:g} % for the"
        f" {100 * share:g} % that are written"
    )
    return Told(Prices(rates[0], rates[1], train, read, written), share, tuple(words))


def _rate(corpus: Corpus, held: Table, where: str) -> tuple[float, float, str]:
    """Dollars per hour, peak FLOP/s, and both in words."""
    device, precision = str(held["device"]), str(held["precision"])
    known = {(d, p): (f, c) for d, p, f, c in corpus.rows(_DEVICES)}
    entry = known.get((device, precision))
    peak = _quantity(held["peak"], "peak", where)
    price = _quantity(held["price"], "price", where)
    if peak is None and entry is None:
        raise _in(where, UnknownName("device", f"{device} {precision}", (f"{d} {p}" for d, p in known)))
    peak = peak or entry[0]  # type: ignore[index]
    price = price or (entry[1] if entry else None)
    if price is None:
        raise Misuse(f'{where}: no price is known for {device}; write such as price = "2.50 $/h"')
    return price, peak, f"{device} {precision} at ${price:g} an hour and {peak / 1e12:g} TFLOP/s"


_DEVICES = "select device, precision, peak_flops, dollars_per_hour from hardware order by all"


def _quantity(value: object, key: str, where: str) -> float | None:
    """A positive number with its unit."""
    if value is None:
        return None
    units = UNITS[key]
    example = {"price": "1.40 $/h", "peak": "312 TFLOP/s"}[key]
    match = re.fullmatch(r"\s*([-+.\deE]+)\s*(\S.*?)?\s*", value) if isinstance(value, str) else None
    if isinstance(value, int | float):
        raise Misuse(f'{where}: {key} = {value} has no unit; write such as {key} = "{example}"')
    try:
        number = float(match[1]) if match else float("nan")
    except ValueError:
        number = float("nan")
    if match is None or not 0 < number < float("inf"):
        raise Misuse(f'{where}: {key} = "{value}" is no positive number with a unit; write such as "{example}"')
    if match[2] is None:
        raise Misuse(f'{where}: {key} = "{value}" has no unit; write such as {key} = "{example}"')
    if match[2] not in units:
        raise _in(f"{where} {key}", UnknownName("unit", match[2], units))
    return number * units[match[2]]


def _share(value: object, where: str, *, none: bool) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not (0 < value <= 1 or (none and value == 0)):
        raise Misuse(f"{where} = {value}: write a share {'from' if none else 'above'} 0 and up to 1")
    return float(value)


def _in(where: str, error: UnknownName) -> Misuse:
    return Misuse(f"{where}: {error}")
