"""Harvesting CKAN's Action API from a portal on loopback."""

from __future__ import annotations

import msgspec
import pytest

from nhip.connectors.ckan.reader import CkanPackage, CkanSource, discover, fetch, probe, remote_dataset
from nhip.connectors.errors import EnvelopeFault, ListingIncomplete, UnreadableAnswer
from nhip.connectors.registry import get_connector
from nhip.security import outgoing_errors as errors
from nhip.security.secrets import Secret
from nhip.testing.fakeserver import Reply, json_reply
from nhip.testing.portal import FakeDataset, FakePortal, FakeResource

NONE = Secret()


def city() -> list[FakeDataset]:
    stops = [{"mã": f"{n:03}", "giá": 7000.50, "tên": f"Trạm {n}"} for n in range(25)]
    return [
        FakeDataset(title="Trạm xe buýt", resources=[
            FakeResource(name="tram.csv", body="mã,tên\n1,A\n".encode()),
            FakeResource(name="tram.json", rows=stops, titles={"mã": "Mã trạm"}, file=False),
        ]),
        FakeDataset(title="Chợ", organisation="Sở Công Thương", resources=[FakeResource(name="cho.xlsx", body=b"PK..")]),
        *(FakeDataset(title=f"Bộ {n}", resources=[FakeResource(name="d.csv", body=b"%d" % n)]) for n in range(7)),
    ]  # fmt: skip


@pytest.fixture
def portal():
    with FakePortal(city()) as running:
        yield running


def source(portal: FakePortal, **settings) -> CkanSource:
    return CkanSource(url=portal.url, **{"page_size": 4, **settings})


def names(fetched) -> list[str]:
    return sorted(payload.filename for payload in fetched.payloads)


def test_everything_comes_once(portal, sink) -> None:
    first = fetch(source(portal), NONE, {}, sink)
    assert names(first) == ["cho.xlsx", *["d.csv"] * 7, "tram.csv", "tram.json.ndjson"]
    assert len(first.remote) == 9 and first.failures == [] and not first.unchanged
    again = fetch(source(portal), NONE, first.state, sink)
    assert again.unchanged and again.payloads == [] and again.state == first.state
    assert sum("/files/" in r.path for r in portal.requests) == 10  # nine files, and one try before its table


def test_rows_keep_their_digits_and_lose_the_portals_own_number(portal, sink) -> None:
    fetched = fetch(source(portal), NONE, {}, sink)
    table = next(p for p in fetched.payloads if p.filename.endswith(".ndjson"))
    lines = table.path.read_text("utf-8").splitlines()
    assert len(lines) == 25 and lines[0] == '{"mã":"000","giá":7000.5,"tên":"Trạm 0"}'
    assert table.titles == {"mã": "Mã trạm"} and table.media_type == "application/x-ndjson"


def test_only_changed_datasets_are_asked_again(portal, sink) -> None:
    first = fetch(source(portal), NONE, {}, sink)
    changed = portal.data[1]
    changed.modified, changed.resources[0].body = "2026-11-01T00:00:00", b"PK new"
    portal.requests.clear()
    again = fetch(source(portal), NONE, first.state, sink)
    assert names(again) == ["cho.xlsx"] and again.payloads[0].dataset == changed.id
    assert [r.path.rpartition("/")[2] for r in portal.requests if "/files/" in r.path] == ["cho.xlsx"]


def test_without_trust_in_dates_files_are_asked_conditionally(portal, sink) -> None:
    first = fetch(source(portal), NONE, {}, sink)
    portal.data[1].resources[0].body = b"PK silent change"
    portal.requests.clear()
    again = fetch(source(portal, trust_modified=False), NONE, first.state, sink)
    assert names(again) == ["cho.xlsx"]
    assert all("if-none-match" in r.headers for r in portal.requests if r.path.endswith((".csv", ".xlsx")))


def test_deleted_datasets_are_told(portal, sink) -> None:
    first = fetch(source(portal), NONE, {}, sink)
    gone = portal.data.pop(1)
    again = fetch(source(portal), NONE, first.state, sink)
    assert again.vanished == [gone.id] and not again.unchanged
    assert gone.id not in again.state["datasets"] and not any(gone.id in key for key in again.state["resources"])
    assert fetch(source(portal), NONE, again.state, sink).vanished == []


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_listing_that_fails_half_way_is_never_a_deletion(portal, sink, after) -> None:
    calls = []

    def unsteady(request):
        if request.path.endswith("package_search"):
            calls.append(1)
            if len(calls) > after:
                return Reply(status=500)
        return portal._route(request)

    portal._answer = unsteady
    with pytest.raises(errors.RemoteFailed):
        fetch(source(portal), NONE, {"datasets": {"x": "1"}}, sink)


def test_an_empty_or_short_listing_is_never_a_deletion(portal, sink) -> None:
    first = fetch(source(portal), NONE, {}, sink)
    portal.fail("package_search", reply=json_reply({"success": True, "result": {"count": 0, "results": []}}))
    with pytest.raises(ListingIncomplete):
        fetch(source(portal), NONE, first.state, sink)
    portal.mend()
    portal.fail("package_search", reply=json_reply({"success": True, "result": {"count": 9, "results": []}}))
    with pytest.raises(ListingIncomplete):
        fetch(source(portal), NONE, first.state, sink)


