"""DKAN, DCAT, Da Nang and Hue from a portal on loopback; what CKAN's tests show of the harvest itself is not repeated."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.connectors.danang.reader import DaNangPortal, DaNangSource, number_of
from nhip.connectors.danang.reader import fetch as fetch_danang
from nhip.connectors.danang.reader import probe as probe_danang
from nhip.connectors.dcat.parse import parse
from nhip.connectors.dcat.reader import DcatSource, read_graph
from nhip.connectors.dcat.reader import discover as discover_dcat
from nhip.connectors.dcat.reader import fetch as fetch_dcat
from nhip.connectors.dkan.reader import DkanSource
from nhip.connectors.dkan.reader import fetch as fetch_dkan
from nhip.connectors.errors import EnvelopeFault, ListingIncomplete, PageRepeats, UnreadableAnswer
from nhip.connectors.hue.reader import HueSource, titles_of
from nhip.connectors.hue.reader import fetch as fetch_hue
from nhip.connectors.portals import absolute
from nhip.connectors.rows import rows_at
from nhip.security import outgoing_errors as errors
from nhip.security.outgoing import Outgoing
from nhip.security.secrets import Secret
from nhip.testing.fakeserver import Reply, json_reply
from nhip.testing.portal import FakeDataset, FakePortal, FakeResource

NONE = Secret()
ACCOUNT = Secret({"password": "mật khẩu"})
STOPS = [{"ma": f"{n:03}", "ten": f"Trạm {n}", "gia": 7000 + n} for n in range(23)]


@pytest.fixture
def portal():
    data = [
        FakeDataset(title="Trạm xe buýt", tags=["xe buýt"], resources=[
            FakeResource(name="tram.json", rows=STOPS, titles={"ma": "Mã trạm"}, file=False)]),
        FakeDataset(title="Chợ & siêu thị", organisation="Sở Công Thương", resources=[
            FakeResource(name="chợ 2026.csv", body=b"1,2\n")]),
    ]  # fmt: skip
    with FakePortal(data, account=("lan", "mật khẩu"), page_cap=10) as running:
        yield running


def by_title(fetched) -> dict[str, str]:
    titles = {d.id: d.title for d in fetched.remote}
    return {titles[p.dataset]: p.path.read_text("utf-8") for p in fetched.payloads}


def whole(text: str) -> bool:
    return [json.loads(line)["ma"] for line in text.splitlines()] == [row["ma"] for row in STOPS]


# --- DKAN --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["auto", "2"])
def test_dkan_2(portal, sink, version) -> None:
    source = DkanSource(url=portal.url, version=version)
    first = fetch_dkan(source, NONE, {}, sink)
    found = by_title(first)
    assert first.failures == [] and found["Chợ & siêu thị"] == "1,2\n" and whole(found["Trạm xe buýt"])
    assert {d.organisation for d in first.remote} == {"Sở Công Thương", "Sở Khoa học và Công nghệ"}
    assert fetch_dkan(source, NONE, first.state, sink).unchanged


def test_dkan_7_is_found_by_asking(portal, sink) -> None:
    portal.fail("^/api/1/", status=404)
    found = by_title(fetch_dkan(DkanSource(url=portal.url), NONE, {}, sink))
    assert found["Chợ & siêu thị"] == "1,2\n" and whole(found["Trạm xe buýt"])
    assert any(r.path == "/api/action/datastore/search.json" for r in portal.requests)


def test_dkan_reads_the_table_when_a_captcha_guards_the_file(portal, sink) -> None:
    page = Reply(body=b"<!DOCTYPE html>captcha", headers={"Content-Type": "text/html"})
    portal.fail("^/files/", reply=page)
    fetched = fetch_dkan(DkanSource(url=portal.url, version="7"), NONE, {}, sink)
    assert list(by_title(fetched)) == ["Trạm xe buýt"]
    (failure,) = fetched.failures
    assert isinstance(failure.error, errors.NotTheAnswer)


def test_the_dkan_sample(samples) -> None:
    assert len(rows_at(samples("dkan", "search.json"), ["result.records"], "x")) == 2


# --- DCAT --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["xml", "ttl", "jsonld"])
def test_dcat_in_each_writing(portal, sink, suffix) -> None:
    source = DcatSource(url=f"{portal.url}/catalog.{suffix}", formats=["csv"])
    first = fetch_dcat(source, NONE, {}, sink)
    assert by_title(first) == {"Chợ & siêu thị": "1,2\n"} and first.failures == []
    (market,) = [d for d in first.remote if d.title == "Chợ & siêu thị"]
    assert market.organisation == "Sở Công Thương" and market.licence.endswith("CC-BY-4.0")
    assert market.id == portal.data[1].id and market.resources[0].size == 4
    assert fetch_dcat(source, NONE, first.state, sink).unchanged
    portal.data.pop(1)
    assert fetch_dcat(source, NONE, first.state, sink).vanished == [market.id]


def no_context(url: str) -> bytes:
    raise AssertionError(f"asked for {url}")


def test_the_dcat_samples(samples) -> None:
    for name, kind in (("catalog.ttl", "text/turtle"), ("catalog.jsonld", "application/ld+json")):
        (found,) = read_graph(parse(samples("dcat", name), kind, "https://x/c", "x", no_context), "https://x/c")
        assert found.title == "Danh sách chợ" and found.resources[0].url == "https://portal.example/files/cho.csv"
    (found,) = read_graph(parse(samples("dcat", "catalog.ttl"), "", "https://x/c", "x", no_context), "https://x/c")
    assert (found.organisation, found.modified, found.tags) == ("Sở Công Thương", "2026-08-19", ("chợ", "thương mại"))
    assert (found.resources[0].format, found.resources[0].media_type) == ("CSV", "text/csv")


def test_blank_distributions_have_ids_that_stay(samples) -> None:
    ids = {
        read_graph(parse(samples("dcat", "catalog.ttl"), "text/turtle", "https://x", "x", no_context), "https://x")[0]
        .resources[0]
        .id
        for _ in range(3)
    }
    assert ids == {"https://portal.example/files/cho.csv"}


BOMB = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&b;</rdf:RDF>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&a;</rdf:RDF>"""


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (BOMB, "application/rdf+xml"),
        (OUTSIDE, "application/rdf+xml"),
        (b"<html>sign in", "text/html"),
        (b"@prefix broken", "text/turtle"),
        (b'{"@context": {"@import": "http://169.254.169.254/"}}', "application/ld+json"),
        (b'{"a":' * 50_000, "application/ld+json"),
        (b"", "text/turtle-ish"),
    ],
)
def test_hostile_catalogues(serve, settings, body: bytes, kind: str) -> None:
    server = serve(lambda _: Reply(body=body, headers={"Content-Type": kind}))
    if body:
        with pytest.raises(UnreadableAnswer):
            discover_dcat(DcatSource(url=server.url), NONE, settings)
    else:
        assert discover_dcat(DcatSource(url=server.url), NONE, settings) == []


