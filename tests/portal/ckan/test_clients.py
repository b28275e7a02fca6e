"""Clients that know nothing of us: ckanapi unchanged, and our own connector for portals of CKAN."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from ckanapi import RemoteCKAN
from ckanapi.errors import CKANAPIError, NotAuthorized, NotFound, SearchQueryError, ValidationError

from nhip.connectors.ckan.reader import CkanSource, discover, fetch
from nhip.connectors.sink import Sink
from nhip.datasets.records import Dataset
from nhip.db.installation import Installation
from nhip.portal.service import withdraw
from nhip.security.secrets import Secret
from nhip.settings import Settings


async def _ask(address: str, ask: Callable[[RemoteCKAN], Any], **how: Any) -> Any:
    def work() -> Any:
        with RemoteCKAN(address, **how) as ckan:
            return ask(ckan)

    return await asyncio.to_thread(work)


def _all_of_it(ckan: RemoteCKAN) -> dict[str, Any]:
    do = ckan.action
    package = do.package_show(id="tram-xe-buyt")
    csv = package["resources"][0]
    organization = do.organization_show(id=package["organization"]["id"], include_datasets=True)
    return {
        "package": package,
        "same": do.package_show(id=package["id"]) == package,
        "resource": do.resource_show(id=csv["id"]) == csv,
        "names": do.package_list(),
        "search": do.package_search(q="xe buyt", rows=5),
        "agencies": do.organization_list(),
        "agency": organization,
        "themes": do.group_list(all_fields=True),
        "theme": do.group_show(id="giao-thong", include_datasets=True)["packages"][0]["name"],
        "tags": do.tag_list(),
        "tag": do.tag_show(id="xe buýt", include_datasets=True)["packages"][0]["name"],
        "licences": [one["id"] for one in do.license_list()],
        "site": do.site_read(),
        "status": do.status_show(),
        "mine": do.organization_list_for_user(),
        "help": do.help_show(name="package_show"),
    }


@pytest.mark.parametrize("how", [{}, {"get_only": True}])
async def test_ckanapi_reads_the_catalogue(address: str, open_stops: Dataset, how: dict[str, Any]) -> None:
    told = await _ask(address, _all_of_it, **how)
    package = told["package"]
    assert (package["name"], package["title"], package["isopen"]) == ("tram-xe-buyt", "Trạm xe buýt", True)
    assert package["id"] == str(open_stops.id) and told["same"] and told["resource"]
    assert [r["format"] for r in package["resources"]] == ["CSV", "XLSX", "JSON", "Parquet", "GeoJSON"]
    assert package["num_resources"] == 5 and package["resources"][0]["datastore_active"] is True
    assert package["resources"][0]["url"] == f"{address}/dataset/tram-xe-buyt/export.csv"
    assert len({r["id"] for r in package["resources"]} | {package["id"]}) == 6
    assert len(package["metadata_modified"]) == 26 and "+" not in package["metadata_modified"]
    assert told["names"] == ["tram-xe-buyt"] and told["search"]["count"] == 1
    assert told["search"]["results"][0] == package
    assert told["agencies"] == ["000-00-10-h57"] and told["agency"]["package_count"] == 1
    assert told["agency"]["packages"][0]["id"] == package["id"] and package["owner_org"] == told["agency"]["id"]
    assert [theme["title"] for theme in told["themes"]] == ["Giao thông"]
    assert told["theme"] == told["tag"] == "tram-xe-buyt" and told["tags"] == ["xe buýt"]
    assert "cc-by-4.0" in told["licences"] and told["site"] is True and told["mine"] == []
    assert told["status"]["ckan_version"] == "2.12.0" and "id" in told["help"]

    rows = await _ask(
        address, lambda ckan: ckan.action.datastore_search(resource_id=package["resources"][0]["id"]), **how
    )
    assert rows["total"] == 3


async def test_ckanapi_knows_our_errors(address: str, open_stops: Dataset, people: Dataset) -> None:
    with pytest.raises(NotFound):
        await _ask(address, lambda ckan: ckan.action.package_show(id="nguoi-khuyet-tat"))
    with pytest.raises(NotFound):
        await _ask(address, lambda ckan: ckan.action.package_show(id=str(people.id)))
    with pytest.raises(NotFound):
        await _ask(address, lambda ckan: ckan.action.resource_show(id=str(open_stops.id)))
    with pytest.raises(ValidationError) as missing:
        await _ask(address, lambda ckan: ckan.action.package_show())
    assert missing.value.error_dict["id"] == ["Missing value"]
    with pytest.raises(NotAuthorized):
        await _ask(address, lambda ckan: ckan.action.package_create(name="x"))
    with pytest.raises(NotAuthorized, match="Parquet"):
        await _ask(address, lambda ckan: ckan.action.datastore_search_sql(sql="select 1"))
    with pytest.raises(SearchQueryError):
        await _ask(address, lambda ckan: ckan.action.package_search(q="(name:x"))
    with pytest.raises(CKANAPIError, match="Action name not known"):
        await _ask(address, lambda ckan: ckan.action.package_dream())


@pytest.mark.parametrize("prefix", ["/api/3/action", "/api/action"])
async def test_both_prefixes_and_the_envelope(address: str, open_stops: Dataset, prefix: str) -> None:
    async with httpx.AsyncClient(base_url=address + prefix, timeout=60) as client:
        answer = await client.get("/package_show?id=tram-xe-buyt")
        told = answer.json()
        assert told["success"] is True and told["help"] == f"{address}/api/3/action/help_show?name=package_show"
        assert answer.headers["access-control-allow-origin"] == "*"
        posted = await client.post("/package_show", json={"id": "tram-xe-buyt"})
        assert posted.json() == told
        absent = await client.get("/package_show?id=khong-co")
        assert absent.status_code == 404 and absent.json()["success"] is False
        assert absent.json()["error"]["__type"] == "Not Found Error"
        written = await client.post("/package_delete", json={"id": "tram-xe-buyt"})
        assert written.status_code == 403 and written.json()["error"]["__type"] == "Authorization Error"
        unknown = await client.get("/package_dream")
        assert (unknown.status_code, unknown.json()) == (400, "Bad request: Action name not known: package_dream")
        broken = await client.post("/package_list", content=b"[1")
        assert broken.status_code == 400 and "JSON Error" in broken.json()


async def test_a_withdrawn_dataset_says_why(address: str, installation: Installation, open_stops: Dataset) -> None:
    async with installation.db.tx() as tx:
        await withdraw(tx, open_stops, "Không còn đúng")
    async with httpx.AsyncClient(base_url=f"{address}/api/3/action", timeout=60) as client:
        gone = await client.get("/package_show?id=tram-xe-buyt")
        assert gone.status_code == 410 and "Không còn đúng" in gone.json()["error"]["message"]
        assert (await client.get("/package_list")).json()["result"] == []


async def test_our_own_connector_harvests_us(address: str, open_stops: Dataset, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var", outgoing_private="127.0.0.0/8", fetch_timeout_s=30)
    sink = Sink(tmp_path / "sink", settings, label="test", reserve_bytes=0)
    source = CkanSource(url=address, page_size=4)
    listed = await asyncio.to_thread(discover, source, Secret(), settings)
    assert [(one.id, one.title, len(one.resources)) for one in listed] == [(str(open_stops.id), "Trạm xe buýt", 5)]
    first = await asyncio.to_thread(fetch, source, Secret(), {}, sink)
    assert first.failures == [] and len(first.payloads) == 5
    again = await asyncio.to_thread(fetch, source, Secret(), first.state, sink)
    assert again.unchanged and again.payloads == []
    rows = CkanSource(url=address, page_size=2, datastore="always")
    table = [
        p for p in (await asyncio.to_thread(fetch, rows, Secret(), {}, sink)).payloads if p.filename.endswith(".ndjson")
    ]
    assert [msgspec.json.decode(line)["ma"] for line in table[0].path.read_bytes().splitlines()] == [
        "T01",
        "T02",
        "T03",
    ]
    assert table[0].titles["ma"] == "Mã trạm"


async def test_the_requests_of_other_harvesters(address: str, open_stops: Dataset) -> None:
    """CKAN's own harvester pages by id until nothing comes, then asks what changed since; udata asks one by one by name."""
    async with httpx.AsyncClient(base_url=f"{address}/api/3/action", timeout=60) as client:

        async def pages(filtered: str) -> list[str]:
            ids: list[str] = []
            while True:
                asked = {"rows": "100", "start": str(100 * len(ids)), "sort": "id asc", "fq": filtered}
                found = (await client.get("/package_search", params=asked)).json()["result"]["results"]
                if not found:
                    return ids
                ids += [one["id"] for one in found]

        assert (
            await pages("")
            == await pages("metadata_modified:[2026-01-01T00:00:00.123456Z TO *]")
            == [str(open_stops.id)]
        )
        assert await pages("metadata_modified:[2999-01-01T00:00:00.123456Z TO *]") == []
        for name in (await client.get("/package_list")).json()["result"]:
            package = (await client.get("/package_show", params={"id": name})).json()["result"]
            assert package["name"] == name and package["type"] == "dataset" and package["private"] is False
            assert (
                package["maintainer_email"] == "sxd@hue.example"
                and package["organization"]["approval_status"] == "approved"
            )
            for resource in package["resources"]:
                assert isinstance(resource["position"], int) and isinstance(resource["format"], str)
                assert resource["size"] is None or isinstance(resource["size"], int)
                assert (await client.get(resource["url"])).status_code == 200
