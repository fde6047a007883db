"""``datapackage.json``: the tables as a Frictionless Data Package.

References
----------
.. [1] Data Package, version 2.0, https://datapackage.org.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from ..columns import COLUMNS, allowed
from ..tables import TABLES
from .content import AUTHORS, DESCRIPTION, KEYWORDS, NAME, REFERENCES, TITLE, Content

_TYPES = {
    "VARCHAR": "string",
    "DOUBLE": "number",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "BOOLEAN": "boolean",
    "DATE": "date",
}


def datapackage(content: Content, files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The descriptor.

    Parameters
    ----------
    content : Content
        What is published.
    files : mapping
        Table to its file's ``path``, ``bytes`` and ``sha256``.
    """
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": NAME,
        "title": TITLE,
        "description": DESCRIPTION,
        **({"homepage": content.page} if content.repository else {}),
        "version": content.version,
        "keywords": list(KEYWORDS),
        "contributors": [{"title": AUTHORS, "roles": ["creator"]}],
        "licenses": [_licence(name) for name in content.licences],
        "sources": [_source(row) for row in content.sources],
        "resources": [_resource(name, files[name]) for name in content.tables],
    }


def spdx(licence: str) -> str | None:
    """Page of a licence, if the name is one of the SPDX list."""
    return f"https://spdx.org/licenses/{licence}.html" if re.fullmatch(r"[A-Za-z0-9.+-]+", licence) else None


def _licence(name: str) -> dict[str, str]:
    page = spdx(name)
    return {"name": name, "path": page} if page else {"name": "other", "title": name}


def _source(row: Mapping[str, Any]) -> dict[str, str]:
    found = {"title": f"{row['source']}: {row['title']}"}
    if row["commit"]:
        found |= {"path": f"https://github.com/{row['repository']}/tree/{row['commit']}", "version": row["commit"]}
    return found


def _resource(name: str, file: Mapping[str, Any]) -> dict[str, Any]:
    table = TABLES[name]
    schema: dict[str, Any] = {"fields": [_field(c, c in table.required) for c in table.columns]}
    if set(table.key) <= set(table.required):
        schema["primaryKey"] = list(table.key)
    references = [
        {"fields": [column], "reference": {"resource": "" if to == name else to, "fields": [key]}}
        for of, column, to, key in REFERENCES
        if of == name
    ]
    return {
        "name": name,
        "type": "table",
        "path": file["path"],
        "format": PurePosixPath(file["path"]).suffix.removeprefix("."),
        "mediatype": "application/vnd.apache.parquet",
        "bytes": file["bytes"],
        "hash": f"sha256:{file['sha256']}",
        "description": table.meaning,
        "schema": schema | ({"foreignKeys": references} if references else {}),
    }


def _field(name: str, required: bool) -> dict[str, Any]:
    column = COLUMNS[name]
    limits: dict[str, Any] = {"required": True} if required else {}
    if words := allowed(column):
        limits["enum"] = list(words)
    return {
        "name": name,
        "type": _TYPES[column.type],
        "description": column.meaning,
        **({"unit": column.unit} if column.unit else {}),
        **({"constraints": limits} if limits else {}),
    }
