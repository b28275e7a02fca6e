"""The real files beside the checkout: what they hold and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.decode.conftest import Decode

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not beside the checkout"),
]


def test_conversion_table_of_communes(run: Decode) -> None:
    path = DATA / "vi" / "nso_conversion_2025.csv"
    done = run(path, path.name)
    assert done.table.header_rows == [1, 2]
    assert done.names()[0] == "Đơn vị hành chính từ ngày 01/7/2025 – Tỉnh, thành phố"
    assert len(done.names()) == 8
    found = done.findings()
    sections = [row for row in found if row[2] == "row.section"]
    assert done.table.rows + len(sections) == 10_605
    assert all(row[4].isupper() for row in sections) and len(sections) == 33
    assert {row[2] for row in found} == {"row.section", "text.form"}


def test_bus_tables_of_hanoi(run: Decode) -> None:
    path = DATA / "transit" / "hanoi_gtfs_am.zip"
    done = run(path, path.name)
    rows = {table.name: table.rows for table in done.decoded.tables}
    assert rows == {"calendar": 1, "routes": 224, "stop_times": 100_117, "stops": 6_495, "trips": 3_024}
    assert all(table.findings is None for table in done.decoded.tables)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("transit/hanoi_bus_stops_osm.geojson", 3_326),
        ("transit/hcmc_bus_lines_stops.csv", 5_260),
        ("admin/46_hue.geojson.gz", 41),
    ],
)
def test_row_counts(run: Decode, name: str, rows: int) -> None:
    done = run(DATA / name, Path(name).name)
    assert done.table.rows == rows == len(done.rows())
    assert {row[2] for row in done.findings()} <= {"text.form", "geometry.invalid"}
