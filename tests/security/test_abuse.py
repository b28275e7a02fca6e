"""Abuse of the edge against the whole application: open redirects, paths that lead out, names that break headers, lies."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.app import create_app
from nhip.datasets.catalogue import put_dataset
from nhip.datasets.errors import BadName
from nhip.db import Objects
from nhip.db.installation import Installation
from nhip.errors import NotFound, Unavailable
from nhip.formats.allowance import Allowance
from nhip.formats.archive import unpack_zip
from nhip.formats.errors import UnsafeArchive
from nhip.kernel.text import fold
from nhip.security.service import find_administrator, set_administrator_password, set_password
from nhip.security.upload_names import attachment
from nhip.testing.sector import signed_in_client
from nhip.web.render import local, redirect
from tests.e2e import sample
from tests.security.edge import raw_answer
from tests.security.files import zipped

Client = AsyncTestClient[Litestar]
PAGE = {"accept": "text/html", "sec-fetch-site": "same-origin"}
OURS = "http://nhip.example"


@pytest.fixture
async def officer(installation: Installation) -> AsyncIterator[Client]:
    await sample.make(installation)
    async with signed_in_client(installation) as client:
        client.headers.update(PAGE)
        yield client


# --- open redirects ----------------------------------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example", "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example",
    "\\/evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example\n",
    "http:evil.example", "https:/evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "@evil.example",
    ".evil.example", "/\u2028/evil.example", "\u2044\u2044evil.example", "\uff0f\uff0fevil.example", "%2f%2fevil.example",
    "/%09/evil.example", "/%5cevil.example", "/%2f/evil.example", "/..//evil.example", "/.//evil.example", "evil.example",
    "/console/..//evil.example", "//evil.example/%2f..", "/;@evil.example", "//localhost:1", "?next=//evil.example",
    "/\x00/evil.example", "/\r\nLocation: //evil.example",
]  # fmt: skip


def where_a_browser_goes(location: str) -> str:
    """The host after the cleaning of the WHATWG URL standard: tabs and newlines out, backslashes are slashes."""
    cleaned = re.sub(r"[\t\r\n]", "", location.strip("".join(map(chr, range(33))))).replace("\\", "/")
    return urlsplit(urljoin(f"{OURS}/signin", cleaned)).netloc


async def test_signing_in_leads_nowhere_else(officer: Client) -> None:
    """Whoever is signed in is sent on at once by `next`; nobody is sent to another website."""
    for target in ELSEWHERE:
        answer = await officer.get(f"/signin?next={quote(target, safe='')}", follow_redirects=False)
        assert answer.status_code == 303, target
        location = answer.headers["location"]
        assert location.startswith("/") and where_a_browser_goes(location) == "nhip.example", (target, location)


@given(
    st.text(max_size=40)
    | st.lists(st.sampled_from(["/", "\\", "\t", "\n", ".", ":", "@", "evil.example", "%2f", "?", "#"])).map("".join)
)
def test_no_text_makes_a_redirect_leave(target: str) -> None:
    location = redirect(local(target)).headers["Location"]
    assert where_a_browser_goes(location) == "nhip.example"
    assert location.isascii() and location.isprintable()


async def test_asking_without_signing_in_leads_back_here_only(officer: Client) -> None:
    for path in ("//evil.example/console", "/console//evil.example", "/console/%0d%0aX:1"):
        headers = [(b"host", b"localhost"), (b"accept", b"text/html")]
        status, answer = await raw_answer(officer.app, "GET", path, headers, peer="127.0.0.1")
        assert status in (303, 404), path
        assert where_a_browser_goes(answer.get("location", "/")) == "nhip.example" and "x" not in answer


# --- header injection --------------------------------------------------------------------------------------------

NAMES = [
    'a.csv"; x="',
    "a\r\nSet-Cookie: s=1.csv",
    "a.\r\nx: y",
    'a.";\r\n',
    "đơn.csv",
    "..\\..\\a.csv",
    "a.csv\u202e",
]


async def last_delivery(installation: Installation) -> uuid.UUID:
    async with installation.db.read() as tx:
        found = await (await tx.execute("select id from datasets.delivery order by id desc limit 1")).fetchone()
    assert found is not None
    return uuid.UUID(str(found[0]))


async def test_the_name_of_a_file_cannot_break_the_header_it_comes_back_in(
    officer: Client, installation: Installation
) -> None:
    await officer.post("/console/upload", data={"dataset": "truong-hoc"}, files={"file": ("a.csv", b"ma,ten\n1,a\n")})
    delivery = await last_delivery(installation)
    for name in NAMES:
        async with installation.db.tx() as tx:
            await tx.execute("update datasets.delivery set filename = %s where id = %s", (name, delivery))
        answer = await officer.get(f"/console/deliveries/{delivery}/raw")
        assert (answer.status_code, answer.content) == (200, b"ma,ten\n1,a\n")
        assert answer.headers["content-disposition"] == attachment(name) and "set-cookie" not in answer.headers


# --- paths that lead out -----------------------------------------------------------------------------------------

CLIMBS = [
    "../../../../etc/passwd", "..%2f..%2f..%2fetc/passwd", "%2e%2e/%2e%2e/etc/passwd", "..%252f..%252fetc/passwd",
    "....//....//etc/passwd", "..\\..\\etc\\passwd", "..%5c..%5cetc%5cpasswd", "/etc/passwd", "//etc/passwd", "%00/etc/passwd",
    "nhip.css%00.png", "..;/etc/passwd", "%c0%ae%c0%ae/etc/passwd", "file:///etc/passwd", "css/../../app.py",
    "\uff0e\uff0e/etc/passwd",
]  # fmt: skip


async def test_no_address_climbs_out(officer: Client) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in officer.cookies.items()).encode()
    lines = [(b"host", b"localhost"), (b"accept", b"text/html"), (b"cookie", cookie)]
    wrong = {}
    for start in ("/static/", "/static/x/", "/console/datasets/", "/console/deliveries/", "/console/"):
        for path in CLIMBS:
            decoded = re.sub(r"%([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), path)
            for shown in {start + path, start + decoded}:
                status, _headers = await raw_answer(officer.app, "GET", shown, lines, peer="127.0.0.1")
                if status not in (303, 400, 404):
                    wrong[shown] = status
    assert wrong == {}


@pytest.mark.parametrize("name", ["../x", "raw/../../x", "/etc/passwd", "..", "a/../../../etc/passwd"])
def test_no_blob_lies_outside_the_store(tmp_path: Path, name: str) -> None:
    objects = Objects(tmp_path / "objects")
    (tmp_path / "x").write_text("secret")
    with pytest.raises((NotFound, FileNotFoundError)):
        objects.path(name)
    with contextlib.suppress(Unavailable, OSError, ValueError):
        objects.put(name, tmp_path / "x")
    assert {p.name for p in tmp_path.iterdir()} == {"objects", "x"} and (tmp_path / "x").read_text() == "secret"


async def test_names_of_datasets_are_no_paths(officer: Client, installation: Installation) -> None:
    async with installation.db.tx() as tx:
        for name in ("../x", "a/b", "a\\b", "..", "A", "a\n", "a\x00", "", "-", "..."):
            with pytest.raises(BadName):
                await put_dataset(tx, name, sample.HEALTH_AGENCY, "A")


@pytest.mark.parametrize("name", ["../../x.csv", "/etc/x.csv", "a/../../x.csv", "..\\x.csv", "C:\\x.csv"])
def test_no_entry_of_a_delivered_archive_lands_outside(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(zipped({name: b"a,b\n1,2\n"}))
    (tmp_path / "in").mkdir()
    with pytest.raises(UnsafeArchive):
        unpack_zip(archive, tmp_path / "in", Allowance(1000, 10, "a.zip"), "a.zip")
    assert list((tmp_path / "in").iterdir()) == []


# --- deliveries that lie about their type ------------------------------------------------------------------------


LIES = [
    ("a.csv", b"<!DOCTYPE html><script>alert(1)</script>"),
    ("b.csv", b"\x7fELF" + bytes(300)),
    ("c.xlsx", b"MZ" + bytes(300)),
    ("d.json", b"%PDF-1.7\n1 0 obj"),
    ("e.csv", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
]


async def test_deliveries_that_lie_are_kept_away_from_browsers(officer: Client, installation: Installation) -> None:
    """Whatever it is, it is never read as what it says it is, and given back only as bytes to save."""
    for name, body in LIES:
        form = {"file": (name, body, "text/html")}
        await officer.post("/console/upload", data={"dataset": "truong-hoc"}, files=form)
        delivery = await last_delivery(installation)
        answer = await officer.get(f"/console/deliveries/{delivery}/raw")
        assert answer.content == body
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"] == attachment(name)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        page = await officer.get(f"/console/deliveries/{delivery}")
        assert page.status_code == 200 and b"<script>alert" not in page.content and b"onload" not in page.content


# --- passwords ---------------------------------------------------------------------------------------------------


async def test_a_password_counts_as_it_was_typed(installation: Installation) -> None:
    """Blanks at its ends, capitals, marks, signs beyond letters and all of 64 characters and more count."""
    exact = "  Ghế xanh MÙA thu 🚲 bay qua cầu Trường Tiền lúc trời mưa rất to nhé  "
    assert len(exact) > 64
    async with installation.db.tx() as tx:
        await set_administrator_password(tx)
        account = await find_administrator(tx)
        assert account is not None
        await set_password(tx, account, exact)
    async with AsyncTestClient(create_app(installation.settings)) as client:
        for typed in (exact.strip(), exact.lower(), exact[:64], fold(exact)):
            answer = await client.post("/signin", data={"name": account.name, "password": typed}, headers=PAGE)
            assert answer.status_code == 422, typed
        answer = await client.post(
            "/signin", data={"name": account.name, "password": exact}, headers=PAGE, follow_redirects=False
        )
    assert answer.status_code == 303
