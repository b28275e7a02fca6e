"""Sign-in against a real database: passwords, sessions, the lock, the way back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from litestar import Request, get
from litestar.testing import TestClient

from nhip import security
from nhip.db import Database
from nhip.kernel.time import held
from nhip.security import pages
from nhip.security.permissions.guard import permitted
from nhip.security.protect import protect
from nhip.security.service import find_administrator, set_administrator_password, sign_in
from nhip.settings import Settings
from nhip.web.app import build

PERSON = {"accept": "text/html", "accept-language": "en"}
TEMPLATES = {"security": Path(security.__file__).parent / "templates"}


@get("/console", permission="dataset.read")
async def console(request: Request[Any, Any, Any]) -> str:
    return f"hello {request.scope['who'].name}"


def _app(settings: Settings):
    @asynccontextmanager
    async def database(app):
        db = Database(settings.database_url, size=4)
        await db.open()
        app.state.db = db
        yield
        await db.close()

    routes = [*pages.ROUTES, console]
    return build(
        settings, routes=routes, guards=[permitted], templates=TEMPLATES, layers=protect(settings), lifespan=[database]
    )


@pytest.fixture
async def password(settings: Settings) -> str:
    db = Database(settings.database_url, size=1)
    await db.open()
    async with db.tx() as tx:
        made = await set_administrator_password(tx)
    await db.close()
    return made


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient[Any]]:
    with TestClient(_app(settings), raise_server_exceptions=False) as client:
        yield client


def _signin(client: TestClient[Any], password: str, name: str = "admin", **more: str) -> Any:
    form = {"name": name, "password": password, **more}
    return client.post("/signin", data=form, headers=PERSON, follow_redirects=False)


def _session_cookie(answer: Any) -> str:
    (cookie,) = [c for c in answer.headers.get_list("set-cookie") if re.match(r"nhip_session=|__Host-nhip=", c)]
    return cookie


def _rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.database_url) as connection:
        return connection.execute(query).fetchall()


def test_a_stranger_is_led_to_the_form_and_back(client, password) -> None:
    answer = client.get("/console?x=1", headers=PERSON, follow_redirects=False)
    assert answer.headers["location"] == "/signin?next=/console%3Fx%3D1"
    form = client.get(answer.headers["location"], headers=PERSON)
    assert 'name="next" value="/console?x=1"' in form.text
    assert 'autocomplete="current-password"' in form.text
    done = _signin(client, password, next="/console?x=1")
    assert (done.status_code, done.headers["location"]) == (303, "/console?x=1")
    assert client.get("/console").text == "hello admin"


def test_the_cookie_is_careful_and_the_table_holds_no_token(client, settings, password) -> None:
    cookie = _session_cookie(_signin(client, password))
    assert re.match(r"nhip_session=[\w-]{43};", cookie)
    for part in ("HttpOnly", "Path=/", "SameSite=lax", "Max-Age=43200"):
        assert part in cookie
    token = client.cookies["nhip_session"]
    assert _rows(settings, "select token_hash from security.session") == [(hashlib.sha256(token.encode()).digest(),)]


def test_over_https_the_cookie_is_bound_to_the_host(settings, password) -> None:
    import msgspec

    secure = msgspec.structs.replace(settings, base_url="https://nhip.example")
    with TestClient(_app(secure), base_url="https://nhip.example") as client:
        answer = _signin(client, password)
    cookie = _session_cookie(answer)
    assert cookie.startswith("__Host-nhip=")
    assert "Secure" in cookie and "Domain" not in cookie
    assert answer.headers["strict-transport-security"].startswith("max-age=")


def test_the_password_is_stored_as_argon2id(whole_hashing, settings, password) -> None:
    [(stored,)] = _rows(settings, "select password_hash from security.account")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert password not in stored


def test_a_wrong_name_and_a_wrong_password_look_alike(client, password) -> None:
    name = _signin(client, password, name="somebody")
    word = _signin(client, "wrong")
    assert name.status_code == word.status_code == 422
    assert "Name or password is wrong." in word.text
    assert re.sub(r'value="(somebody|admin)"|\d\d:\d\d', "", name.text) == re.sub(
        r'value="(somebody|admin)"|\d\d:\d\d', "", word.text
    )
    assert "wrong" not in re.findall(r"<input[^>]*>", word.text)[1], "the password is not sent back"


def test_empty_fields_are_named(client, password) -> None:
    answer = _signin(client, "", name="")
    assert answer.status_code == 422
    assert "Enter your name." in answer.text and "Enter your password." in answer.text


def test_many_failures_lock_and_time_unlocks(client, settings, password) -> None:
    for _attempt in range(5):
        assert _signin(client, "wrong").status_code == 422
    locked = _signin(client, password)
    assert locked.status_code == 429
    assert "Wait 15 minutes" in locked.text
    with held(datetime.now(UTC) + timedelta(minutes=16)):
        assert _signin(client, password).status_code == 303


async def test_a_lock_from_one_address_leaves_the_others(client, settings, password) -> None:
    db = Database(settings.database_url, size=1)
    await db.open()
    for _attempt in range(6):
        ended = await sign_in(db, "admin", "wrong", "203.0.113.9", 1)
    await db.close()
    assert ended.locked
    assert _signin(client, password).status_code == 303


async def test_many_at_once_cannot_slip_past_the_lock(settings, password) -> None:
    import asyncio

    db = Database(settings.database_url, size=8)
    await db.open()
    ended = await asyncio.gather(*(sign_in(db, "admin", f"guess {n}", "203.0.113.9", 1) for n in range(12)))
    await db.close()
    assert sum(1 for end in ended if not end.locked) == 5


def test_sign_out_ends_the_session_itself(client, settings, password) -> None:
    _signin(client, password)
    token = client.cookies["nhip_session"]
    answer = client.post("/signout", headers=PERSON, follow_redirects=False)
    assert answer.headers["location"] == "/signin"
    assert _rows(settings, "select count(*) from security.session") == [(0,)]
    client.cookies.set("nhip_session", token)
    assert client.get("/console").status_code == 401


def test_a_session_ends(client, settings, password) -> None:
    _signin(client, password)
    assert client.get("/console").status_code == 200
    with held(datetime.now(UTC) + timedelta(hours=settings.session_hours, minutes=1)):
        assert client.get("/console").status_code == 401


async def test_a_new_password_ends_the_old_one_and_its_sessions(client, settings, password) -> None:
    _signin(client, password)
    db = Database(settings.database_url, size=1)
    await db.open()
    async with db.tx() as tx:
        newer = await set_administrator_password(tx)
        account = await find_administrator(tx)
    await db.close()
    assert newer != password
    assert account is not None and account.password_hash not in repr(account)
    assert client.get("/console").status_code == 401
    assert _signin(client, password).status_code == 422
    assert _signin(client, newer).status_code == 303


def test_signing_in_again_replaces_the_session(client, settings, password) -> None:
    _signin(client, password)
    _signin(client, password)
    assert _rows(settings, "select count(*) from security.session") == [(1,)]


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_way_back_never_leads_elsewhere(client, password, wanted: str) -> None:
    assert _signin(client, password, next=wanted).headers["location"] == "/"


def test_programs_are_told(client, password) -> None:
    answer = client.get("/console", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["key"]) == (401, "SignInNeeded")
