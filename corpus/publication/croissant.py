"""``croissant.json``: the same for tools that load data sets for machine learning.

Which column refers to which is said in ``datapackage.json`` only: a loader of Croissant joins what is declared to
refer, and mlcroissant 1.1 fails at tables that refer to tables that refer.

References
----------
.. [1] Croissant Format Specification, version 1.0, https://docs.mlcommons.org/croissant/docs/croissant-spec.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..columns import COLUMNS
from ..tables import TABLES
from .content import AUTHORS, DESCRIPTION, KEYWORDS, NAME, Content
from .datapackage import spdx

_TYPES = {
    "VARCHAR": "sc:Text",
    "DOUBLE": "sc:Float",
    "INTEGER": "sc:Integer",
    "BIGINT": "sc:Integer",
    "BOOLEAN": "sc:Boolean",
    "DATE": "sc:Date",
}

_TERMS = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject", "fileSet", "format"),
    *("includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex"),
    *("repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
)

#: The context of the specification, word for word.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{name: f"cr:{name}" for name in _TERMS},
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "sc": "https://schema.org/",
}


def croissant(content: Content, files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The JSON-LD document.

    Parameters
    ----------
    content : Content
        What is published.
    files : mapping
        Table to its file's ``path``, ``bytes`` and ``sha256``.
    """
    days = [row["retrieved"] for row in content.sources if row["retrieved"]]
    citations = dict.fromkeys(row["citation"] for row in content.sources)
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": NAME,
        "description": DESCRIPTION,
        "url": content.page,
        "version": content.version,
        **({"datePublished": max(days).isoformat()} if days else {}),
        "license": [spdx(name) or name for name in content.licences],
        "creator": {"@type": "sc:Organization", "name": AUTHORS},
        "keywords": list(KEYWORDS),
        "citeAs": "Scalebook, and the sources of the values that are used: " + "; ".join(citations),
        "distribution": [_file(name, file) for name, file in files.items()],
        "recordSet": [_records(name) for name in content.tables],
    }


def _file(name: str, file: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": f"{name}.parquet",
        "name": f"{name}.parquet",
        "description": TABLES[name].meaning,
        "contentUrl": file["path"],
        "contentSize": f"{file['bytes']} B",
        "encodingFormat": "application/x-parquet",
        "sha256": file["sha256"],
    }


def _records(name: str) -> dict[str, Any]:
    table = TABLES[name]
    named = {"key": [{"@id": f"{name}/{column}"} for column in table.key]}
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": table.meaning,
        **(named if set(table.key) <= set(table.required) else {}),
        "field": [_field(name, column) for column in table.columns],
    }


def _field(table: str, name: str) -> dict[str, Any]:
    column = COLUMNS[name]
    unit = f" Unit: {column.unit}." if column.unit else ""
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{name}",
        "name": name,
        "description": column.meaning + unit,
        "dataType": _TYPES[column.type],
        "source": {"fileObject": {"@id": f"{table}.parquet"}, "extract": {"column": name}},
    }
