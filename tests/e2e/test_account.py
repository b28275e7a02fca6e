"""One's own account in a real browser: passkeys (a virtual authenticator), one-time codes, recovery; with scripts and without."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect

from nhip.db.installation import opened
from nhip.security.parties.service import make_party
from nhip.security.permissions.service import give_role
from nhip.security.service import make_user
from nhip.security.signin.invitations import invite
from nhip.security.store import find_account
from nhip.testing.browser import SIZES, axe, ready, sideways
from tests.e2e.conftest import Site
from tests.e2e.pages import vi
from tests.e2e.waiting import leave

pytestmark = pytest.mark.e2e
PASSWORD = "ghe xanh mua thu bay"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Person:
    """Somebody with an account of their own, so that the tests do not meet; under a name, as passkeys need one."""

    def __init__(self, site: Site) -> None:
        self.name, self.code = f"an.{uuid.uuid4().hex[:8]}", ""
        self.home = site.url.replace("127.0.0.1", "localhost")
        self.settings = site.settings

    async def make(self) -> None:
        async with opened(self.settings, pool_size=1) as installation, installation.db.tx() as tx:
            party = await make_party(tx, "person", f"Nguyễn Văn An {self.name[3:]}")
            await give_role(tx, party.id, "data_steward")
            await make_user(tx, party, self.name, PASSWORD)

    async def invited(self) -> str:
        async with opened(self.settings, pool_size=1) as installation, installation.db.tx() as tx:
            account = await find_account(tx, self.name)
            assert account is not None
            return await invite(tx, account, drops_factors=True)

    def sign_in(self, page: Page, password: str = PASSWORD) -> None:
        page.goto(self.home + "/signin")
        page.get_by_label(vi("Name"), exact=True).fill(self.name)
        page.get_by_label(vi("Password")).fill(password)
        leave(page, page.get_by_role("main").get_by_role("button", name=vi("Sign in"), exact=True))

    def sign_out(self, page: Page) -> None:
        page.locator(".menu-look > summary").click()
        leave(page, page.get_by_role("button", name=vi("Sign out")).first)
        expect(page.get_by_text(vi("You are signed out."))).to_be_visible()


@pytest.fixture
def person(site: Site) -> Iterator[Person]:
    made = Person(site)
    asyncio.run(made.make())
    made.code = asyncio.run(made.invited())
    yield made


def with_authenticator(page: Page, **options: Any) -> tuple[Any, str]:
    """A virtual authenticator in the browser; gives its control and its id."""
    control = page.context.new_cdp_session(page)
    control.send("WebAuthn.enable")
    made = control.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR | options})
    return control, made["authenticatorId"]


def looks_well(page: Page) -> None:
    """No fault that a machine can find, nothing to scroll sideways to."""
    assert axe(page) == []
    assert sideways(page) == 0


def add_passkey(page: Page, person: Person, name: str) -> None:
    page.goto(person.home + "/account/second-factor?next=/account")
    page.get_by_label(vi("Name of the passkey")).fill(name)
    page.get_by_role("button", name=vi("Add a passkey")).click()


def test_a_passkey_is_added_and_signs_in_alone_and_as_second_factor(browsing, person) -> None:
    with browsing.page() as page:
        control, key = with_authenticator(page)
        person.sign_in(page)
        page.wait_for_url(person.home + "/console")
        add_passkey(page, person, "Điện thoại")
        page.wait_for_url(re.compile("/account/codes"))
        looks_well(page)
        page.get_by_role("button", name=vi("Make recovery codes")).click()
        expect(page.get_by_role("main").locator("code")).to_have_count(10)
        looks_well(page)
        leave(page, page.get_by_role("link", name=vi("I have kept them")))
        page.wait_for_url(person.home + "/account")
        expect(page.get_by_role("main")).to_contain_text("Điện thoại")
        looks_well(page)
        person.sign_out(page)
        page.get_by_role("button", name=vi("Sign in with a passkey")).click()
        page.wait_for_url(person.home + "/console")
        person.sign_out(page)
        person.sign_in(page)
        page.wait_for_url(re.compile("/signin/second"))
        looks_well(page)
        page.get_by_role("button", name=vi("Use my passkey")).click()
        page.wait_for_url(person.home + "/console")
        counts = control.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
        assert [one["rpId"] for one in counts] == ["localhost"] and counts[0]["isResidentCredential"]


def test_a_browser_whose_user_is_not_verified_is_refused_and_says_so(browsing, person) -> None:
    with browsing.page() as page:
        control, key = with_authenticator(page)
        person.sign_in(page)
        add_passkey(page, person, "Khóa")
        page.wait_for_url(re.compile("/account/codes"))
        page.goto(person.home + "/account")
        person.sign_out(page)
        control.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
        page.get_by_role("button", name=vi("Sign in with a passkey")).click()
        expect(page.get_by_role("alert")).to_contain_text(
            vi("That did not work, or was cancelled. Try again, or choose another way.")
        )
        expect(page).to_have_url(re.compile("/signin"))
        looks_well(page)


def test_under_a_bare_address_passkeys_are_not_offered_and_the_way_is_named(browsing, site, person) -> None:
    with browsing.page() as page:
        person.home = site.url
        person.sign_in(page)
        page.goto(site.url + "/account/second-factor")
        expect(page.get_by_role("button", name=vi("Add a passkey"))).to_have_count(0)
        expect(page.get_by_role("link", name=vi("Open this page as localhost"))).to_be_visible()
        looks_well(page)


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_one_time_codes_and_a_recovery_code_work_without_scripts(browsing, person, scripts) -> None:
    with browsing.page(scripts=scripts) as page:
        person.sign_in(page)
        page.goto(person.home + "/account/second-factor")
        leave(page, page.get_by_role("button", name=vi("Set up one-time codes")))
        expect(page.locator("main img")).to_be_visible()
        page.get_by_text(vi("I cannot read the picture")).click()
        secret = page.locator("main details code").inner_text().replace(" ", "")
        page.get_by_label(vi("Code")).fill(pyotp.TOTP(secret).now())
        leave(page, page.get_by_role("button", name=vi("Switch on")))
        leave(page, page.get_by_role("button", name=vi("Make recovery codes")))
        codes = page.get_by_role("main").locator("code").all_inner_texts()
        leave(page, page.get_by_role("link", name=vi("I have kept them")))
        person.sign_out(page)
        person.sign_in(page)
        page.get_by_label(vi("Code")).fill("000000")
        leave(page, page.get_by_role("button", name=vi("Go on")))
        expect(page.get_by_role("alert")).to_contain_text(vi("This code is wrong, or was used already."))
        page.get_by_label(vi("Code")).fill(codes[0])
        page.get_by_role("button", name=vi("Go on")).click()
        page.wait_for_url(person.home + "/console")


def test_the_picture_holds_what_the_letters_say(browsing, person) -> None:
    with browsing.page(size="1280") as page:
        person.sign_in(page)
        page.goto(person.home + "/account/second-factor")
        leave(page, page.get_by_role("button", name=vi("Set up one-time codes")))
        width = page.evaluate("document.querySelector('main img').naturalWidth")
        assert width > 200, "the picture is drawn under our content security policy"
        looks_well(page)


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_a_one_time_link_brings_back_who_lost_everything(browsing, person, scripts) -> None:
    new = "cau tre nang gio com"
    with browsing.page(scripts=scripts) as page:
        page.goto(f"{person.home}/recover?code={person.code}")
        page.get_by_label(vi("New password"), exact=True).fill("matkhaucuatoi2026")
        page.get_by_label(vi("The same again")).fill("matkhaucuatoi2026")
        leave(page, page.get_by_role("button", name=vi("Set the password")))
        expect(page.locator("#e-password")).to_be_visible()
        page.get_by_label(vi("New password"), exact=True).fill(new)
        page.get_by_label(vi("The same again")).fill(new)
        if scripts == "on":
            ready(page)
            expect(page.locator("#password-said")).to_have_text(vi("Long enough"))
            looks_well(page)
        page.get_by_role("button", name=vi("Set the password")).click()
        expect(page.get_by_text(vi("Your password is set. Sign in with it now."))).to_be_visible()
        person.sign_in(page, new)
        page.wait_for_url(person.home + "/console")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_account_page_is_readable_everywhere(browsing, person, theme) -> None:
    with browsing.page(size="360", theme=theme) as page:
        person.sign_in(page)
        for path in ("/account", "/account/password", "/confirm", "/account/second-factor", "/recover"):
            page.goto(person.home + path)
            for size in ("360", "1280"):
                width, height = SIZES[size]
                page.set_viewport_size({"width": width, "height": height})
                looks_well(page)
