"""Every address of the application, asked by strangers, by other websites and with nonsense."""

from __future__ import annotations

import re
import uuid
from html import unescape
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.permission_commands import make_table
from nhip.settings import Settings
from tests.e2e import sample
from tests.e2e.pages import DATASET, filled, ids_from, routes

Client = AsyncTestClient[Litestar]
HTML = {"Accept": "text/html"}
PUBLIC = {row.path for row in make_table(Settings()).routes if row.permission == "public"}
"""What strangers may ask for; besides these, only static files."""
KNOWN = (*sample.TITLES, *(title for _agency, title, _en in sample.TITLES.values()), "truong-2025", "T31", "Sở Y tế")
"""Words that only data hold."""
GUARDED = [(path, methods) for path, methods in routes() if path not in PUBLIC and not path.startswith("/static")]
NONSENSE = [
    "page=-1",
    "page=abc",
    "page=99999",
    "page=99999999999999999999",
    "rule=' OR 1=1 --",
    "rule=%00",
    "column=%FF%FE",
    "severity=<script>alert(1)</script>",
    "since=-1",
    "since=99999999999999999999",
    "kept_out=maybe",
    "kind=../../etc/passwd",
    "q=%00%FF",
    f"q={'a' * 3000}",
    "dataset=' OR 1=1",
    "lang=xx&theme=<b>&sort=';drop table dataset;--",
]
UNKNOWN = [
    "/console/nowhere",
    "/console/agencies/khong-co",
    "/console/datasets/khong-co",
    "/console/datasets/khong-co/rows",
    "/console/datasets/khong-co/findings.csv",
    "/console/datasets/khong-co/contract.xlsx",
    "/console/datasets/..%2F..%2Fetc%2Fpasswd",
    "/console/datasets/%00",
    f"/console/datasets/{DATASET}/virtues/beautiful",
    f"/console/datasets/{DATASET}/versions/99",
    f"/console/datasets/{DATASET}/versions/99999999999999999999",
    f"/console/datasets/{DATASET}/versions/99/export.csv",
    f"/console/datasets/{DATASET}/rows/99999999999",
    f"/console/datasets/{DATASET}/rows/99999999999999999999",
    f"/console/deliveries/{uuid.UUID(int=7)}",
    f"/console/deliveries/{uuid.UUID(int=7)}/raw",
    "/console/deliveries/not-a-uuid",
    "/console/sources/khong-co",
    "/static/../../../../etc/passwd",
]
UNKNOWN_POSTS = [
    "/console/datasets/khong-co/contract",
    "/console/datasets/khong-co/corrections",
    f"/console/datasets/{DATASET}/versions/99/restore",
    f"/console/datasets/{DATASET}/corrections/{uuid.UUID(int=7)}/undo",
    "/console/sources/khong-co/test",
    "/console/sources/khong-co/run",
]


async def ids(officer: Client) -> dict[str, str]:
    return ids_from((await officer.get(f"/console/datasets/{DATASET}")).text)


def addresses(found: dict[str, str]) -> list[tuple[str, set[str]]]:
    return [(address, methods) for path, methods in GUARDED for address in filled(path, found)]


def test_nothing_of_officials_is_public() -> None:
    assert not [path for path in PUBLIC if path.startswith(("/console", "/account", "/confirm", "/live", "/metrics"))]
    assert len(GUARDED) >= 30, "the routes are collected from the application"


async def test_strangers_get_no_data_from_any_address(stranger: Client, officer: Client) -> None:
    found = await ids(officer)
    for address, methods in addresses(found):
        for method in sorted(methods - {"OPTIONS"}):
            for accept in ("text/html", "application/json", "*/*"):
                answer = await stranger.request(method, address, headers={"Accept": accept}, follow_redirects=False)
                assert answer.status_code in (302, 303, 401, 403), (
                    f"{method} {address} for {accept}: {answer.status_code}"
                )
                shown = [word for word in KNOWN if word in answer.text and word not in address]
                assert shown == [], f"{method} {address} shows data"
                if answer.status_code in (302, 303):
                    assert answer.headers["location"].startswith("/signin"), address


async def test_what_was_typed_outlives_the_session(stranger: Client, officer: Client) -> None:
    """Whoever sends a form after the session ended sends it again once signed in; nothing is lost in silence."""
    address = f"/console/datasets/{DATASET}/contract/preview"
    typed = {"yaml": 'name: "Trường <b> \n  tiểu học"', "note": "vì sao"}
    answer = await stranger.post(address, data=typed, headers=HTML, follow_redirects=False)
    assert answer.status_code == 401 and f'action="{address}"' in answer.text
    kept = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', answer.text)}
    assert kept == typed
    assert (await officer.post(address, data=kept, headers=HTML)).status_code == 200
    part = await stranger.post(address, data=typed, headers={**HTML, "HX-Request": "true"}, follow_redirects=False)
    assert part.status_code == 401 and part.headers["hx-retarget"] == "#notices" and "hx-redirect" not in part.headers
    files = {"file": ("a.csv", b"a,b", "text/csv")}
    sent = await stranger.post(
        "/console/upload", data={"title": "Chợ"}, files=files, headers=HTML, follow_redirects=False
    )
    assert sent.status_code == 401 and 'value="Chợ"' in sent.text and "a,b" not in sent.text
    large = await stranger.post(address, data={"yaml": "x" * 1_100_000}, headers=HTML, follow_redirects=False)
    assert large.status_code == 401 and "<form" not in large.text.split("<main")[1]


