"""What a reader hands on: the parts of an opened file, each a source of rows of text cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

Row = tuple[int, list[str | None]]
"""Row number as a person sees it (1-based), and the cells; None for an empty one."""

Record = tuple[int, dict[str, str | None], str]
"""Record number (1-based), cells by column name, and what is wrong with its geometry ("" for nothing)."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something worth telling about a file that can be used all the same. `message` is an English template."""

    code: str
    message: str
    table: str = ""
    column: str = ""
    row: int = 0
    values: dict[str, str] = {}
    mended: bool = False
    """Whether it only tells what was put right."""


class Merge(NamedTuple):
    """A merged range of cells: rows from 1, columns from 0, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


class Dialect(msgspec.Struct, frozen=True):
    """How a delimited file separates and quotes its cells."""

    delimiter: str = ","
    quote: str = '"'


class Delimited(msgspec.Struct, frozen=True, kw_only=True):
    """A delimited text, in UTF-8 on disk (transcoded when it was not)."""

    name: str
    path: Path
    dialect: Dialect
    encoding: str
    from_bytes: bool = False
    """It was no valid UTF-8: its bytes stand as the Windows-1252 characters that they show."""


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet: rows in order, blank ones included or not; tables are still to be found in it."""

    name: str
    sheet: str
    rows: Callable[[], Iterator[Row]]
    merges: list[Merge] = []


class Records(msgspec.Struct, frozen=True, kw_only=True):
    """Objects with named members; `rows` may be called once."""

    name: str
    rows: Callable[[], Iterator[Record]]
    from_bytes: bool = False
    columns: list[str] = []
    """Columns that are known before reading; others are added as they turn up."""
    strange: Callable[[], bool] | None = None
    """Asked after reading: whether any text was no UTF-8, where `from_bytes` says that it may be."""


class Columnar(msgspec.Struct, frozen=True, kw_only=True):
    """A Parquet file."""

    name: str
    path: Path


Part = Delimited | Grid | Records | Columnar


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A file after opening. `encoding` is that of its bytes ("" where the format has none)."""

    format: str
    encoding: str
    parts: list[Part]
    notes: list[Note] = []
