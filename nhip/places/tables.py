"""Register tables as one sorted, diffable text file: a line a record, its kind in the first column, fields by tabs.

U code level type name valid_from valid_to parent act lon lat
C from_uid to_uid kind note act effective
A uid text type kind
R removed uid or edge
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from nhip.places.errors import RegisterBroken
from nhip.places.model import Alias, Change, Tables, Unit

MAX_BYTES = 64 * 1024 * 1024


@lru_cache(maxsize=4096)
def _date(text: str) -> date:
    return date.fromisoformat(text)


def _lines(tables: Tables) -> Iterator[str]:
    for u in tables.units:
        end = u.valid_to.isoformat() if u.valid_to else ""
        place = ("" if u.lon is None else f"{u.lon:g}", "" if u.lat is None else f"{u.lat:g}")
        yield "\t".join(("U", u.code, u.level, u.type, u.name, u.valid_from.isoformat(), end, u.parent, u.act, *place))
    for c in tables.changes:
        yield "\t".join(("C", c.from_uid, c.to_uid, c.kind, c.note, c.act, c.effective.isoformat()))
    for a in tables.aliases:
        yield "\t".join(("A", a.uid, a.text, a.type, a.kind))
    for r in tables.removed:
        yield f"R\t{r}"


def write_tables(path: Path, tables: Tables) -> int:
    """Write the file whole or not at all; the same content gives the same bytes. Returns the size in bytes."""
    head = f"# nhip register 1\t{tables.source}\t{tables.imported or ''}"
    text = "\n".join([head, *sorted(line.replace("\n", " ") for line in _lines(tables))]) + "\n"
    data = gzip.compress(text.encode(), compresslevel=9, mtime=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return len(data)


def read_tables(path: Path) -> Tables:
    """Read a file of `write_tables`. Raises RegisterBroken when it is not one."""
    try:
        with gzip.open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError("too large")
        head, _, body = data.decode().partition("\n")
        if not head.startswith("# nhip register 1\t"):
            raise ValueError("unknown header")
        return _parse(head.split("\t"), body)
    except (OSError, EOFError, ValueError, TypeError, zlib.error) as error:
        raise RegisterBroken(path=path, why=error) from error


def _parse(head: list[str], body: str) -> Tables:
    units: list[Unit] = []
    changes: list[Change] = []
    aliases: list[Alias] = []
    removed: list[str] = []
    for line in body.splitlines():
        kind, *f = line.split("\t")
        if kind == "U":
            units.append(_unit(f))
        elif kind == "C":
            ends: Any = f[2]
            changes.append(Change(from_uid=f[0], to_uid=f[1], kind=ends, note=f[3], act=f[4], effective=_date(f[5])))
        elif kind == "A":
            sort: Any = f[3]
            aliases.append(Alias(uid=f[0], text=f[1], type=f[2], kind=sort))
        elif kind == "R":
            removed.append(f[0])
        else:
            raise ValueError(f"unknown record {kind!r}")
    when = date.fromisoformat(head[2]) if head[2] else None
    return Tables(units=units, changes=changes, aliases=aliases, removed=removed, source=head[1], imported=when)


def _unit(f: list[str]) -> Unit:
    code, level, kind, name, start, end, parent, act, lon, lat = f
    if level not in {"province", "district", "commune"}:
        raise ValueError(f"unknown level {level!r}")
    sort: Any = level
    return Unit(
        code=code,
        level=sort,
        type=kind,
        name=name,
        valid_from=_date(start),
        valid_to=_date(end) if end else None,
        parent=parent,
        act=act,
        lon=float(lon) if lon else None,
        lat=float(lat) if lat else None,
    )
