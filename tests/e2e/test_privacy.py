"""Personal data in a real browser: an officer registers a processing, a citizen asks, the officer answers, the citizen sees who
looked; every page of the desks and of the citizen breaks no rule."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation, opened
from nhip.kernel.time import now
from nhip.security.parties.service import make_account, make_party
from nhip.security.permissions.service import give_role
from nhip.security.service import begin_session
from nhip.security.store import NewSession
from nhip.settings import Settings
from nhip.settings import load as load_settings
from nhip.testing.browser import SIZES, Browsing, axe, ready, sideways
from nhip.testing.plugin import copied_database, installation_folder
from nhip.testing.serving import free_port
from tests.e2e.conftest import browser_name, up
from tests.e2e.pages import vi
from tests.e2e.waiting import leave
from tests.privacy import city

pytestmark = pytest.mark.e2e
PRIVACY = "/console/privacy"
DESK_PAGES = ("", "/processings", "/processings/new", "/processings/print", "/consents", "/requests", "/requests/new",
              "/breaches", "/breaches/new", "/retention", "/withholdings")  # fmt: skip
MY_PAGES = ("/account/usage", "/account/consents", "/account/requests")
START_S = 180.0


class Site(msgspec.Struct, frozen=True):
    """A running Nhịp, and the browser states of who is signed in."""

    url: str
    states: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def place(chromium: Browser, postgres: EmbeddedServer, template_database: str) -> Iterator[Site]:
    """A server of its own on its own folder, with two datasets of people, a protection officer and two citizens."""
    port = free_port()
    with copied_database(postgres, template_database) as database_url, installation_folder() as folder:
        settings = load_settings({"data_dir": folder, "database_url": database_url, "memory_mb": 300}, environ={})
        tokens = asyncio.run(_prepare(settings, Browsing.run(lambda: browser_name(chromium))))
        with up(database_url, folder, port, subprocess.DEVNULL) as process:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process)
            yield Site(url, {name: _state(token) for name, token in tokens.items()})


async def _prepare(settings: Settings, agent: str) -> dict[str, str]:
    async with opened(settings, pool_size=3) as installation:
        await city.make(installation)
        await city.deliver(installation, city.FIRST)
        return await _people(installation, agent)


async def _people(installation: Installation, agent: str) -> dict[str, str]:
    people = {"admin": "administrator", "officer": "privacy_officer", "lan": "", "nobody": ""}
    names = {"officer": "Hồ Thị Bảo Vệ", "lan": "Nguyễn Thị Lan"}
    tokens = {}
    async with installation.db.tx() as tx:
        for name, role in people.items():
            subject = city.subject(installation, city.LAN) if name == "lan" else None
            party = await make_party(tx, "person", names.get(name, name), subject=subject)
            if role:
                await give_role(tx, party.id, role)
            account = await make_account(tx, party, name, None)
            new = NewSession(method="passkey", level=3, ends_at=now() + timedelta(hours=1), agent=agent)
            tokens[name] = await begin_session(tx, account, new)
    return tokens


def _wait(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", timeout=30).status_code == 200:
                return
        except httpx.TransportError:
            process.poll()
    raise AssertionError("nhip up does not serve")


def _state(token: str) -> dict[str, Any]:
    cookie = {"name": "nhip_session", "value": token, "domain": "127.0.0.1", "path": "/", "expires": -1}
    return {"cookies": [{**cookie, "httpOnly": True, "secure": False, "sameSite": "Lax"}], "origins": []}


def button(page: Page, name: str) -> None:
    leave(page, page.get_by_role("main").get_by_role("button", name=vi(name), exact=True))


@pytest.mark.parametrize(("scripts", "size"), [("on", "1280"), ("off", "360")])
def test_from_the_register_to_who_looked(browsing, place, scripts, size) -> None:
    name = f"quan-ly-{scripts}"
    with browsing.page(scripts=scripts, size=size, state=place.states["officer"]) as page:
        page.goto(f"{place.url}{PRIVACY}/processings")
        gaps = page.get_by_role("table", name=vi("Gaps: personal data that no processing covers"))
        expect(gaps).to_contain_text("Danh bạ")
        page.get_by_role("main").get_by_role("link", name=vi("Register a processing"), exact=True).click()
        page.locator("#f-name").fill(name)
        page.locator("#f-title").fill("Quản lý người hành nghề")
        button(page, "Save")
        expect(page.get_by_role("alert")).to_contain_text(vi("Say what it is for."))
        expect(page.locator("#f-title")).to_have_value("Quản lý người hành nghề")
        page.locator("#f-purpose").fill("Cấp chứng chỉ hành nghề")
        page.locator("input[name=basis][value=public_task]").check()
        page.locator("#f-controller").select_option(city.AGENCY)
        page.locator("input[name=datasets][value=hanh-nghe]").check()
        button(page, "Save")
        expect(page.get_by_role("heading", level=1)).to_have_text("Quản lý người hành nghề")
    with browsing.page(scripts=scripts, size="360", state=place.states["lan"]) as page:
        page.goto(f"{place.url}/account/requests")
        page.locator("input[name=kind][value=see]").check()
        page.locator("#f-wanted").fill("Tôi muốn xem dữ liệu của mình")
        button(page, "Send the request")
        no = page.url.rsplit("/", 1)[1]
        assert re.fullmatch(r"YC-\d{4}-\d{5}", no)
    with browsing.page(scripts=scripts, size=size, state=place.states["officer"]) as page:
        page.goto(f"{place.url}{PRIVACY}/requests")
        page.get_by_role("link", name=no).click()
        expect(page.get_by_role("main")).to_contain_text("Tôi muốn xem dữ liệu của mình")
        button(page, "Look the data up")
        expect(page.get_by_role("main")).to_contain_text("Nguyễn Thị Lan")
        expect(page.get_by_role("main")).to_contain_text(city.LAN)
        expect(page.get_by_role("main")).not_to_contain_text(city.MINH)
        page.goto(f"{place.url}{PRIVACY}/requests/{no}")
        page.locator("#f-close-told").fill("Dữ liệu đã gửi theo địa chỉ của bà")
        page.locator("input[name=state][value=done]").check()
        button(page, "Answer and close")
        expect(page.get_by_role("status").first).to_contain_text(
            vi("The request is closed; the person sees the answer.")
        )
    with browsing.page(scripts=scripts, size="360", state=place.states["lan"]) as page:
        page.goto(f"{place.url}/account/requests/{no}")
        expect(page.get_by_role("main")).to_contain_text("Dữ liệu đã gửi theo địa chỉ của bà")
        page.goto(f"{place.url}/account/usage")
        card = page.locator("section.card").filter(has_text="Người hành nghề").filter(has_text=no).first
        expect(card).to_contain_text(vi("Looked at your data"))
        expect(page.get_by_role("main")).not_to_contain_text("Hồ Thị Bảo Vệ")


def test_every_page_of_the_desks_breaks_no_rule(browsing, place) -> None:
    paths = [PRIVACY + path for path in DESK_PAGES]
    with browsing.page(size="1280", state=place.states["officer"]) as page:
        _breaks_nothing(page, place, paths)
    with browsing.page(size="1280", lang="en", theme="dark", state=place.states["officer"]) as page:
        _breaks_nothing(page, place, paths[:6])


@pytest.mark.parametrize("who", ["lan", "nobody"])
def test_every_page_of_the_citizen_breaks_no_rule(browsing, place, who) -> None:
    for lang, theme in (("vi", "light"), ("en", "dark")):
        with browsing.page(size="360", lang=lang, theme=theme, state=place.states[who]) as page:
            _breaks_nothing(page, place, MY_PAGES)


def _breaks_nothing(page: Page, place: Site, paths) -> None:
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
    for path in paths:
        answer = page.goto(place.url + path)
        ready(page)
        assert answer is not None and answer.status == 200, path
        assert page.locator("h1").count() == 1, path
        for size in ("1280", "360"):
            width, height = SIZES[size]
            page.set_viewport_size({"width": width, "height": height})
            assert axe(page) == [], f"{path} at {size}"
            assert sideways(page) == 0, f"{path} at {size}"
        assert said == [], path
