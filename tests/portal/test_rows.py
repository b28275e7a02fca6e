"""Rows of open datasets for programs: filters, order, pages, groups, releases; what is wrong is said by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.datasets.records import Dataset
from nhip.db.installation import Installation
from nhip.portal.service import recall, release_due, withdraw
from tests.portal.conftest import STOP_ROWS, deliver

Client = AsyncTestClient[Litestar]
ROWS = "/dataset/tram-xe-buyt/rows"


async def _names(client: Client, query: str) -> list[Any]:
    answer = await client.get(f"{ROWS}?{query}")
    assert answer.status_code == 200, answer.text
    return [row["ma"] for row in answer.json()["rows"]]


async def test_all_rows_with_what_they_are(open_portal: Client) -> None:
    answer = await open_portal.get(ROWS)
    told = answer.json()
    assert (told["dataset"], told["release"], told["total"], told["next"]) == ("tram-xe-buyt", 1, 3, None)
    assert told["rows"][0] == {
        "ma": "T01", "ten": "Bến xe phía Nam", "ghi_chu": None, "vi_do": 16.4498, "kinh_do": 107.6021, "mo_cua": "2019-05-01",
    }  # fmt: skip
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ma=T02", ["T02"]),
        ("ma=T02&ma=T03", ["T02", "T03"]),
        ("ma__eq=T02&ma__eq=T03", ["T02", "T03"]),
        ("ma__ne=T02", ["T01", "T03"]),
        ("ma__in=T01,T03,T99", ["T01", "T03"]),
        ("vi_do__gt=16.45&vi_do__lte=16.4726", ["T02", "T03"]),
        ("mo_cua__gte=2020-01-15", ["T02", "T03"]),
        ("mo_cua__lt=2020-01-15", ["T01"]),
        ("ten__like=%25chợ%25", ["T02"]),
        ("ghi_chu__null=1", ["T01", "T03"]),
        ("ghi_chu__null=0", ["T02"]),
        ("_sort=-mo_cua", ["T03", "T02", "T01"]),
        ("_sort=ghi_chu,-ma", ["T02", "T03", "T01"]),
        ("lang=en&theme=dark", ["T01", "T02", "T03"]),
    ],
)
async def test_filters_and_order(open_portal: Client, query: str, found: list[str]) -> None:
    assert await _names(open_portal, query) == found


@pytest.mark.parametrize("order", ["", "_sort=ghi_chu", "_sort=-ghi_chu,ma", "_sort=-mo_cua", "_sort=vi_do"])
async def test_pages_hold_every_row_once_in_the_order_of_the_whole(open_portal: Client, order: str) -> None:
    whole = await _names(open_portal, order)
    seen: list[str] = []
    query = f"{order}&_size=1"
    while query:
        answer = (await open_portal.get(f"{ROWS}?{query}")).json()
        seen += [row["ma"] for row in answer["rows"]]
        query = answer["next"].partition("?")[2] if answer["next"] else ""
    assert seen == whole and len(seen) == 3


async def test_groups(open_portal: Client) -> None:
    answer = await open_portal.get(f"{ROWS}?_group=mo_cua:year&_agg=count,max:vi_do&_sort=-mo_cua_year&_total=1")
    assert answer.json()["rows"][0] == {"mo_cua_year": "2021", "count": 1, "max_vi_do": 16.4598}
    assert answer.json()["total"] == 3
    first = (await open_portal.get(f"{ROWS}?_group=ma&_size=2")).json()
    rest = (await open_portal.get(ROWS + "?" + first["next"].partition("?")[2])).json()
    assert [row["ma"] for row in first["rows"] + rest["rows"]] == ["T01", "T02", "T03"]
    assert (await open_portal.get(f"{ROWS}?_agg=avg:vi_do")).json()["rows"] == [
        {"avg_vi_do": pytest.approx(16.46073, abs=1e-5)}
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("khong_co=1", "khong_co"),
        ("ma__hon=1", "ma"),
        ("vi_do=muoi", "vi_do"),
        ("mo_cua__gt=hom-qua", "mo_cua"),
        ("_size=0", "_size"),
        ("_size=9999", "_size"),
        ("_sort=khong_co", "khong_co"),
        ("_select=ma,khong_co", "khong_co"),
        ("_agg=sum:ten", "ten"),
        ("_agg=median:vi_do", "_agg"),
        ("_group=ten:year", "_group"),
        ("_group=ma&_sort=ten", "ten"),
        ("_format=xml", "_format"),
        ("_drop=1", "_drop"),
        ("release=x", "release"),
        ("_after=abc", "_after"),
        ("ten__like=%25%25%25%25%25", "ten__like"),
    ],
)
async def test_what_is_wrong_is_named(open_portal: Client, query: str, said: str) -> None:
    answer = await open_portal.get(f"{ROWS}?{query}")
    assert answer.status_code == 400 and said in answer.json()["detail"], answer.text
    assert answer.headers["access-control-allow-origin"] == "*", "scripts of other websites can read why"


async def test_an_unchanged_answer_is_not_sent_again(open_portal: Client) -> None:
    answer = await open_portal.get(f"{ROWS}?ma=T01")
    again = await open_portal.get(f"{ROWS}?ma=T01", headers={"If-None-Match": answer.headers["etag"]})
    other = await open_portal.get(f"{ROWS}?ma=T02", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, other.status_code) == (304, 200)


async def test_geojson(open_portal: Client) -> None:
    answer = await open_portal.get(f"{ROWS}?_format=geojson&ma=T02")
    assert answer.headers["content-type"] == "application/geo+json"
    feature = answer.json()["features"][0]
    assert feature["geometry"] == {"type": "Point", "coordinates": [107.5889, 16.4726]}
    assert feature["properties"]["ten"] == "Chợ Đông Ba"


async def test_a_release_is_pinned_and_pages_go_on_in_theirs(
    portal: Client, installation: Installation, open_stops: Dataset, tmp_path: Path
) -> None:
    first = (await portal.get(f"{ROWS}?_size=2")).json()
    await deliver(installation, "tram-xe-buyt", STOP_ROWS.replace("T03", "T09"), tmp_path)
    await release_due(installation)
    assert await _names(portal, "") == ["T01", "T02", "T09"]
    assert await _names(portal, "release=1") == ["T01", "T02", "T03"]
    assert await _names(portal, first["next"].partition("?")[2]) == ["T03"], "the page after is of the same release"
    assert (await portal.get(f"{ROWS}?release=7")).status_code == 404
    async with installation.db.tx() as tx:
        await recall(tx, open_stops, 1, "Có dữ liệu cá nhân")
    assert (await portal.get(f"{ROWS}?release=1")).status_code == 410
    assert (await portal.get(ROWS + "?" + first["next"].partition("?")[2])).status_code == 410
    async with installation.db.tx() as tx:
        await withdraw(tx, open_stops, "Không còn đúng")
    assert (await portal.get(ROWS)).status_code == 410


async def test_closed_and_absent_datasets_answer_alike(portal: Client, people: Dataset) -> None:
    closed, absent = (
        await portal.get("/dataset/nguoi-khuyet-tat/rows"),
        await portal.get("/dataset/khong-co-gi-nao/rows"),
    )
    assert closed.status_code == absent.status_code == 404
    same = [text.text.replace("nguoi-khuyet-tat", "X").replace("khong-co-gi-nao", "X") for text in (closed, absent)]
    assert same[0] == same[1]


_KNOWN = ["ma", "vi_do", "mo_cua__gt", "ma__in", "ten__like", "_sort", "_after", "_group", "_agg", "_size", "release"]
_NAMES = st.sampled_from(_KNOWN)


@given(st.lists(st.tuples(_NAMES | st.text(max_size=12), st.text(max_size=30)), max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_nonsense_is_refused_never_an_error_of_ours(open_portal: Client, pairs: list[tuple[str, str]]) -> None:
    answer = await open_portal.get(ROWS, params=pairs)
    assert answer.status_code in (200, 400, 404), answer.text