NAMED = b"""<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [ <!ENTITY dcat "http://www.w3.org/ns/dcat#">
  <!ENTITY dct 'http://purl.org/dc/terms/'> ]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dct="&dct;" xmlns:dcat="&dcat;">
<dcat:Dataset rdf:about="http://x/1"><dct:title>B\xe1\xba\xbfn xe &amp; b\xc3\xa3i</dct:title></dcat:Dataset></rdf:RDF>"""


def test_short_names_of_addresses_in_rdf_are_read(serve, settings) -> None:
    server = serve(lambda _: Reply(body=NAMED, headers={"Content-Type": "application/rdf+xml"}))
    (found,) = discover_dcat(DcatSource(url=server.url), NONE, settings)
    assert (found.id, found.title) == ("http://x/1", "Bến xe & bãi")


def test_a_web_page_in_place_of_a_catalogue_is_no_empty_one(serve, settings, sink) -> None:
    page = serve(lambda _: Reply(body=b"<html><body>x</body></html>", headers={"Content-Type": "text/html"}))
    with pytest.raises(UnreadableAnswer):
        fetch_dcat(DcatSource(url=page.url), NONE, {}, sink)
    empty = serve(lambda _: Reply(body=b"@prefix a: <b:> .", headers={"Content-Type": "text/turtle"}))
    assert [note.values for note in fetch_dcat(DcatSource(url=empty.url), NONE, {}, sink).notes] == [
        {"host": empty.url.partition("//")[2]}
    ]


