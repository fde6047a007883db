"""One table, one file; `TABLES` finds them."""

from __future__ import annotations

from ..names import Registry
from ..table import Table

TABLES: Registry[Table] = Registry(__name__, "TABLE", Table)
