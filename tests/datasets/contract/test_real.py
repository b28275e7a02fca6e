"""Inference on real files that are not part of the project."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from nhip.datasets.contract.infer import infer
from nhip.datasets.engine import literal
from nhip.datasets.model import DecodedColumn, DecodedTable

DATA = Path(__file__).parents[4] / "shared" / "data"


@pytest.mark.real
def test_the_bus_stops_of_ho_chi_minh_city_have_the_key_that_they_mean() -> None:
    path = DATA / "transit" / "hcmc_bus_lines_stops.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the checkout")
    columns = [DecodedColumn(name=name) for name in ("line", "seq", "stop_name", "lat", "lon")]
    relation = f"(SELECT row_number() OVER () AS _row, * FROM read_csv({literal(str(path))}, all_varchar = true))"
    with duckdb.connect(config={"threads": 1}) as con:
        found = infer(
            con, DecodedTable(name="stops", columns=columns, relation=relation), dataset="", filename=path.name
        )
    assert found.contract.key == ("line", "seq")
    assert [column.kind for column in found.profiles] == ["", "", "", "latitude", "longitude"]
    assert found.profiles[0].rows == 5260


@pytest.mark.real
def test_the_official_conversion_table_is_read_by_its_values_alone() -> None:
    path = DATA / "vi" / "nso_conversion_2025.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the checkout")
    options = "all_varchar = true, ignore_errors = true, skip = 2, header = false"
    relation = f"(SELECT row_number() OVER () AS _row, * FROM read_csv({literal(str(path))}, {options}))"
    with duckdb.connect(config={"threads": 1}) as con:
        names = [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()][1:]
        columns = [DecodedColumn(name=name) for name in names]
        found = infer(con, DecodedTable(name="nso", columns=columns, relation=relation), dataset="", filename=path.name)
    kinds = [column.kind for column in found.profiles]
    assert kinds[:5] == ["province", "commune", "code", "commune", "code"]
    assert [column.pattern for column in found.profiles][2] == "^[0-9]{5}$"