def test_remote_contexts_go_through_the_guard(serve, settings) -> None:
    body = json.dumps({"@context": "http://169.254.169.254/ctx", "@id": "x:1"}).encode()
    server = serve(lambda _: Reply(body=body, headers={"Content-Type": "application/ld+json"}))
    with pytest.raises((errors.AddressRefused, UnreadableAnswer)) as caught:
        discover_dcat(DcatSource(url=server.url), NONE, settings)
    assert "169.254.169.254" in str(caught.value)


@pytest.mark.parametrize("typed", [True, False])
def test_data_json_is_read_without_its_context(serve, settings, typed) -> None:
    one = {"identifier": "d1", "title": "Chợ", "publisher": {"name": "Sở Công Thương"}, "keyword": ["chợ"]}
    one["distribution"] = [{"downloadURL": "http://x.vn/cho.csv", "mediaType": "text/csv"}]
    if typed:
        one["@type"] = "dcat:Dataset"
    body = {"@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld", "dataset": [one]}
    server = serve(lambda _: Reply(body=json.dumps(body).encode(), headers={"Content-Type": "application/json"}))
    (found,) = discover_dcat(DcatSource(url=f"{server.url}/data.json"), NONE, settings)
    assert (found.id, found.title, found.organisation, found.tags) == ("d1", "Chợ", "Sở Công Thương", ("chợ",))
    assert [resource.url for resource in found.resources] == ["http://x.vn/cho.csv"]


def test_a_remote_context_is_read_once_and_used(serve, settings) -> None:
    context = {"@context": {"dcat": "http://www.w3.org/ns/dcat#", "name": "http://purl.org/dc/terms/title"}}
    item = {"@type": "dcat:Dataset", "name": "Chợ", "@id": "https://x/cho"}

    def answer(request):
        graph = {"@context": f"{server.url}/ctx", "@graph": [item, {**item, "@context": f"{server.url}/ctx"}]}
        return json_reply(context if request.path == "/ctx" else graph)

    server = serve(answer)
    assert [d.title for d in discover_dcat(DcatSource(url=server.url), NONE, settings)] == ["Chợ"]
    assert [r.path for r in server.requests] == ["/", "/ctx"]


def test_pages_of_a_catalogue_are_followed_and_loops_end(serve, settings) -> None:
    def answer(request):
        page = int(request.query.get("page", "1"))
        following = f"<> <http://www.w3.org/ns/hydra/core#next> <?page={page % 3 + 1}> ."
        more = "" if page == 3 and not loop else following
        text = f"<https://x/{page}> a <http://www.w3.org/ns/dcat#Dataset> . {more}"
        return Reply(body=text.encode(), headers={"Content-Type": "text/turtle"})

    server = serve(answer)
    loop = False
    found = discover_dcat(DcatSource(url=f"{server.url}/catalog?page=1"), NONE, settings)
    assert [d.id for d in found] == ["https://x/1", "https://x/2", "https://x/3"]
    loop = True
    with pytest.raises(PageRepeats):
        discover_dcat(DcatSource(url=f"{server.url}/catalog?page=1"), NONE, settings)


# --- Hue ---------------------------------------------------------------------------------------------------------


def test_hue(portal, sink) -> None:
    source = HueSource(url=f"{portal.url}/hue/catalog.rdf")
    first = fetch_hue(source, NONE, {}, sink)
    found = by_title(first)
    assert first.failures == [] and found["Chợ & siêu thị"] == "1,2\n" and whole(found["Trạm xe buýt"])
    table = next(p for p in first.payloads if p.filename.endswith(".ndjson"))
    assert table.titles["ma"] == "Mã trạm"
    assert fetch_hue(source, NONE, first.state, sink).unchanged


def test_hues_rdf_as_it_is(samples) -> None:
    graph = parse(samples("hue", "distribution.xml"), "text/xml", "https://data.hue.gov.vn/x", "x", no_context)
    (found,) = read_graph(graph, "https://data.hue.gov.vn/x")
    assert found.id == "00000000-66E8-4487-8461-000000000001" and found.title == "DANH SÁCH MẪU"
    assert (
        found.resources[0].url
        == "https://data.hue.gov.vn/Upload/Metadata/000.00.14.H57/2025/danh%20sach_1765592510.json"
    )
    assert found.resources[0].format == "JSON" and found.resources[0].size == 147006


