"""Files that are written whole or not at all, and where derived ones are kept."""

from __future__ import annotations

import io
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def cache_folder() -> Path:
    """Folder for what can be made again: ``SCALEBOOK_CACHE``, else the user's cache folder."""
    named = os.environ.get("SCALEBOOK_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scalebook"


def write_atomically(target: Path, content: bytes) -> None:
    """Write a file so that a reader, or a kill at any moment, sees the old content or the new, never a part."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def parquet_bytes(table: pa.Table, level: int = 15) -> bytes:
    """Parquet bytes, the same for the same table and level of compression."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(
        table, buffer, compression="zstd", compression_level=level, row_group_size=1 << 20, data_page_version="2.0"
    )
    return buffer.getvalue()
