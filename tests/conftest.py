"""What all tests share: the raw sources, where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def raw_sources() -> Path:
    """Folder with local copies of the sources; skips the test where there is none."""
    folder = Path(os.environ.get("SCALEBOOK_SOURCES") or ROOT.parent / "shared" / "sources")
    if not folder.is_dir():
        pytest.skip("needs the raw sources: set SCALEBOOK_SOURCES to their folder")
    return folder
