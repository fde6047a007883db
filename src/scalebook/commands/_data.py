"""A family of the corpus or a file of the user's: the data that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scalebook.corpus.errors import Misuse

if TYPE_CHECKING:
    from scalebook.analysis.points import Points


def columns_given(pairs: tuple[str, ...]) -> dict[str, str]:
    """``--column ours=theirs`` as a mapping."""
    wrong = [pair for pair in pairs if pair.count("=") != 1]
    if wrong:
        raise Misuse(f"--column {wrong[0]}: write ours=theirs, such as tokens=consumed_tokens")
    return dict(pair.split("=") for pair in pairs)


def points_of(data: str, columns: tuple[str, ...] = ()) -> Points:
    """Points of a file, if there is one of that name or it looks like one, else of a family."""
    from scalebook.analysis.points import Points, family_points
    from scalebook.corpus.database import open_corpus

    mapping = columns_given(columns)
    if not (Path(data).is_file() or Path(data).suffix in (".csv", ".parquet") or "/" in data):
        if mapping:
            raise Misuse(f"--column is for files, and {data!r} is none")
        with open_corpus() as corpus:
            return family_points(corpus, data)
    from scalebook.ingest.formats.tabular import load_runs

    frame = load_runs(data, mapping)
    held = {name: frame[name].to_numpy() for name in frame.columns if name not in ("flops_basis", "metric")}
    return Points(Path(data).name, held | {"run": frame["run"].to_numpy(dtype=object)})
