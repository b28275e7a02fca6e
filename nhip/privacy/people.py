"""Whether and where a person is in a version: citizen numbers are hashed in memory and compared; none is kept.

The set of a version's keyed hashes is remembered by this process for a while (64 MB at most, in no file or table).
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from nhip.datasets.engine import ident, literal, session
from nhip.datasets.model import ROW
from nhip.datasets.personal import protection_in
from nhip.datasets.records import Dataset, Version
from nhip.datasets.store import find_contract
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.security.subjects import subject_of
from nhip.settings import Settings

WIDTH = 32
MOST_BYTES = 64 << 20
MOST_ROWS = 1_000
"""Most rows of one version that are shown about one person."""
Places = tuple[tuple[str, tuple[str, ...]], ...]
"""Objects, each with its columns of citizen numbers."""
_remembered: OrderedDict[tuple[str, Places], Subjects] = OrderedDict()


class Subjects:
    """The keyed hashes of everybody in a version, sorted in one piece of memory."""

    def __init__(self, found: set[bytes]) -> None:
        self._sorted = b"".join(sorted(found))

    def __len__(self) -> int:
        return len(self._sorted) // WIDTH

    def __contains__(self, subject: bytes) -> bool:
        place = bisect_left(range(len(self)), subject, key=self._at)
        return place < len(self) and self._at(place) == subject

    def __iter__(self) -> Iterator[bytes]:
        return (self._at(place) for place in range(len(self)))

    def _at(self, place: int) -> bytes:
        return self._sorted[place * WIDTH : (place + 1) * WIDTH]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A person's rows in a dataset: `rows` are (number of the row in the delivered file, the cells as text)."""

    dataset: Dataset
    version: Version
    kept_out: bool
    """Whether these rows were kept out of the version because of faults."""
    columns: list[str]
    titles: list[str]
    rows: list[tuple[int, list[str | None]]]


async def citizen_columns(tx: Connection, dataset: Dataset, contract_no: int | None = None) -> tuple[str, ...]:
    """Columns that hold citizen numbers by an edition of the contract (default: the one in force)."""
    record = await find_contract(tx, dataset, contract_no)
    return tuple(sorted(protection_in(record.yaml).people)) if record else ()


async def subjects_in(
    installation: Installation, version: Version, columns: tuple[str, ...], *, kept_out: bool = True
) -> Subjects:
    """Everybody in `version` by its `columns` of citizen numbers; `kept_out`: also in the rows that were kept out of it.

    Raises Gone when it was deleted.
    """
    places = _places(version, columns, kept_out=kept_out)
    key = (str(installation.settings.data_dir), places)
    if key in _remembered:
        _remembered.move_to_end(key)
        return _remembered[key]
    paths = [(installation.objects.path(name), names) for name, names in places]
    found = await asyncio.to_thread(_hash_all, installation.settings, paths)
    _remembered[key] = found
    while len(_remembered) > 1 and sum(len(kept) * WIDTH for kept in _remembered.values()) > MOST_BYTES:
        _remembered.popitem(last=False)
    return found


def _places(version: Version, columns: tuple[str, ...], *, kept_out: bool = True) -> Places:
    """The objects of a version that hold rows, each with its columns of citizen numbers: as mended, and as delivered."""
    delivered: dict[str, str] = version.manifest.get("delivered", {})
    headers = tuple(delivered[column] for column in columns if column in delivered)
    quarantine = version.manifest["objects"].get("quarantine")
    found = [(version.object, columns)]
    if kept_out and quarantine and headers:
        found.append((quarantine, headers))
    return tuple(found)


def forget(name: str) -> None:
    """Forget who is in an object that is deleted."""
    for key in [key for key in _remembered if any(name == place for place, _columns in key[1])]:
        _remembered.pop(key, None)


def _hash_all(settings: Settings, paths: list[tuple[Path, tuple[str, ...]]]) -> Subjects:
    found: set[bytes] = set()
    with session(settings) as con:
        for path, columns in paths:
            source = f"read_parquet({literal(str(path))})"
            for column in _present(con, source, columns):
                hashes = (subject_of(settings, number) for number in _distinct(con, source, column))
                found.update(one for one in hashes if one)
    return Subjects(found)


def _present(con: duckdb.DuckDBPyConnection, source: str, columns: tuple[str, ...]) -> list[str]:
    known = {row[0] for row in con.execute(f"describe select * from {source}").fetchall()}
    return [column for column in columns if column in known]


def _distinct(con: duckdb.DuckDBPyConnection, source: str, column: str) -> Iterator[str]:
    name = ident(column)
    cursor = con.cursor().execute(f"select distinct {name}::varchar from {source} where {name} is not null")
    while rows := cursor.fetchmany(10_000):
        yield from (value for (value,) in rows)


async def rows_about(
    installation: Installation, tx: Connection, dataset: Dataset, version: Version, subject: bytes
) -> list[Found]:
    """A person's rows in a version, and among those kept out of it; at most MOST_ROWS each. Whoever shows them records it."""
    columns = await citizen_columns(tx, dataset, version.contract_no)
    if not columns:
        return []
    found = []
    for object_name, names in _places(version, columns):
        path = installation.objects.path(object_name)
        shown, rows = await asyncio.to_thread(_rows_of, installation.settings, path, names, subject)
        if rows:
            titles = [_title(version.manifest, column) for column in shown]
            found.append(
                Found(
                    dataset=dataset,
                    version=version,
                    kept_out=object_name != version.object,
                    columns=shown,
                    titles=titles,
                    rows=rows,
                )
            )
    return found


def _rows_of(
    settings: Settings, path: Path, columns: tuple[str, ...], subject: bytes
) -> tuple[list[str], list[tuple[int, list[str | None]]]]:
    with session(settings) as con:
        source = f"read_parquet({literal(str(path))})"
        tests, values = [], []
        for column in _present(con, source, columns):
            written = [text for text in _distinct(con, source, column) if subject_of(settings, text) == subject]
            if written:
                tests.append(f"{ident(column)}::varchar in (select unnest(?))")
                values.append(written)
        if not tests:
            return [], []
        shown = [row[0] for row in con.execute(f"describe select * exclude ({ROW}) from {source}").fetchall()]
        texts = ", ".join(f"{ident(c)}::varchar" for c in shown)
        query = f"select {ROW}, {texts} from {source} where {' or '.join(tests)} order by {ROW} limit {MOST_ROWS}"
        return shown, [(row[0], list(row[1:])) for row in con.execute(query, values).fetchall()]


def _title(manifest: dict[str, Any], column: str) -> str:
    title: str = (manifest.get("titles", {}).get(column) or [""])[0]
    return title or column
