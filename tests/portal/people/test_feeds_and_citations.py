"""Atom by feedparser, citations by what reference managers expect, addresses of releases that stay, tombstones."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.db.installation import Installation
from nhip.kernel.time import now
from nhip.portal.people.citations import Citation, as_bibtex, as_csl, as_ris
from nhip.portal.people.tokens import read, sign
from nhip.portal.service import propose, recall, release_due, withdraw
from nhip.settings import Settings
from tests.portal.conftest import PEOPLE, STOP_ROWS, WORDS, deliver
from tests.portal.people.conftest import AGENCY, Client, open_dataset

ATOM = "{http://www.w3.org/2005/Atom}"


async def test_a_feed_tells_releases_recalls_and_withdrawals(
    stranger: Client, city: Installation, tmp_path: Path
) -> None:
    dataset = await open_dataset(city, "cau-cang", "Cầu cảng <mới> & cũ", tmp_path)
    await deliver(city, "cau-cang", STOP_ROWS.replace("Chợ Đông Ba", "Chợ Xép"), tmp_path)
    await release_due(city)
    async with city.db.tx() as tx:
        await recall(tx, dataset, 2, "Có số điện thoại")
    answer = await stranger.get("/dataset/cau-cang/changes.atom")
    found = feedparser.parse(answer.content)
    assert (
        not found.bozo
        and found.version == "atom10"
        and answer.headers["content-type"].startswith("application/atom+xml")
    )
    assert "Cầu cảng <mới> & cũ" in found.feed.title and found.feed.author and found.feed.id.startswith("urn:uuid:")
    assert [e.tags[0].term for e in found.entries] == ["recalled", "released"]
    assert "Có số điện thoại" in found.entries[0].summary and found.entries[1].link.endswith(
        "/dataset/cau-cang/versions/1"
    )
    assert len({e.id for e in found.entries}) == 2 and all(e.updated_parsed for e in found.entries)
    again = await stranger.get("/dataset/cau-cang/changes.atom", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    ids = {e.id for e in found.entries}
    async with city.db.tx() as tx:
        await withdraw(tx, dataset, "Trùng lặp")
    after = feedparser.parse((await stranger.get("/dataset/cau-cang/changes.atom")).content)
    assert after.entries[0].tags[0].term == "withdrawn" and "Trùng lặp" in after.entries[0].summary
    assert {e.id for e in after.entries} - ids, "a new entry"
    assert "mới" not in str(after), "only the name is left of a withdrawn dataset"


async def test_feeds_have_what_the_standard_demands(stranger: Client, city: Installation) -> None:
    for path in ("/changes.atom", f"/agency/{AGENCY}/changes.atom", "/dataset/tram-xe-buyt/changes.atom"):
        root = ElementTree.fromstring((await stranger.get(path)).content)
        assert root.tag == f"{ATOM}feed"
        for part in [root, *root.findall(f"{ATOM}entry")]:
            for name in ("id", "title", "updated"):
                assert len(part.findall(f"{ATOM}{name}")) == 1, (path, name)
            updated = part.findtext(f"{ATOM}updated") or ""
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", updated)
        assert root.find(f"{ATOM}author/{ATOM}name") is not None
        links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
        assert links["self"] == f"http://testserver.local{path}" and links["alternate"]
        assert root.findall(f"{ATOM}entry")
    assert "/dataset/tram-xe-buyt/changes.atom" in (await stranger.get("/dataset/tram-xe-buyt")).text


async def test_what_was_never_open_has_no_feed_and_is_in_none(
    stranger: Client, city: Installation, tmp_path: Path
) -> None:
    from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
    from nhip.datasets.store import get_dataset
    from tests.portal.conftest import PEOPLE_ROWS

    async with city.db.tx() as tx:
        await put_agency(tx, "kin", "Sở Kín")
        closed = await put_dataset(tx, "nguoi-khuyet-tat", "kin", "Người khuyết tật")
        await put_contract(tx, closed, PEOPLE, who="test")
    await deliver(city, "nguoi-khuyet-tat", PEOPLE_ROWS, tmp_path)
    async with city.db.read() as tx:
        closed = await get_dataset(tx, "nguoi-khuyet-tat")
    await propose(city, closed, treatment={}, **WORDS)
    for path in ("dataset/nguoi-khuyet-tat", "dataset/khong-co", "agency/kin", "agency/khong-co"):
        assert (await stranger.get(f"/{path}/changes.atom")).status_code == 404, path
    assert "khuyet" not in (await stranger.get("/changes.atom")).text
    for path in ("versions", "versions/1", "versions/1/cite.bib", "comments"):
        assert (await stranger.get(f"/dataset/nguoi-khuyet-tat/{path}")).status_code == 404, path


async def test_a_release_keeps_its_address_and_its_citation(
    stranger: Client, city: Installation, tmp_path: Path
) -> None:
    dataset = await open_dataset(city, "ho-nuoc", "Hồ nước", tmp_path)
    await deliver(city, "ho-nuoc", STOP_ROWS.replace("Chợ Đông Ba", "Hồ Thuỷ Tiên"), tmp_path)
    await release_due(city)
    page = await stranger.get("/dataset/ho-nuoc/versions/1")
    assert page.status_code == 200 and "There is a newer release" in page.text
    assert "export.csv?release=1" in page.text and "/dataset/ho-nuoc/versions/1" in page.text
    link = page.headers["link"]
    assert '/versions/1>; rel="cite-as"' in link and '/versions/2>; rel="successor-version"' in link
    assert "Hồ nước (release 2" in (await stranger.get("/dataset/ho-nuoc")).text
    assert (await stranger.get("/dataset/ho-nuoc/versions")).status_code == 200
    async with city.db.tx() as tx:
        await recall(tx, dataset, 1, "Lộ tên người")
    gone = await stranger.get("/dataset/ho-nuoc/versions/1")
    assert gone.status_code == 410 and "Lộ tên người" in gone.text and "export" not in gone.text
    assert (await stranger.get("/dataset/ho-nuoc/versions/1/cite.ris")).status_code == 410
    for no in ("7", "0", str(2**31), "9" * 30):
        assert (await stranger.get(f"/dataset/ho-nuoc/versions/{no}")).status_code == 404, no
    async with city.db.tx() as tx:
        await withdraw(tx, dataset, "Không còn đúng")
    for path in ("versions", "versions/2"):
        answer = await stranger.get(f"/dataset/ho-nuoc/{path}")
        assert answer.status_code == 410 and "Không còn đúng" in answer.text
    problem = await stranger.get("/dataset/ho-nuoc/versions/2", headers={"Accept": "application/json"})
    assert problem.status_code == 410 and problem.json()["key"] == "Withdrawn"


async def test_the_files_of_a_citation(stranger: Client) -> None:
    home = "/dataset/tram-xe-buyt/versions/1/cite"
    bib = await stranger.get(f"{home}.bib")
    assert bib.text.startswith("@misc{tram_xe_buyt_") and "{Department of Construction}" in bib.text
    ris = (await stranger.get(f"{home}.ris")).content.decode()
    assert ris.startswith("TY  - DATA\r\n") and ris.endswith("ER  - \r\n")
    csl = json.loads((await stranger.get(f"{home}.json")).content)
    assert csl[0]["type"] == "dataset" and csl[0]["URL"].endswith("/dataset/tram-xe-buyt/versions/1")


CITATIONS = st.builds(
    Citation,
    key=st.just("k_2026_1"),
    agency=st.text(min_size=1, max_size=40),
    title=st.text(min_size=1, max_size=40),
    no=st.integers(1, 9),
    date=st.just(now()),
    city=st.text(max_size=20),
    address=st.just("https://a.example/dataset/x/versions/1"),
    licence=st.just("cc-by-4.0"),
)


@given(CITATIONS)
def test_no_title_breaks_the_form_of_a_citation(citation: Citation) -> None:
    bib = as_bibtex(citation)
    bare = bib.replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}") and len(bib.splitlines()) == 10
    ris = as_ris(citation).split("\r\n")
    assert [line[:6] for line in ris[:-1]] == [
        f"{tag}  - " for tag in ("TY", "ID", "AU", "TI", "PY", "DA", "ET", "PB", "UR", "ER")
    ]
    assert as_csl(citation)[0]["title"] == citation.title


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A folder for the key of the tokens."""
    return Settings(data_dir=tmp_path_factory.mktemp("keys"))


@given(one=st.uuids(), forged=st.text(max_size=60))
def test_a_token_opens_what_it_was_signed_for_and_nothing_else(keys: Settings, one: uuid.UUID, forged: str) -> None:
    token = sign(keys, "leave", one)
    assert read(keys, "leave", token) == one and len(token) == 43
    assert read(keys, "confirm", token) is None and read(keys, "leave", forged) is None
