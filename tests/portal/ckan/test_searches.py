"""package_search with the filters that harvesters send, and nonsense for every parameter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.datasets.records import Dataset
from nhip.portal.ckan.api import ACTIONS
from nhip.portal.ckan.errors import QueryUnreadable
from nhip.portal.ckan.ids import resource_id
from nhip.portal.ckan.solr import parse

Client = AsyncTestClient[Litestar]
SEARCH = "/api/3/action/package_search"


async def _count(client: Client, **asked: Any) -> int:
    answer = await client.get(SEARCH, params=asked)
    assert answer.status_code == 200, answer.text
    found = answer.json()["result"]
    assert len(found["results"]) == found["count"]
    return int(found["count"])


HARVESTERS: list[tuple[dict[str, Any], int]] = [
    ({}, 1),
    ({"q": "*:*"}, 1),
    ({"q": "tram xe"}, 1),
    ({"q": '"Trạm xe buýt"'}, 1),
    ({"q": "truong"}, 0),
    ({"q": "truong OR tram"}, 1),
    ({"q": "tram -buyt"}, 0),
    ({"q": "name:tram-xe-buyt"}, 1),
    ({"q": "name:tram*"}, 1),
    ({"q": "title:tram AND NOT title:truong"}, 1),
    ({"fq": "metadata_modified:[2020-01-01T00:00:00Z TO *]"}, 1),
    ({"fq": "metadata_modified:[2999-01-01T00:00:00Z TO *]"}, 0),
    ({"fq": "metadata_modified:[NOW-1DAY TO NOW+1DAY]"}, 1),
    ({"fq": "metadata_created:[* TO 2020-01-01T00:00:00Z]"}, 0),
    ({"fq": "organization:000-00-10-h57"}, 1),
    ({"fq": "organization:(so-tai-chinh OR 000-00-10-h57)"}, 1),
    ({"fq": "-organization:000-00-10-h57"}, 0),
    ({"fq": "organization:khong-co"}, 0),
    ({"fq": '+tags:"xe buýt" +res_format:CSV'}, 1),
    ({"fq": "res_format:PDF"}, 0),
    ({"fq": "groups:giao-thong AND license_id:cc-by-4.0"}, 1),
    ({"fq": "(dataset_type:dataset) AND state:active"}, 1),
    ({"fq": "state:deleted"}, 0),
    ({"fq_list": '["tags:*", "res_format:geojson"]'}, 1),
    ({"sort": "metadata_modified desc, name asc", "rows": 1000}, 1),
]


async def test_the_filters_of_harvesters(open_portal: Client) -> None:
    for asked, count in HARVESTERS:
        assert await _count(open_portal, **asked) == count, asked


async def test_facets_and_pages(portal: Client, open_stops: Dataset) -> None:
    fields = '["organization", "groups", "tags", "res_format", "license_id"]'
    answer = await portal.get(SEARCH, params={"facet.field": fields, "rows": "0"})
    found = answer.json()["result"]
    assert found["count"] == 1 and found["results"] == []
    assert found["facets"]["organization"] == {"000-00-10-h57": 1} and found["facets"]["tags"] == {"xe buýt": 1}
    item = {"name": "000-00-10-h57", "display_name": "Sở Xây dựng", "count": 1}
    assert found["search_facets"]["organization"] == {"title": "organization", "items": [item]}
    beyond = (await portal.post(SEARCH, json={"start": 10})).json()["result"]
    assert beyond["count"] == 1 and beyond["results"] == []
    few = (await portal.post(SEARCH, json={"fl": ["id", "name"]})).json()["result"]["results"]
    assert few == [{"id": str(open_stops.id), "name": "tram-xe-buyt"}]


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"q": "("}, 400, "Search Query Error"),
    ({"q": "a AND"}, 400, "Search Query Error"),
    ({"q": "(" * 50 + "a" + ")" * 50}, 400, "Search Query Error"),
    ({"fq": "metadata_modified:[yesterday TO *]"}, 400, "Search Query Error"),
    ({"fq": "gate:open"}, 409, "Search Error"),
    ({"sort": "secret asc"}, 409, "Search Error"),
    ({"rows": "many"}, 409, "Validation Error"),
]


async def test_what_is_not_understood_is_said(open_portal: Client) -> None:
    for asked, status, kind in WRONG:
        answer = await open_portal.get(SEARCH, params=asked)
        assert (answer.status_code, answer.json()["error"]["__type"]) == (status, kind), answer.text


@pytest.mark.parametrize(("text", "part"), [("(", "("), ("a AND", "AND"), ("((((", "("), ("a )", ")")])
def test_a_search_that_ends_too_early_is_told_with_where(text: str, part: str) -> None:
    with pytest.raises(QueryUnreadable) as told:
        parse(text)
    assert told.value.values["part"] == part


async def test_what_is_closed_is_found_by_nothing(portal: Client, people: Dataset) -> None:
    for asked in ({}, {"q": "khuyet tat"}, {"fq": f"id:{people.id}"}, {"q": "name:*"}, {"fq": "-tags:x"}):
        assert await _count(portal, **asked) == 0
    for action in ("package_list", "organization_list", "group_list", "tag_list"):
        assert (await portal.get(f"/api/3/action/{action}")).json()["result"] == []


_NAMES = st.sampled_from(
    ["id", "q", "fq", "fq_list", "sort", "rows", "start", "facet.field", "facet.limit", "fl", "limit", "offset", "filters",
     "fields", "distinct", "records_format", "include_total", "include_next_page", "query", "all_fields", "organizations",
     "include_datasets", "name"]
)  # fmt: skip
_PIECES = st.sampled_from(
    [
        "name:",
        "AND",
        "OR",
        "NOT",
        "(",
        ")",
        "[",
        "TO",
        "*",
        "]",
        '"',
        "\\",
        "-",
        "tram",
        "metadata_modified:",
        "{",
        "}",
        ":",
    ]
)
_TEXTS = st.text(max_size=20) | st.lists(_PIECES, max_size=8).map(" ".join)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["ma", "vi_do", "mo_cua", "_id", "$or", "$and", "gt", "in"]) | st.text(max_size=4), inner, max_size=3
    ),
    max_leaves=6,
)  # fmt: skip


@given(st.sampled_from(sorted(ACTIONS)), st.dictionaries(_NAMES, _VALUES, max_size=4), st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_nonsense_is_refused_never_an_error_of_ours(
    portal: Client, open_stops: Dataset, action: str, asked: dict[str, Any], posted: bool
) -> None:
    sent = {"resource_id": resource_id(open_stops.id, "csv"), **asked}
    answer = (
        await portal.post(f"/api/3/action/{action}", json=sent)
        if posted
        else await portal.get(f"/api/3/action/{action}", params={name: str(value) for name, value in sent.items()})
    )
    assert answer.status_code in (200, 400, 404, 409, 422), f"{answer.status_code} {answer.text}"