def test_a_listing_that_repeats_one_and_loses_another_is_noticed(portal, sink) -> None:
    """Pages shift when somebody adds a dataset meanwhile; the count is right and the list is wrong."""
    ordered = sorted(portal.data, key=lambda d: d.id)
    real = portal._route

    def shifted(request):
        if request.path.endswith("package_search") and request.query["start"] == "4":
            portal.data = [*ordered[:5], ordered[3], *ordered[6:]]
            try:
                return real(request)
            finally:
                portal.data = ordered
        return real(request)

    portal._answer = shifted
    with pytest.raises(ListingIncomplete):
        fetch(source(portal), NONE, {"datasets": {d.id: "" for d in ordered}}, sink)


def test_one_broken_resource_is_a_failure_and_is_tried_again(portal, sink) -> None:
    portal.fail("cho.xlsx", status=500, times=1)
    first = fetch(source(portal), NONE, {}, sink)
    (failure,) = first.failures
    assert failure.dataset == portal.data[1].id and isinstance(failure.error, errors.RemoteFailed)
    assert len(first.payloads) == 9 and not first.unchanged
    again = fetch(source(portal), NONE, first.state, sink)
    assert names(again) == ["cho.xlsx"] and again.failures == []


def test_a_portal_that_goes_away_is_left_to_the_next_run(portal, sink) -> None:
    portal.fail("/files/", status=403)
    first = fetch(source(portal, datastore="never"), NONE, {}, sink)
    assert len(first.failures) == 5 and "left to the next run" in first.notes[0].text()
    portal.mend()
    again = fetch(source(portal), NONE, first.state, sink)
    assert len(again.payloads) == 10 and again.failures == []


def test_a_page_cap_below_the_asked_size_loses_nothing(portal, sink) -> None:
    portal.page_cap = 3
    fetched = fetch(source(portal, page_size=1000), NONE, {}, sink)
    table = next(p for p in fetched.payloads if p.filename.endswith(".ndjson"))
    assert len(fetched.remote) == 9 and len(table.path.read_bytes().splitlines()) == 25


def test_choices(portal, sink) -> None:
    assert names(fetch(source(portal, organisations=["Sở Công Thương"]), NONE, {}, sink)) == ["cho.xlsx"]
    assert names(fetch(source(portal, datasets=[portal.data[0].id], formats=["csv"]), NONE, {}, sink)) == ["tram.csv"]


def test_other_choices_look_again(portal, sink) -> None:
    first = fetch(source(portal, formats=["xlsx"]), NONE, {}, sink)
    assert names(first) == ["cho.xlsx"]
    again = fetch(source(portal, formats=["xlsx", "csv"]), NONE, first.state, sink)
    assert len(again.payloads) == 8 and again.vanished == []


def test_tokens_and_faults(sink, settings) -> None:
    with FakePortal(city(), token="t0ken") as portal:
        asked = source(portal, auth="header", auth_name="Authorization")
        assert len(discover(asked, Secret({"token": "t0ken"}), settings)) == 9
        with pytest.raises(errors.WrongCredentials):
            discover(asked, Secret({"token": "bad"}), settings)
        portal.fail("package_search", reply=json_reply({"success": False, "error": {"message": "Solr is away"}}))
        with pytest.raises(EnvelopeFault, match="Solr is away"):
            discover(asked, Secret({"token": "t0ken"}), settings)
        portal.mend()
        portal.fail(
            "package_search", reply=Reply(body=b"<html>Cloud page</html>", headers={"Content-Type": "text/html"})
        )
        with pytest.raises(UnreadableAnswer):
            discover(asked, Secret({"token": "t0ken"}), settings)


def test_test_and_discover(portal, settings) -> None:
    result = probe(source(portal), NONE, settings)
    assert result.datasets == 9 and "9 datasets" in result.notes[0].text()
    found = {d.title: d for d in get_connector("ckan").discover(source(portal), NONE, settings)}
    stops = found["Trạm xe buýt"]
    assert stops.resources[1].table and stops.resources[0].format == "CSV" and stops.licence == "CC-BY-4.0"


def test_the_sample(samples) -> None:
    answer = msgspec.json.decode(samples("ckan", "package_search.json"))
    found = [remote_dataset(msgspec.convert(one, CkanPackage), "https://x") for one in answer["result"]["results"]]
    assert [(d.title, d.organisation, len(d.resources)) for d in found] == [("Danh sách chợ", "Sở Công Thương", 2)]
    assert found[0].resources[1].size is None and found[0].resources[0].size == 20481


def test_a_folder_becomes_a_portal(tmp_path, sink) -> None:
    (tmp_path / "cho").mkdir()
    (tmp_path / "cho" / "cho.csv").write_bytes(b"1")
    (tmp_path / "cho" / "dataset.json").write_text('{"title": "Chợ", "organisation": "Sở Công Thương"}')
    with FakePortal(tmp_path) as portal:
        fetched = fetch(source(portal), NONE, {}, sink)
    assert names(fetched) == ["cho.csv"] and fetched.remote[0].organisation == "Sở Công Thương"
