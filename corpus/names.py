"""A module is an entry: the one registry used by laws, protocols, sources and findings.

The name of an entry is the name of its file. Nothing is listed twice, so adding a file adds the entry.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from .errors import UnknownName

T = TypeVar("T")


class Registry(Mapping[str, T]):
    """Entries of one kind: modules of a package that hold a constant of a given name and type.

    Parameters
    ----------
    package : str
        Full name of the package whose modules are the entries.
    constant : str
        Name of the constant that each module holds, such as ``"LAW"``.
    kind : type
        Type of that constant; its lower-case name is the word used in messages.
    separator : str
        What stands between the words of a name, where the file has an underscore.

    Notes
    -----
    Listing names imports no entry; looking one up imports that one only. A look-up does not mind case, nor
    ``-`` against ``_``, and takes an unambiguous beginning.

    Examples
    --------
    >>> from scalebook.analysis.law import laws
    >>> laws["Chinchilla"].name
    'chinchilla'
    """

    def __init__(self, package: str, constant: str, kind: type[T], separator: str = "_") -> None:
        self._package, self._constant, self._kind, self._separator = package, constant, kind, separator
        self._state: list[tuple[str, int]] = []
        self._listed: dict[str, str] = {}

    def _modules(self) -> dict[str, str]:
        """Names to modules. Folders are listed again only when they have changed: a study looks up many names."""
        folders = list(importlib.import_module(self._package).__path__)
        state = [(folder, Path(folder).stat().st_mtime_ns) for folder in folders]
        if state != self._state:
            listed = sorted(m.name for m in pkgutil.iter_modules(folders) if not m.name.startswith("_"))
            self._state, self._listed = state, {name.replace("_", self._separator): name for name in listed}
        return self._listed

    def _resolve(self, name: str) -> str:
        plain = {n.lower().replace("-", "_"): n for n in self._modules()}
        wanted = name.lower().replace("-", "_")
        if wanted in plain:
            return plain[wanted]
        starts = [n for p, n in plain.items() if wanted and p.startswith(wanted)]
        if len(starts) == 1:
            return starts[0]
        raise UnknownName(self._kind.__name__.lower(), name, self._modules())

    def __getitem__(self, name: str) -> T:
        module = importlib.import_module(f"{self._package}.{self._modules()[self._resolve(name)]}")
        entry = getattr(module, self._constant, None)
        if not isinstance(entry, self._kind):
            raise TypeError(f"{module.__name__} must hold {self._constant}, a {self._kind.__name__}")
        return entry

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._modules()

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules())

    def __len__(self) -> int:
        return len(self._modules())
