"""The inner loop of the live graph as machine code: made by `make fast` from the same typed source (mypyc), taken only where it
was made from exactly this source by this Python. Without it everything is the same but slower."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "fast"
ELSEWHERE = "NHIP_COMPILED"
"""Environment variable: another folder to take them from; empty: none."""
STAMP = "stamp"
SOURCES = tuple(
    f"nhip/graph/{name}.py"
    for name in (
        "alike",
        "api/batch",
        "contexts/iris",
        "document/expand",
        "document/times",
        "document/usual",
        "finding",
        "group",
        "lives",
        "quick",
        "recent",
        "rows",
        "statement",
    )
)
BESIDE = ("nhip/graph/store.sql", "nhip/graph/writing.sql")
"""What the modules read from their folder."""
_SUFFIX = EXTENSION_SUFFIXES[0]


class _Finder(MetaPathFinder):
    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        file = self._files.get(fullname)
        if file is None:
            return None
        return spec_from_file_location(fullname, file, loader=ExtensionFileLoader(fullname, str(file)))


def fingerprint() -> str:
    """Of this Python and the source that is compiled."""
    digest = hashlib.blake2b(sys.version.encode(), digest_size=16)
    for source in (*SOURCES, *BESIDE):
        digest.update((ROOT / source).read_bytes())
    return digest.hexdigest()


def take() -> bool:
    """Have the modules imported as they were compiled; whether they are."""
    told = os.environ.get(ELSEWHERE)
    folder = FOLDER if told is None else Path(told)
    if told == "" or not (folder / STAMP).is_file():
        return False
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return True
    if (folder / STAMP).read_text(encoding="ascii") != fingerprint():
        return False
    files = {
        ".".join(file.relative_to(folder).parts).removesuffix(_SUFFIX): file for file in folder.rglob(f"*{_SUFFIX}")
    }
    sys.meta_path.insert(0, _Finder(files))
    return True
