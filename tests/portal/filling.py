"""Open datasets by the dozen, without deliveries: rows of the catalogue that all lie on one small table."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from nhip.datasets.catalogue import put_agency, put_dataset
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.kernel.text import fold, sort_key
from nhip.portal import store
from nhip.portal.model import Entry, GateReport, OpenColumn, Release

BORN = datetime(2026, 9, 1, tzinfo=UTC)
COLUMNS = [
    OpenColumn(name="ma", type="text", title="Mã"),
    OpenColumn(name="ten", type="text", title="Tên"),
    OpenColumn(name="nam", type="integer", title="Năm"),
    OpenColumn(name="vi_do", type="number", kind="latitude"),
    OpenColumn(name="kinh_do", type="number", kind="longitude"),
]
FORMATS = ["csv", "xlsx", "json", "parquet", "geojson"]
_PUBLISHED = (
    "insert into portal.publication (dataset_id, state, licence, basis, proposed_by, proposed_at, decided_at, first_published_at)"
    " values (%(id)s, 'published', 'cc-by-4.0', 'Quyết định 1', 'x', %(at)s, %(at)s, %(at)s) on conflict (dataset_id) do nothing"
)
_ROWS = (
    "select 'M' || i as ma, 'Điểm số ' || i as ten, 2000 + i as nam, 16.4 + i / 100.0 as vi_do, 107.5 + i / 100.0 as kinh_do"
    " from range(20) t(i)"
)


def keep_table(installation: Installation) -> str:
    """One table of twenty rows in the object store; gives its name there."""
    file = Path(installation.settings.data_dir) / "made.parquet"
    with duckdb.connect() as con:
        con.execute(f"copy ({_ROWS}) to '{file}' (format parquet)")
    installation.objects.put("open/made", file)
    return "open/made"


async def fill(installation: Installation, count: int, *, stem: str = "bo", **values: Any) -> list[Entry]:
    """Publish `count` datasets `bo-0`, `bo-1`, …; `values` are set on each entry."""
    table = keep_table(installation)
    async with installation.db.tx() as tx:
        await put_agency(tx, "000.00.10.H57", "Sở Xây dựng", "Department of Construction")
        return [await put(tx, f"{stem}-{number}", number, table, **values) for number in range(count)]


async def put(tx: Connection, name: str, number: int, table: str, **values: Any) -> Entry:
    """Publish one dataset."""
    title = str(values.get("title", f"Bộ dữ liệu số {number}"))
    dataset = await put_dataset(tx, name, "000.00.10.H57", title, description="Mô tả", theme="Giao thông")
    await tx.execute(_PUBLISHED, {"id": dataset.id, "at": BORN})
    at = BORN + timedelta(hours=number)
    release = Release(
        dataset_id=dataset.id, no=1, object=table, digest=hashlib.sha256(name.encode()).hexdigest(), row_count=20, bytes=1_000,
        columns=COLUMNS, gate=GateReport(open=True), as_of=at, made_at=at,
    )  # fmt: skip
    await store.put_release(tx, release)
    told: dict[str, Any] = {
        "dataset_id": dataset.id, "name": name, "title": title, "title_en": f"Dataset {number}", "description": "Mô tả",
        "agency_code": "000.00.10.H57", "agency_name": "Sở Xây dựng", "agency_name_en": "Department of Construction",
        "theme": "Giao thông", "keywords": ["xe buýt"], "formats": FORMATS, "places": ["46"], "licence": "cc-by-4.0",
        "contact": "sxd@hue.example", "cadence": "MONTHLY", "release_no": 1, "row_count": 20, "bytes": 1_000, "columns": COLUMNS,
        "virtues": {"live": 95.0}, "score": 0, "issued": at, "modified": at, "as_of": at,
    }  # fmt: skip
    entry = Entry(**{**told, **values})
    await put_entry(tx, entry)
    return entry


async def put_entry(tx: Connection, entry: Entry) -> None:
    """Write an entry of the catalogue as it is given."""
    names = f"{entry.title} {entry.title_en} {entry.name}"
    about = f"{' '.join(entry.keywords)} {entry.agency_name} {entry.theme}"
    texts = tuple(f"{text.lower()} {fold(text)}" for text in (names, about, entry.description))
    await store.put_entry(tx, entry, sort_key(entry.title), (texts[0], texts[1], texts[2]), fold(f"{names} {about}"))


async def change(tx: Connection, entry: Entry, **values: Any) -> Entry:
    """The entry with other words."""
    changed = msgspec.structs.replace(entry, **values)
    await put_entry(tx, changed)
    return changed
