"""Errors: problem details for programs, a calm page for people, never a traceback."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
import pytest
from litestar import Request, get, post
from litestar.params import JSONBody
from litestar.testing import TestClient

from nhip.errors import Conflict, DatabaseAway
from nhip.web.errors import SignInNeeded
from nhip.web.forms import Form

from .gallery import make

PERSON = {"accept": "text/html,application/xhtml+xml"}
PROGRAM = {"accept": "application/json"}


class Point(msgspec.Struct):
    x: int


@post("/api/points")
async def put_point(data: JSONBody[Point]) -> None:
    """A typed handler, as the API has them."""


@get("/secret")
async def secret() -> None:
    raise SignInNeeded


@get("/late")
async def late() -> None:
    raise Conflict(what="bản 7 <script>")


@post("/small", request_max_body_size=10)
async def small(request: Request[Any, Any, Any]) -> None:
    await request.body()


@post("/failing")
async def failing(request: Request[Any, Any, Any]) -> None:
    await Form.read(request)
    raise DatabaseAway(what="x")


@pytest.fixture(scope="module")
def client():
    with TestClient(make(routes=[put_point, secret, late, small, failing]), raise_server_exceptions=False) as client:
        yield client


def test_a_program_gets_problem_details(client) -> None:
    answer = client.get("/late", headers=PROGRAM | {"accept-language": "en"})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:nhip:error:Conflict",
        "title": "Somebody was quicker",
        "status": 409,
        "detail": "This was changed meanwhile: bản 7 <script>. Load it again and repeat your change.",
        "instance": "/late",
        "key": "Conflict",
    }


def test_a_person_gets_a_page_in_their_language(client) -> None:
    answer = client.get("/late", headers=PERSON | {"accept-language": "vi"})
    assert answer.status_code == 409
    assert "Có người đã sửa trước bạn" in answer.text
    assert "bản 7 &lt;script&gt;" in answer.text
    assert "Tải lại trang" in answer.text


def test_what_was_typed_outlives_a_failure_of_ours(client) -> None:
    answer = client.post("/failing?a=1", data={"ghi": 'chú <b> "x"'}, headers=PERSON | {"accept-language": "vi"})
    assert answer.status_code == 503 and 'action="/failing?a=1"' in answer.text
    assert 'name="ghi" value="chú &lt;b&gt; &#34;x&#34;"' in answer.text
    secret = client.post("/failing", data={"ghi": "chú", "password": "bí mật"}, headers=PERSON)
    assert "bí mật" not in secret.text and "chú" not in secret.text


def test_an_unknown_error_shows_a_number_and_logs_the_rest(client, caplog) -> None:
    with caplog.at_level(logging.ERROR, logger="nhip.web"):
        answer = client.get("/gallery/broken", headers=PERSON)
    assert answer.status_code == 500
    assert "4711" not in answer.text
    assert "Traceback" not in answer.text
    reference = caplog.records[-1].getMessage().split(":")[0]
    assert reference in answer.text
    assert "secret detail 4711" in str(caplog.records[-1].exc_info)


def test_an_unknown_error_says_nothing_to_programs_either(client) -> None:
    answer = client.get("/gallery/broken", headers=PROGRAM)
    assert (answer.status_code, answer.json()["key"]) == (500, "Unexpected")
    assert "4711" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "key"),
    [
        ("GET", "/nothing", 404, "PageNotFound"),
        ("DELETE", "/gallery", 405, "MethodNotAllowed"),
        ("GET", "/secret", 401, "SignInNeeded"),
        ("GET", "/gallery/away", 503, "DatabaseAway"),
    ],
)
def test_the_frameworks_errors_use_our_words(client, method: str, path: str, status: int, key: str) -> None:
    told = client.request(method, path, headers=PROGRAM)
    assert (told.status_code, told.json()["status"], told.json()["key"]) == (status, status, key)
    shown = client.request(method, path, headers=PERSON, follow_redirects=False)
    assert shown.status_code in (status, 303)
    assert "<h1>" in shown.text or shown.status_code == 303


def test_wrong_json_says_what_and_where(client) -> None:
    answer = client.post("/api/points", json={"x": "one"}, headers=PROGRAM)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"message": "Expected `int`, got `str`", "key": "x", "source": "body"}]


def test_too_much_is_refused(client) -> None:
    assert client.post("/small", content=b"x" * 100, headers=PROGRAM).json()["key"] == "TooLarge"


def test_a_person_who_is_not_signed_in_is_led_there_and_back(client) -> None:
    answer = client.get("/secret?page=2", headers=PERSON, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/signin?next=/secret%3Fpage%3D2"


def test_htmx_is_told_where_to_put_the_error(client) -> None:
    answer = client.get("/late", headers={"HX-Request": "true"})
    assert answer.headers["HX-Retarget"] == "#notices"
    assert "<html" not in answer.text
    assert "notice-alarm" in answer.text
