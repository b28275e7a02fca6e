"""Named SQL: `store.sql` beside `store.py` holds every query, each under `-- name: find_thing` with a line that describes it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import LiteralString

_NAME = re.compile(r"^-- name: ([a-z_][a-z0-9_]*)\s*$", re.MULTILINE)


class Queries:
    """Queries of one file; `queries.find_thing` is its text. Unknown names raise AttributeError."""

    def __init__(self, texts: dict[str, LiteralString]) -> None:
        self._texts = texts

    def __getattr__(self, name: str) -> LiteralString:
        try:
            return self._texts[name]
        except KeyError:
            raise AttributeError(name) from None

    def renamed(self, names: dict[str, LiteralString]) -> Queries:
        """The same queries of other tables or channels: each old name, as a whole word, becomes the new one."""
        word = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, names))})(?!\w)")
        return Queries({query: word.sub(lambda found: names[found[0]], text) for query, text in self._texts.items()})

    def names(self) -> list[str]:
        """All query names, in file order."""
        return list(self._texts)


def load(module_file: str, name: str = "store.sql") -> Queries:
    """The queries of the file `name` beside the module `module_file` (pass `__file__`)."""
    return _read(Path(module_file).with_name(name))


@cache
def _read(path: Path) -> Queries:
    parts = _NAME.split(path.read_text(encoding="utf-8"))
    return Queries({parts[i]: parts[i + 1].strip() for i in range(1, len(parts), 2)})
