"""No page of another origin makes a browser change anything here, by no method, trick or missing header."""

from __future__ import annotations

import pytest
from litestar import delete, get, patch, post, put

from nhip.settings import Settings
from tests.security.edge import client_at, raw_answer, small

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
COOKIE = {"cookie": "nhip_session=abc"}
done: list[str] = []


@post("/change", status_code=204)
async def change() -> None:
    done.append("POST")


@put("/change", status_code=204)
async def replace() -> None:
    done.append("PUT")


@patch("/change", status_code=204)
async def mend() -> None:
    done.append("PATCH")


@delete("/change")
async def remove() -> None:
    done.append("DELETE")


@get("/page")
async def read() -> str:
    return "read"


ROUTES = (change, replace, mend, remove, read)


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    done.clear()


@pytest.fixture
def app():
    return small(Settings(base_url="http://nhip.example:8321", hosts="nhip.example"), *ROUTES)


OWN = [
    {"sec-fetch-site": "same-origin", "origin": "http://nhip.example"},
    {"sec-fetch-site": "none"},
    {"origin": "http://nhip.example"},
    {"origin": "http://nhip.example:80"},
    {"origin": "http://nhip.example:8321"},
    {"referer": "http://nhip.example/page?x=1"},
    {"origin": "http://nhip.example", "referer": "http://evil.example/"},
]


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("headers", OWN, ids=str)
async def test_own_requests_pass(app, method: str, headers: dict[str, str]) -> None:
    async with client_at(app) as client:
        assert (await client.request(method, "/change", headers=headers | COOKIE)).status_code == 204
    assert done == [method]


FOREIGN = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": ""},
    {"sec-fetch-site": "Same-Origin"},
    {"sec-fetch-site": "cross-site", "origin": "http://nhip.example"},
    {"origin": "http://evil.example"},
    {"origin": "http://nhip.example.evil.example"},
    {"origin": "http://evil.example@nhip.example:81"},
    {"origin": "http://nhip.example:81"},
    {"origin": "ftp://nhip.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "http://[bad"},
    {"origin": "http://evil.example", "referer": "http://nhip.example/"},
    {"referer": "http://evil.example/nhip.example"},
    {"referer": "about:blank"},
]


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("cookie", [COOKIE, {}], ids=["cookie", "none"])
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_requests_of_other_origins_change_nothing(
    app, method: str, cookie: dict[str, str], headers: dict
) -> None:
    async with client_at(app) as client:
        answer = await client.request(method, "/change", headers={"accept": "application/json"} | headers | cookie)
    assert (answer.status_code, answer.json()["key"]) == (403, "OtherOrigin")
    assert done == []


async def test_one_foreign_line_among_two_is_enough(app) -> None:
    """A request smuggled or joined on the way may carry a header twice; the kinder one does not win."""
    for name, values in (
        (b"sec-fetch-site", (b"same-origin", b"cross-site")),
        (b"origin", (b"http://nhip.example", b"null")),
    ):
        for pair in (values, values[::-1]):
            lines = [(b"host", b"nhip.example"), (b"cookie", b"a=b"), *((name, value) for value in pair)]
            assert (await raw_answer(app, "POST", "/change", lines))[0] == 403
    assert done == []


async def test_a_cookie_without_any_sign_of_its_page_is_refused(app) -> None:
    """Only browsers from before 2020 send a cookie and none of the three; there nobody knows which page asked."""
    async with client_at(app) as client:
        assert (await client.post("/change", headers=COOKIE)).status_code == 403
        assert done == []
        assert (await client.post("/change")).status_code == 204


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "DPoP"])
async def test_a_program_with_a_token_may_sit_on_another_website(app, scheme: str) -> None:
    headers = {"authorization": f"{scheme} abc", "origin": "https://dashboard.example", "sec-fetch-site": "cross-site"}
    async with client_at(app) as client:
        assert (await client.post("/change", headers=headers)).status_code == 204
        refused = await client.post("/change", headers=headers | COOKIE)
    assert refused.status_code == 403 and done == ["POST"]


@pytest.mark.parametrize("scheme", ["Basic", "Digest", "Negotiate", ""])
async def test_credentials_that_browsers_add_themselves_are_no_excuse(app, scheme: str) -> None:
    headers = {"authorization": f"{scheme} YTpi", "sec-fetch-site": "cross-site"}
    async with client_at(app) as client:
        assert (await client.post("/change", headers=headers)).status_code == 403


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
@pytest.mark.parametrize("method", UNSAFE)
async def test_a_link_cannot_claim_another_method(app, name: str, method: str) -> None:
    headers = {name: method, "sec-fetch-site": "cross-site", **COOKIE}
    async with client_at(app) as client:
        for path in ("/change", f"/change?_method={method}", "/page"):
            answer = await client.get(path, headers=headers)
            assert answer.status_code in (200, 405), path
        answer = await client.post("/change", headers=headers, data={"_method": method})
    assert answer.status_code == 403 and done == []


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
async def test_bodies_that_need_no_preflight_gain_nothing(app, kind: str) -> None:
    headers = {"content-type": kind, "origin": "https://evil.example", **COOKIE}
    async with client_at(app) as client:
        assert (await client.post("/change", headers=headers, content=b'{"role":"administrator"}')).status_code == 403
    assert done == []


async def test_methods_that_nobody_thought_of_count_as_unsafe(app) -> None:
    for method in ("TRACE", "CONNECT", "PROPFIND", "get", "POSTX"):
        lines = [(b"host", b"nhip.example"), (b"sec-fetch-site", b"cross-site")]
        assert (await raw_answer(app, method, "/change", lines))[0] == 403, method


async def test_https_does_not_trust_the_same_name_over_http() -> None:
    app = small(Settings(base_url="https://nhip.example"), *ROUTES)
    async with client_at(app) as client:
        assert (await client.post("/change", headers={"origin": "http://nhip.example", **COOKIE})).status_code == 403
        assert (await client.post("/change", headers={"origin": "https://nhip.example", **COOKIE})).status_code == 204


async def test_reading_from_elsewhere_is_a_link(app) -> None:
    async with client_at(app) as client:
        assert (await client.get("/page", headers={"sec-fetch-site": "cross-site", **COOKIE})).status_code == 200


async def test_a_person_gets_a_page_in_their_language(app) -> None:
    headers = {"accept": "text/html", "accept-language": "en", "origin": "http://evil.example"}
    async with client_at(app) as client:
        english = (await client.post("/change", headers=headers)).text
        vietnamese = (await client.post("/change", headers=headers | {"accept-language": "vi"})).text
    assert "<h1>" in english and "another website" in english and "another website" not in vietnamese
