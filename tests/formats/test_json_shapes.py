"""JSON in the shapes that portals, databases and programs write, beyond a list of objects. Nothing may be dropped in silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.formats.errors import BrokenFile
from nhip.formats.model import Grid, Opened, Records
from nhip.formats.opening import open_file
from nhip.settings import Settings

POINT = {"type": "Point", "coordinates": [107.59, 16.46]}


def opened(path: Path, text: str, name: str = "a.json") -> Opened:
    (path / "in").write_text(text, encoding="utf-8")
    return open_file(path / "in", path / "work", Settings(), name)


def rows(found: Opened) -> list[list[str | None]]:
    (part,) = found.parts
    assert isinstance(part, Records | Grid)
    if isinstance(part, Grid):
        return [cells for _number, cells in part.rows()]
    return [list(cells.values()) for _number, cells, _fault in part.rows()]


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1}{"a":2}',
        '{\n "a": 1\n}\n{\n "a": 2\n}\n',
        '[{"a":1}]\n[{"a":2}]',
        '\x1e{"a":1}\n\x1e{"a":2}\n',
        '{"a":1}\n{"a":2}',
        "[[1],\n[2]]",
        "[1]\n[2]\n",
        '{"a":[1,2],"b":[3,4]}',
    ],
)
def test_every_value_is_read(tmp_path: Path, text: str) -> None:
    assert [row[0] for row in rows(opened(tmp_path, text))] == ["1", "2"]


def test_a_first_line_longer_than_any_sample_hides_no_other(tmp_path: Path) -> None:
    text = json.dumps({"a": "x" * 90_000}) + '\n{"a":"2"}\n'
    assert [row[0] for row in rows(opened(tmp_path, text, "a.ndjson"))] == ["x" * 90_000, "2"]


def test_what_follows_the_end_is_told(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile):
        rows(opened(tmp_path, '[{"a":1}] and so on'))


def test_rows_as_lists_have_the_names_beside_or_above_them(tmp_path: Path) -> None:
    beside = {"fields": [{"id": 1, "name": "ma"}, {"id": 2, "name": "ten"}], "total": 1, "records": [[1, "Huế"]]}
    del beside["fields"][0]["id"], beside["fields"][1]["id"]  # type: ignore[index]
    told = {"columns": ["ma", "ten"], "index": [0], "data": [[1, "Huế"]]}
    above = [["ma", "ten"], [1, "Huế"]]
    for whole in (told, above, {"values": above}):
        assert rows(opened(tmp_path, json.dumps(whole))) == [["ma", "ten"], ["1", "Huế"]]
    assert [part.name for part in opened(tmp_path, json.dumps(beside)).parts] == ["fields"]  # objects go before lists


def test_objects_by_key_keep_their_keys(tmp_path: Path) -> None:
    found = opened(tmp_path, '{"HUE":{"ten":"Huế"},"DN":{"ten":"Đà Nẵng"}}')
    assert rows(found) == [["HUE", "Huế"], ["DN", "Đà Nẵng"]]
    assert rows(opened(tmp_path, '{"HUE":{"ten":"Huế"},"meta":{"trang":1}}')) == [["Huế", "1"]]


@pytest.mark.parametrize("text", ['{"data":[],"total":0}', '{"result":{"records":[]}}', "[]", '{"values":[]}'])
def test_an_envelope_without_rows_has_no_rows(tmp_path: Path, text: str) -> None:
    assert rows(opened(tmp_path, text)) == []


def test_an_envelope_with_shapes_in_its_rows_is_no_geojson(tmp_path: Path) -> None:
    found = opened(tmp_path, json.dumps({"data": [{"ten": "Cầu", "vi_tri": POINT}, {"ten": "Chợ", "vi_tri": POINT}]}))
    assert found.format == "json"
    assert [row[0] for row in rows(found)] == ["Cầu", "Chợ"]


def test_geojson_is_known_wherever_its_type_stands(tmp_path: Path) -> None:
    feature = {"type": "Feature", "properties": {"ten": "Cầu"}, "geometry": POINT}
    shape = ["Cầu", "POINT (107.59 16.46)", "107.59", "16.46"]
    late = {"name": "x" * 70_000, "type": "FeatureCollection", "features": [feature]}
    for text in (
        json.dumps(late),
        json.dumps({"data": {"features": [feature]}}),
        json.dumps(feature),
        json.dumps(feature) + "\n" + json.dumps(feature),
    ):
        assert rows(opened(tmp_path, text, "a.geojson"))[0] == shape
    assert rows(opened(tmp_path, json.dumps({"type": "FeatureCollection", "features": None}))) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    found=st.lists(st.fixed_dictionaries({"a": st.text(min_size=1, max_size=5), "b": st.integers()}), min_size=2),
    glue=st.sampled_from(["", " ", "\n", "\r\n", "\n\n"]),
)
def test_values_one_after_another_all_come(tmp_path: Path, found: list[dict[str, object]], glue: str) -> None:
    (part,) = opened(tmp_path, glue.join(map(json.dumps, found))).parts
    assert isinstance(part, Records)
    want = [{"a": str(one["a"]).replace("\0", "") or None, "b": str(one["b"])} for one in found]
    assert [cells for _number, cells, _fault in part.rows()] == want