def test_hues_envelope_as_it_is(serve, sink, samples) -> None:
    server = serve(lambda _: Reply(body=samples("hue", "le-hoi.json"), headers={"Content-Type": "application/json"}))
    (payload,) = fetch_hue(HueSource(files=[f"{server.url}/le-hoi.json"]), NONE, {}, sink).payloads
    lines = payload.path.read_bytes().splitlines()
    assert len(lines) == 2 and b"107.6430" in lines[0]
    assert payload.titles["tendoituong"] == "Tên đối tượng" and payload.filename == "le-hoi.ndjson"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"code": 500, "message": "Lỗi hệ thống", "data": None}, EnvelopeFault),
        ({"code": 0, "data": [1], "totalRows": 2}, ListingIncomplete),
        ([{"a": 1}], None),
        ({"code": "0", "data": [], "hienthi": "x"}, None),
    ],
)
def test_hues_other_envelopes(serve, sink, body, error) -> None:
    server = serve(lambda _: json_reply(body))
    fetched = fetch_hue(HueSource(files=[f"{server.url}/a.json"]), NONE, {}, sink)
    if error is None:
        assert fetched.failures == [] and len(fetched.payloads) == 1
    else:
        assert [type(f.error) for f in fetched.failures] == [error] and fetched.payloads == []


@given(st.binary(max_size=60))
def test_titles_survive_any_json(text: bytes) -> None:
    body = json.dumps(
        {"hienthi": [{"khoa": text.decode("latin-1"), "tentruong": "x"}, None, 3, {"khoa": None}]}
    ).encode()
    assert len(titles_of(body)) <= 1


# --- Da Nang -----------------------------------------------------------------------------------------------------


def test_danang_by_its_pages(portal, sink) -> None:
    source = DaNangSource(url=portal.url, username="lan", page_size=7)
    first = fetch_danang(source, ACCOUNT, {}, sink)
    assert first.failures == [] and whole(by_title(first)["Trạm xe buýt"])
    assert fetch_danang(source, ACCOUNT, first.state, sink).unchanged
    portal.fail("^/dichvu", reply=Reply(body=b"<html>being mended</html>", headers={"Content-Type": "text/html"}))
    with pytest.raises(ListingIncomplete):
        fetch_danang(source, ACCOUNT, first.state, sink)


@pytest.mark.parametrize("written", ["1355000", "MTM1NTAwMA==", "https://congdulieu.vn/dulieuchitiet/1355000"])
def test_danang_by_numbers(portal, sink, written) -> None:
    source = DaNangSource(url=portal.url, username="lan", datasets=[written])
    (payload,) = fetch_danang(source, ACCOUNT, {}, sink).payloads
    assert whole(payload.path.read_text("utf-8")) and payload.filename == "1355000.ndjson"
    assert portal.requests[-1].path == "/api/dataset/MTM1NTAwMA=="


def test_danangs_sign_in_page_means_a_wrong_account(portal, sink, settings) -> None:
    source = DaNangSource(url=portal.url, username="lan", datasets=["1355000"])
    fetched = fetch_danang(source, Secret({"password": "wrong"}), {}, sink)
    assert [type(f.error) for f in fetched.failures] == [errors.WrongCredentials]
    with pytest.raises(errors.WrongCredentials):
        probe_danang(source, Secret({"password": "wrong"}), settings)
    assert probe_danang(source, ACCOUNT, settings).datasets == 1


def test_danangs_samples(samples, settings) -> None:
    with Outgoing(settings) as out:
        reader = DaNangPortal(DaNangSource(url="https://x"), out)
        found = reader._links(samples("danang", "dichvu.html").decode())
    assert [(d.id, d.title) for d in found] == [
        ("1355367", "Danh sách trạm xe buýt"),
        ("1390090", "Giá vé tham quan 'mẫu'"),
    ]
    assert len(rows_at(samples("danang", "dataset.json"), ["", "data"], "x")) == 2


@given(st.integers(0, 10**12))
def test_numbers_come_back(number: int) -> None:
    import base64

    assert number_of(str(number)) == str(number)
    assert number_of(base64.b64encode(str(number).encode()).decode()) == str(number)


@pytest.mark.parametrize(
    ("url", "complete"),
    [
        ("/a/b.csv", "https://x/a/b.csv"),
        ("\\Upload\\b c.csv", "https://x/Upload/b%20c.csv"),
        ("http://y/z", "http://y/z"),
        ("", ""),
    ],
)
def test_addresses_become_complete(url: str, complete: str) -> None:
    assert absolute(url, "https://x/catalog") == complete
