"""datastore_search and datastore_info over the bus stops."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.datasets.records import Dataset
from nhip.portal.ckan.ids import resource_id

Client = AsyncTestClient[Litestar]
SEARCH = "/api/3/action/datastore_search"


async def _search(client: Client, dataset: Dataset, **asked: Any) -> dict[str, Any]:
    answer = await client.post(SEARCH, json={"resource_id": resource_id(dataset.id, "csv"), **asked})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["result"]
    return found


async def test_rows_with_their_columns(portal: Client, open_stops: Dataset) -> None:
    found = await _search(portal, open_stops)
    assert (found["total"], found["limit"], found["offset"], found["total_was_estimated"]) == (3, 100, 0, False)
    assert found["records"][0] == {
        "_id": 1, "ma": "T01", "ten": "Bến xe phía Nam", "ghi_chu": None, "vi_do": 16.4498, "kinh_do": 107.6021,
        "mo_cua": "2019-05-01",
    }  # fmt: skip
    fields = {field["id"]: field for field in found["fields"]}
    assert fields["_id"] == {"id": "_id", "type": "int"} and fields["vi_do"]["type"] == "numeric"
    assert fields["ma"] == {"id": "ma", "type": "text", "info": {"label": "Mã trạm"}}
    info = (await portal.get(f"/api/action/datastore_info?resource_id={found['resource_id']}")).json()["result"]
    assert info["meta"]["count"] == 3 and [field["id"] for field in info["fields"]] == list(fields)[1:]


ASKED: list[tuple[dict[str, Any], list[int]]] = [
    ({"filters": {"ma": "T02"}}, [2]),
    ({"filters": {"ma": ["T01", "T03"]}}, [1, 3]),
    ({"filters": {"vi_do": {"gt": 16.45, "lte": 16.4726}}}, [2, 3]),
    ({"filters": {"mo_cua": [{"lt": "2019-12-31"}, "2021-09-05"]}}, [1, 3]),
    ({"filters": {"$or": [{"ma": "T01"}, {"$and": [{"ma": "T02"}, {"ghi_chu": "=1+1"}]}]}}, [1, 2]),
    ({"filters": [{"ma": "T01"}, {"ma": "T03"}]}, [1, 3]),
    ({"filters": {"ghi_chu": None}}, [1, 3]),
    ({"filters": {"ma": []}}, []),
    ({"filters": {"_id": {"gt": 1}}}, [2, 3]),
    ({"q": "dai hoc"}, [3]),
    ({"q": "Đông"}, [2]),
    ({"q": {"ten": "bến"}}, [1]),
    ({"q": "ến"}, []),
    ({"sort": "mo_cua desc"}, [3, 2, 1]),
    ({"sort": "ghi_chu, ma desc"}, [2, 3, 1]),
    ({"sort": "ghi_chu desc nulls last, _id"}, [2, 1, 3]),
    ({"limit": 1, "offset": 1}, [2]),
    ({"limit": 0}, []),
]


async def test_filters_words_order_and_pages(portal: Client, open_stops: Dataset) -> None:
    for asked, ids in ASKED:
        found = await _search(portal, open_stops, **asked)
        assert [row["_id"] for row in found["records"]] == ids, asked
        if "limit" not in asked:
            assert found["total"] == len(ids), asked
        texts = {n: v if isinstance(v, str | int) else msgspec.json.encode(v).decode() for n, v in asked.items()}
        got = await portal.get(SEARCH, params={"resource_id": found["resource_id"], **texts})
        assert got.json()["result"]["records"] == found["records"], "an address says the same as a body"


async def test_fields_formats_and_pages_by_number(portal: Client, open_stops: Dataset) -> None:
    plain = {"fields": ["ma", "ghi_chu"], "include_total": False}
    assert "total" not in await _search(portal, open_stops, **plain)
    assert (await _search(portal, open_stops, **plain, records_format="lists"))["records"][1] == ["T02", "=1+1"]
    assert (await _search(portal, open_stops, **plain, records_format="csv"))["records"] == "T01,\nT02,=1+1\nT03,\n"
    assert (await _search(portal, open_stops, **plain, records_format="tsv"))["records"][:4] == "T01\t"
    one = await _search(portal, open_stops, fields="ghi_chu", distinct=True)
    assert one["total"] == 2 and {"ghi_chu": "=1+1"} in one["records"]
    page = await _search(portal, open_stops, limit=2, include_next_page=True, fields="ma")
    assert page["next_page"] == {"_id": {"gt": 2}}
    rest = await _search(portal, open_stops, filters=page["next_page"], fields="ma")
    assert rest["records"] == [{"ma": "T03"}]
    following = await portal.get(page["_links"]["next"])
    assert following.json()["result"]["records"] == [{"ma": "T03"}]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"filters": {"khong_co": 1}}, "filters"),
    ({"filters": {"vi_do": "muoi"}}, "filters"),
    ({"filters": {"vi_do": {"near": 1}}}, "filters"),
    ({"filters": "x"}, "filters"),
    ({"fields": "khong_co"}, "fields"),
    ({"sort": "ma; drop table x"}, "sort"),
    ({"limit": -1}, "limit"),
    ({"records_format": "xml"}, "records_format"),
    ({"resource_id": ""}, "resource_id"),
]


async def test_what_is_wrong_is_named(portal: Client, open_stops: Dataset) -> None:
    for asked, said in WRONG:
        body = {"resource_id": resource_id(open_stops.id, "csv"), **asked}
        answer = await portal.post(SEARCH, json=body)
        assert answer.status_code == 409 and answer.json()["error"]["__type"] == "Validation Error"
        assert said in answer.json()["error"], answer.text


async def test_what_is_not_a_table_or_not_open_is_not_found(
    portal: Client, open_stops: Dataset, people: Dataset
) -> None:
    for given in (resource_id(open_stops.id, "xlsx"), resource_id(people.id, "csv"), "x", str(open_stops.id)):
        answer = await portal.get(SEARCH, params={"resource_id": given})
        assert answer.status_code == 404 and answer.json()["error"]["__type"] == "Not Found Error"
