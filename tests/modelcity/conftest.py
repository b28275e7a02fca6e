"""One city for the whole folder, written once, and readers made of plain libraries, so that nothing judges itself."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyogrio
import pytest
from python_calamine import CalamineWorkbook

from nhip.modelcity.generate import generate
from nhip.modelcity.model import City, Dataset, Delivered, Plant

AS_OF = date(2026, 11, 21)

Cells = dict[int, list[Any]]
"""Cells in the order of the contract's columns, by the row number that a person sees."""


def shown(raw: bytes) -> str:
    """Bytes as Windows-1252 shows them, the five without a character as control characters."""
    return "".join(bytes([b]).decode("cp1252", "replace").replace("\ufffd", chr(b)) for b in raw)


def text_of(path: Path, dataset: Dataset) -> str:
    raw, dirt = path.read_bytes(), dataset.spec.dirt
    if "*" in dirt.encodings:
        return shown(raw)
    text = raw.decode({"utf-8": "utf-8-sig"}.get(dirt.file_encoding, dirt.file_encoding))
    return unicodedata.normalize("NFC", text) if dirt.file_encoding == "cp1258" else text


def read_delivered(dataset: Dataset, delivered: Delivered) -> Cells:
    """The data rows (and, of sheets, every other row) of one delivery."""
    form = dataset.spec.way.format if delivered.table == "" else "database"
    path = delivered.path
    assert path is not None
    if form in ("csv", "tsv"):
        _header, *rest = csv_rows(text_of(path, dataset))
        return dict(enumerate(rest, start=2))
    if form in ("xlsx", "xls", "ods"):
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
        return {number: [None if cell == "" else cell for cell in row] for number, row in enumerate(rows, start=1)}
    if form == "database":
        with sqlite3.connect(path) as db:
            return {row[0]: list(row[1:]) for row in db.execute(f'SELECT * FROM "{delivered.table}" ORDER BY stt')}
    if form == "parquet":
        with duckdb.connect() as db:
            return dict(enumerate(map(list, db.execute("FROM read_parquet(?)", [str(path)]).fetchall()), start=1))
    if form in ("json", "ndjson", "geojson"):
        return dict(enumerate(objects(path, form), start=1))
    return dict(enumerate(layer(path), start=1))


def csv_rows(text: str) -> list[list[str | None]]:
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    return [[cell or None for cell in row] for row in csv.reader(io.StringIO(text), delimiter=separator)]


def objects(path: Path, form: str) -> list[list[Any]]:
    raw = path.read_text(encoding="utf-8")
    if form == "ndjson":
        rows = [json.loads(line) for line in raw.splitlines()]
    else:
        whole = json.loads(raw)
        rows = whole if isinstance(whole, list) else whole.get("data", whole.get("features"))
    return [list((row["properties"] if form == "geojson" else row).values()) for row in rows]


def layer(path: Path) -> list[list[Any]]:
    source = f"/vsizip/{path}" if path.suffix == ".zip" else str(path)
    _, _, _, columns = pyogrio.raw.read(source)
    return [list(row) for row in zip(*columns, strict=True)]


def cell_text(value: Any) -> str | None:
    """A cell as the truth writes it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat()[:10] if isinstance(value, date) else str(value)


@pytest.fixture(scope="session")
def read() -> Callable[[Dataset, Delivered], Cells]:
    return read_delivered


@pytest.fixture(scope="session")
def as_text() -> Callable[[Any], str | None]:
    return cell_text


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return generate(tmp_path_factory.mktemp("city"), seed=46, as_of=AS_OF)


@pytest.fixture(scope="session")
def truth(city: City) -> list[Plant]:
    with duckdb.connect() as db:
        rows = db.execute(
            'SELECT dataset, delivery, kind, "row", "column", value, "right", twin FROM read_parquet(?)',
            [str(city.truth)],
        ).fetchall()
    names = ("dataset", "delivery", "kind", "row", "column", "value", "right", "twin")
    return [Plant(**dict(zip(names, row, strict=True)) | {"column": row[4] or ""}) for row in rows]


@pytest.fixture(scope="session")
def datasets(city: City) -> dict[str, Dataset]:
    return {dataset.spec.slug: dataset for dataset in city.datasets}
