"""The columns of map formats are nobody's fault while they say nothing new; a file without records has the agreed columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nhip.datasets.choose import choose_table
from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.decode import decode
from nhip.datasets.engine import session
from nhip.datasets.model import Decoded, DecodedTable
from nhip.datasets.own_columns import without_own
from nhip.settings import Settings

PLAIN = (Field(name="ma", primary_key=1), Field(name="ten"))
LOCATED = (*PLAIN, Field(name="vi_do", kind="latitude"), Field(name="kinh_do", kind="longitude"))


def contract(*fields: Field) -> Contract:
    return Contract(id="c", version="1", dataset="d", fields=fields)


def feature(number: int, shape: str = "Point", **more: Any) -> dict[str, Any]:
    point = [107.5 + number / 100, 16.4]
    ring = [[107.0, 16.0], [107.1, 16.0], [107.1, 16.1], [107.0, 16.0]]
    geometry = {"type": shape, "coordinates": point if shape == "Point" else [ring]}
    known = {"ma": f"M{number}", "ten": f"Điểm {number}", "vi_do": 16.4, "kinh_do": point[0]}
    return {"type": "Feature", "geometry": geometry, **more, "properties": {**known, **more.get("properties", {})}}


def left(tmp_path: Path, features: list[dict[str, Any]], *fields: Field) -> set[str]:
    """The columns that are still asked about."""
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    settings = Settings(data_dir=tmp_path / "home")
    with session(settings, reach=[tmp_path]) as con:
        decoded = decode(path, tmp_path / "work", settings, filename=path.name, con=con)
        table = choose_table(decoded, contract(*fields), path.name, "d")
        kept = without_own(con, table, contract(*fields), decoded.format)
    return {column.name for column in kept.columns} - {field.name for field in fields}


def test_a_point_that_the_contract_has_as_degrees_is_no_finding(tmp_path: Path) -> None:
    assert left(tmp_path, [feature(1), feature(2)], *LOCATED) == set()


def test_a_point_that_nobody_agreed_on_is_told_once(tmp_path: Path) -> None:
    assert left(tmp_path, [feature(1), feature(2)], *PLAIN) == {"geometry", "vi_do", "kinh_do"}


def test_an_area_is_more_than_its_degrees(tmp_path: Path) -> None:
    assert left(tmp_path, [feature(1, "Polygon")], *LOCATED) == {"geometry"}


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        (["truong.1", "truong.2", "truong.3"], False),
        ([0, 1, 2], False),
        (["M1", "M2", "M3"], False),
        (["H57-19", "H57-4", "H57-33"], True),
        (["a1", "b2", "c3"], True),
    ],
)
def test_an_id_is_told_where_it_is_more_than_a_running_number(tmp_path: Path, ids: list[Any], told: bool) -> None:
    features = [feature(number, id=given) for number, given in enumerate(ids, 1)]
    assert left(tmp_path, features, *LOCATED) == ({"id"} if told else set())


def test_a_name_is_told_where_it_stands_nowhere_else(tmp_path: Path) -> None:
    same = [feature(n, properties={"Name": f"Điểm {n}", "description": None}) for n in (1, 2)]
    assert left(tmp_path, same, *LOCATED) == set()
    other = [feature(n, properties={"Name": f"Điểm {n}", "description": "mới sơn"}) for n in (1, 2)]
    assert left(tmp_path, other, *LOCATED) == {"description"}


def test_other_formats_keep_all_their_columns() -> None:
    table = DecodedTable(name="a", relation="(SELECT 1)")
    assert without_own(duckdb.connect(), table, contract(*PLAIN), "csv") is table


@pytest.mark.parametrize(("filename", "text"), [("a.ndjson", ""), ("a.json", "[]")])
def test_a_file_without_records_has_the_agreed_columns_and_no_row(tmp_path: Path, filename: str, text: str) -> None:
    path = tmp_path / filename
    path.write_text(text, encoding="utf-8")
    settings = Settings(data_dir=tmp_path / "home")
    with session(settings, reach=[tmp_path]) as con:
        decoded: Decoded = decode(path, tmp_path / "work", settings, filename=filename, con=con)
        table = choose_table(decoded, contract(*PLAIN), filename, "d")
        found = con.execute(f"SELECT * FROM {table.relation}")
        assert [column[0] for column in found.description or []] == ["_row", "ma", "ten"]
        assert found.fetchall() == []
