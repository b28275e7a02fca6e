"""Helpers for the decode tests: a bounded DuckDB session, files made on the spot, rows and findings as plain lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nhip.datasets.decode import decode
from nhip.datasets.model import Decoded, DecodedTable
from nhip.settings import Settings

PLACES = [
    ("1", "Thừa Thiên Huế", "Phường Vỹ Dạ", "Đường Nguyễn Sinh Cung"),
    ("2", "Quảng Trị", "Thị trấn Khe Sanh", "Đường Lê Duẩn"),
    ("3", "Đà Nẵng", "Phường Hải Châu", "Đường Bạch Đằng"),
    ("4", "Quảng Ngãi", "Xã Tịnh Ấn Tây", "Đường tỉnh lộ 624"),
    ("5", "Hà Tĩnh", "Xã Kỳ Lợi", "Quốc lộ 1"),
    ("6", "Nghệ An", "Phường Cửa Lò", "Đường Bình Minh"),
]
"""Real rows: number, province, commune, street."""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as session:
        session.execute("SET threads = 2; SET memory_limit = '400MB'")
        yield session


class Outcome:
    """A decoded file and easy ways to look at it."""

    def __init__(self, decoded: Decoded, con: duckdb.DuckDBPyConnection) -> None:
        self.decoded, self._con = decoded, con

    @property
    def table(self) -> DecodedTable:
        assert len(self.decoded.tables) == 1
        return self.decoded.tables[0]

    def rows(self, place: int = 0) -> list[tuple[Any, ...]]:
        """`_row` and the cells."""
        return self._con.execute(f"FROM {self.decoded.tables[place].relation}").fetchall()

    def cells(self, place: int = 0) -> list[tuple[Any, ...]]:
        return [row[1:] for row in self.rows(place)]

    def names(self, place: int = 0) -> list[str]:
        return [column.name for column in self.decoded.tables[place].columns]

    def findings(self, place: int = 0) -> list[tuple[Any, ...]]:
        path = self.decoded.tables[place].findings
        if path is None:
            return []
        return self._con.execute(f"FROM read_parquet('{path}') ORDER BY ALL").fetchall()

    def codes(self) -> set[str]:
        return {problem.code for problem in self.decoded.problems}


Decode = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> Decode:
    """Decode bytes (or a file that is there already) under a name."""

    def decode_it(content: bytes | Path, name: str = "tệp.csv", *, careful: bool = False, **limits: Any) -> Outcome:
        path = content if isinstance(content, Path) else tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        work = tmp_path / "work"
        settings = Settings(**limits)
        return Outcome(decode(path, work, settings, filename=name, con=con, careful=careful), con)

    return decode_it
