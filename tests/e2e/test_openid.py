"""Signing in by a real OpenID provider (npm's oidc-provider) in a browser: there, back, confirming, signing out both ways."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from nhip.db.installation import Installation, opened
from nhip.security.openid import providers
from nhip.security.openid.model import Provider
from nhip.security.openid.people import link
from nhip.security.openid.providers import put_provider
from nhip.security.secrets import Secret
from nhip.security.store import find_administrator
from nhip.settings import Settings
from tests.e2e.pages import vi
from tests.oidc.running import SECRET, Issuers, real_provider

pytestmark = pytest.mark.e2e
BOTH = pytest.mark.parametrize("scripts", ["on", "off"])
LABEL, SIGNING = "Đăng nhập bằng tài khoản thử", "Đăng nhập có ký"


@pytest.fixture(scope="module")
def issuers(site) -> Iterator[Issuers]:
    """Two real providers, known to the running Nhịp; the second one knows the administrator."""
    with real_provider(site.url) as found:
        asyncio.run(_introduce(site.settings, found))
        yield found


async def _introduce(settings: Settings, found: Issuers) -> None:
    real = Provider(name="real", issuer=found.plain, client_id="nhip", unknown="citizen", label_vi=LABEL, userinfo=True)
    signing = Provider(
        name="signing", issuer=found.signing, client_id="nhip", auth="private_key_jwt", label_vi=SIGNING,
        acr_levels={"gold": 2}, minimum_level=2,
    )  # fmt: skip
    async with opened(settings, pool_size=2) as installation:
        await _put(installation, real, SECRET)
        await _put(installation, signing, "")
        async with installation.db.tx() as tx:
            account = await find_administrator(tx)
            assert account is not None
            await link(tx, signing, account.party_id, "quan-tri")
    findings = await providers.test_provider(settings, real, Secret({"client_secret": SECRET}))
    assert [finding for finding in findings if not finding.well] == []


async def _put(installation: Installation, provider: Provider, secret: str) -> None:
    async with installation.db.tx() as tx:
        await put_provider(tx, installation.settings, provider, secret)


def go_in(page: Page, url: str, label: str, login: str, *, gold: bool = False) -> None:
    """From the sign-in page to the provider and through its own sign-in page."""
    page.goto(f"{url}/signin")
    page.get_by_role("link", name=label).click()
    at_provider(page, login, gold=gold)


def at_provider(page: Page, login: str, *, gold: bool = False) -> None:
    expect(page.get_by_role("heading", name="Provider: login")).to_be_visible()
    page.get_by_label("Login").fill(login)
    if gold:
        page.get_by_label("second factor").check()
    page.get_by_role("button", name="Go on").click()


def sign_out(page: Page) -> None:
    page.locator(".menu-look > summary").click()
    page.locator(".menu-look").get_by_role("button", name=vi("Sign out")).click()


@BOTH
def test_a_citizen_comes_in_and_signs_out_here_and_there(browsing, site, issuers, scripts) -> None:
    with browsing.page(scripts=scripts) as page:
        go_in(page, site.url, LABEL, f"dan-{scripts}")
        expect(page).to_have_url(re.compile(f"^{site.url}/account"))
        expect(page.get_by_text(f"Người dùng dan-{scripts}").first).to_be_visible()
        assert [c["name"] for c in page.context.cookies(site.url) if "openid" in c["name"]] == []
        sign_out(page)
        expect(page.get_by_role("heading", level=1)).to_have_text(vi("You are signed out of Nhịp"))
        assert [c["name"] for c in page.context.cookies(site.url) if c["name"] == "nhip_session"] == []
        page.get_by_role("link", name=vi("Sign out there too")).click()
        page.get_by_role("button", name="Yes, sign me out").click()
        expect(page).to_have_url(f"{site.url}/signin")
        page.get_by_role("link", name=LABEL).click()
        expect(page.get_by_role("heading", name="Provider: login")).to_be_visible()


def test_whoever_is_signed_in_there_comes_straight_in(browsing, site, issuers) -> None:
    with browsing.page() as page:
        go_in(page, site.url, LABEL, "sso")
        expect(page).to_have_url(re.compile("/account"))
        page.context.clear_cookies(name="nhip_session")
        page.goto(f"{site.url}/account")
        page.get_by_role("link", name=LABEL).click()
        expect(page).to_have_url(f"{site.url}/account")


def test_an_official_who_was_linked_by_a_provider_with_signed_client(browsing, site, issuers) -> None:
    with browsing.page() as page:
        go_in(page, site.url, SIGNING, "quan-tri")
        expect(page.locator(".notice-alarm")).to_contain_text("(1, ")
        expect(page).to_have_url(f"{site.url}/signin")
    with browsing.page() as page:
        go_in(page, site.url, SIGNING, "quan-tri", gold=True)
        expect(page).to_have_url(f"{site.url}/console")
    with browsing.page() as page:
        go_in(page, site.url, SIGNING, "nguoi-la", gold=True)
        expect(page.locator(".notice-alarm")).to_contain_text(
            vi("You are known to the identity provider, but not here yet. Ask the administrator to link your account.")
        )


def test_whoever_turns_back_at_the_provider_is_told(browsing, site, issuers) -> None:
    with browsing.page() as page:
        page.goto(f"{site.url}/signin")
        page.get_by_role("link", name=LABEL).click()
        page.get_by_role("button", name="Cancel").click()
        expect(page).to_have_url(f"{site.url}/signin")
        expect(page.locator(".notice-alarm")).to_contain_text(
            vi("You are not signed in: you turned back at the identity provider, or it does not let you in here.")
        )


def test_signing_out_at_the_provider_ends_the_session_here(browsing, site, issuers) -> None:
    with browsing.page() as page, browsing.page() as other:
        go_in(page, site.url, LABEL, "hai-may")
        expect(page).to_have_url(re.compile("/account"))
        go_in(other, site.url, LABEL, "hai-may")
        expect(other).to_have_url(re.compile("/account"))
        page.goto(f"{issuers.plain}/session/end")
        page.get_by_role("button", name="Yes, sign me out").click()
        expect(page.get_by_text("Sign-out Success")).to_be_visible()
        page.goto(f"{site.url}/account")
        expect(page).to_have_url(re.compile("/signin"))
        other.goto(f"{site.url}/account")
        expect(other).to_have_url(f"{site.url}/account")


def test_confirming_asks_again_at_the_provider(browsing, site, issuers) -> None:
    with browsing.page() as page:
        go_in(page, site.url, LABEL, "xac-nhan")
        expect(page).to_have_url(re.compile("/account"))
        page.goto(f"{site.url}/openid/real/confirm?next=/account")
        at_provider(page, "xac-nhan")
        expect(page).to_have_url(f"{site.url}/account")
        page.goto(f"{site.url}/openid/real/confirm?next=/account")
        at_provider(page, "nguoi-khac")
        expect(page.locator(".notice-alarm")).to_be_visible()