async def test_a_made_up_session_is_no_session(stranger: Client) -> None:
    for token in ("", "admin", "x" * 4000, "' or 1=1 --", "%00"):
        answer = await stranger.get(
            "/console", headers={**HTML, "Cookie": f"nhip_session={token}"}, follow_redirects=False
        )
        assert answer.status_code == 303, token
        assert answer.headers["location"].startswith("/signin")


async def test_other_websites_can_change_nothing(officer: Client) -> None:
    found = await ids(officer)
    forgeries: list[dict[str, str]] = [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://example.org"},
        {"Origin": "null"},
        {"Origin": "http://testserver.local.example.org"},
    ]
    posts = [(a, m) for a, m in [*addresses(found), ("/signin", {"POST"}), ("/signout", {"POST"})] if "POST" in m]
    assert len(posts) >= 12
    for address, _methods in posts:
        for headers in forgeries:
            answer = await officer.post(address, headers=headers, data={"name": "x"}, follow_redirects=False)
            assert answer.status_code == 403, f"{address} with {headers}: {answer.status_code}"
    assert (await officer.get("/console")).status_code == 200, "still signed in"


async def test_unknown_addresses_are_told_in_the_reader_s_language(officer: Client) -> None:
    for address in UNKNOWN:
        for lang, words in (("vi", 'lang="vi"'), ("en", 'lang="en"')):
            answer = await officer.get(address, headers={"Accept-Language": lang})
            assert answer.status_code == 404, f"{address}: {answer.status_code}"
            assert words in answer.text and "Traceback" not in answer.text, address


@pytest.mark.parametrize("address", UNKNOWN_POSTS)
async def test_sending_to_what_is_not_there_is_404(officer: Client, address: str) -> None:
    data = {"yaml": sample.contract(DATASET, "Trường học"), "cell-1": "2:ten", "was-1": "a", "now-1": "b"}
    answer = await officer.post(address, data=data, follow_redirects=False)
    assert answer.status_code == 404, answer.text[:300]


async def test_nonsense_never_breaks_a_page(officer: Client) -> None:
    found = await ids(officer)
    pages = sorted({address.partition("?")[0] for address, methods in addresses(found) if "GET" in methods} - {"/live"})
    for address in pages:
        for query in NONSENSE:
            answer = await officer.get(f"{address}?{query}")
            assert answer.status_code in (200, 303, 400, 404, 405, 410, 422), f"{address}?{query}: {answer.status_code}"
            assert "Traceback" not in answer.text
            assert "<script>alert" not in answer.text


BODIES: list[dict[str, Any]] = [
    {},
    {"yaml": "\x00"},
    {"yaml": "a: &a [*a]"},
    {"name": "../../etc", "agency": "' or 1=1", "every": "-5", "dataset": "khong-co"},
    {"cell-1": "99999999999999999999:ten", "now-1": "x"},
    {"cell-1": "2:khong-co-cot", "now-1": "x"},
    {"cell-x": "::", "now-x": "x", "take": "all"},
    {"cell-1": "2:ten", "was-1": "\x00", "now-1": "\x00"},
    {"title": "\x00", "agency_name": "\x00", "file": "not a file"},
]


async def test_nonsense_in_forms_never_breaks_a_page(officer: Client) -> None:
    found = await ids(officer)
    posts = sorted({a.partition("?")[0] for a, methods in addresses(found) if "POST" in methods})
    for address in posts:
        for body in BODIES:
            query = "?kind=folder" if address.endswith("/sources/new") else ""
            answer = await officer.post(address + query, data=body, follow_redirects=False)
            assert answer.status_code < 500, f"{address} {body}: {answer.status_code} {answer.text[:500]}"
        for raw in (b"", b"\xff\xfe\x00", b"--x\r\n\r\n"):
            headers = {"Content-Type": "multipart/form-data; boundary=x"}
            answer = await officer.post(address, content=raw, headers=headers, follow_redirects=False)
            assert answer.status_code < 500, f"{address} {raw!r}: {answer.status_code} {answer.text[:500]}"


async def test_a_title_is_shown_and_never_run(officer: Client) -> None:
    trap = "<script>alert(1)</script>"
    file = ("a.csv", b"ma,ten\n1,<img src=x onerror=alert(1)>\n", "text/csv")
    data = {"title": f"Bẫy {trap}", "agency_name": f"Sở {trap}"}
    answer = await officer.post("/console/upload", data=data, files={"file": file}, follow_redirects=True)
    assert answer.status_code == 200
    for address in ("/console", "/console/datasets", "/console/upload", str(answer.url)):
        page = (await officer.get(address)).text
        assert trap not in page and "&lt;script&gt;" in page, address


async def test_pages_carry_the_headers_that_keep_browsers_careful(officer: Client) -> None:
    for address in (
        "/console",
        f"/console/datasets/{DATASET}",
        "/console/nowhere",
        f"/console/datasets/{DATASET}/findings.csv",
    ):
        headers = (await officer.get(address)).headers
        assert "script-src 'self'" in headers["content-security-policy"], address
        assert headers["x-content-type-options"] == "nosniff", address
        assert "no-store" in headers["cache-control"], address
