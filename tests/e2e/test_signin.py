"""Signing in and out, and what stays of a person's choices of language and theme; with scripts and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import DATASET, vi

pytestmark = pytest.mark.e2e
BOTH = pytest.mark.parametrize("scripts", ["on", "off"])


def sign_in(page: Page, password: str) -> None:
    page.get_by_label(vi("Name"), exact=True).fill("admin")
    page.get_by_label(vi("Password")).fill(password)
    page.get_by_role("main").get_by_role("button", name=vi("Sign in")).click()


@BOTH
def test_a_stranger_signs_in_and_reaches_the_page_that_was_asked_for(browsing, site, scripts) -> None:
    with browsing.page(scripts=scripts) as page:
        wanted = f"/console/datasets/{DATASET}/findings?rule=enum"
        page.goto(site.url + wanted)
        expect(page).to_have_url(re.compile(r"/signin\?next="))
        sign_in(page, "sai-mat-khau")
        expect(page.get_by_role("alert")).to_contain_text(vi("Name or password is wrong."))
        expect(page.get_by_label(vi("Password"))).to_have_value("")
        sign_in(page, site.password)
        expect(page).to_have_url(site.url + wanted)
        expect(page.get_by_role("heading", level=1)).to_have_text("Trường học")


@BOTH
def test_signing_out_ends_the_session_everywhere(browsing, site, scripts) -> None:
    with browsing.page(scripts=scripts) as page:
        page.goto(site.url + "/signin")
        sign_in(page, site.password)
        page.wait_for_url(site.url + "/console")
        kept = page.context.cookies()
        page.locator(".menu-look > summary").click()
        page.get_by_role("button", name=vi("Sign out")).click()
        expect(page.get_by_text(vi("You are signed out."))).to_be_visible()
        page.context.add_cookies(kept)
        page.goto(site.url + "/console")
        expect(page).to_have_url(re.compile("/signin"))


def test_signing_in_never_leads_to_another_website(browsing, site) -> None:
    for trap in ("https://example.org/", "//example.org/", "/\\example.org", "javascript:alert(1)"):
        with browsing.page() as page:
            page.goto(f"{site.url}/signin?next={trap}")
            sign_in(page, site.password)
            expect(page).to_have_url(re.compile(f"^{site.url}/"))


@BOTH
def test_language_and_theme_are_chosen_once_and_stay(browsing, site, scripts) -> None:
    with browsing.page(scripts=scripts, state=site.state, size="1280") as page:
        page.goto(site.url + "/console/datasets?q=truong")
        page.locator(".menu-look > summary").click()
        page.get_by_role("link", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.get_by_role("heading", level=1)).to_have_text("Datasets")
        expect(page.locator("#q")).to_have_value("truong")
        page.locator(".menu-look > summary").click()
        page.get_by_role("link", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.goto(site.url + "/console")
        expect(page.get_by_role("heading", level=1)).to_have_text("Data health")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
