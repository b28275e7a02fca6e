"""Publishing in a browser: the tutorial word by word, every page of publishing in both languages, and recalling."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from nhip.datasets.store import get_dataset
from nhip.db.installation import opened
from nhip.kernel import random
from nhip.portal import store
from nhip.portal.model import Act
from nhip.portal.service import propose, publish, recall
from nhip.security.parties.service import make_party
from nhip.security.parties.store import find_by_code
from nhip.security.permissions.service import give_role
from nhip.security.service import make_user
from nhip.testing.browser import SIZES, axe, sideways
from tests.e2e import sample

pytestmark = pytest.mark.e2e
TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "publish-a-dataset.md"
TITLE, OTHER = "Clinics", "lop-hoc"
HOME = "/console/publishing"


class Words:
    """The bold words of the tutorial; each that the test uses is one that a reader reads."""

    def __init__(self) -> None:
        self.left = re.findall(r"\*\*(.+?)\*\*", " ".join(TUTORIAL.read_text(encoding="utf-8").split()))
        self.known = frozenset(self.left)

    def __call__(self, text: str) -> str:
        assert text in self.known, f"the tutorial does not say “{text}”"
        self.left = [word for word in self.left if word != text]
        return text


@pytest.fixture(scope="module")
def passwords(site) -> dict[str, str]:
    """Somebody of the agency who proposes, and somebody of the city who decides."""
    found = {"hoa": random.password(), "minh": random.password()}

    async def work() -> None:
        async with opened(site.settings, pool_size=2) as installation, installation.db.tx() as tx:
            agency = await find_by_code(tx, sample.HEALTH_AGENCY)
            assert agency is not None
            hoa = await make_party(tx, "person", "Lê Thị Hoa", parent_id=agency.id)
            await give_role(tx, hoa.id, "agency_officer", organisation_id=agency.id)
            minh = await make_party(tx, "person", "Trần Minh")
            await give_role(tx, minh.id, "data_steward")
            await make_user(tx, hoa, "hoa", found["hoa"])
            await make_user(tx, minh, "minh", found["minh"])

    asyncio.run(work())
    return found


def sign_in(page: Page, url: str, name: str, password: str) -> None:
    page.goto(f"{url}/signin?next=/console")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(url + "/console")


def to_publishing(page: Page, word: str) -> None:
    link = page.get_by_role("navigation").get_by_role("link", name=word, exact=True)
    if not link.first.is_visible():
        page.goto(page.url.partition("/console")[0] + HOME)
        return
    link.first.click()


@pytest.mark.parametrize("scripts", ["off"])
def test_the_tutorial_word_by_word(browsing, site, passwords, scripts) -> None:
    words = Words()
    with browsing.page(size="1280", lang="en", scripts=scripts) as page:
        sign_in(page, site.url, "hoa", passwords["hoa"])
        _proposed(page, words)
    with browsing.page(size="1280", lang="en", scripts=scripts) as page:
        sign_in(page, site.url, "minh", passwords["minh"])
        _decided(page, words)
    with browsing.page(lang="en", scripts=scripts) as page:
        _read(page, site.url, words)
    assert words.left == [], "the test follows every word"


def _proposed(page: Page, words: Words) -> None:
    to_publishing(page, words("Publishing"))
    page.get_by_label(words("Dataset"), exact=True).select_option(label=TITLE)
    page.get_by_role("button", name=words("Go on")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    date = page.get_by_label("ngay", exact=True)
    options = date.locator("option").all_text_contents()
    assert {words("Keep as it is"), words("Leave out")} <= set(options)
    date.select_option(label=words("Year alone"))
    page.get_by_label(words("Licence")).select_option("cc-by-4.0")
    page.get_by_label(words("Legal ground")).fill("Quyết định 12/QĐ-UBND")
    page.get_by_label(words("Where people can ask")).fill("syt@hue.example")
    page.get_by_label(words("Keywords")).fill("phòng khám, y tế")
    page.get_by_role("button", name=words("Look at what would be open")).click()
    expect(page.get_by_text(words("The gate is open"))).to_be_visible()
    assert words("The gate is closed") not in page.content()
    expect(page.get_by_role("row", name=re.compile("^ngay Year alone"))).to_be_visible()
    page.get_by_role("button", name=words("Propose"), exact=True).click()
    expect(page.get_by_role("main").get_by_text(words("waits for a decision")).first).to_be_visible()
    assert page.get_by_role("button", name="Make it open").count() == 0, "whoever proposes does not decide"


def _decided(page: Page, words: Words) -> None:
    to_publishing(page, "Publishing")
    page.get_by_role("link", name=TITLE, exact=True).click()
    for title in ("What is proposed", "What the gate says"):
        expect(page.get_by_role("heading", name=words(title))).to_be_visible()
    expect(page.get_by_label(words("Note"))).to_be_visible()
    expect(page.get_by_role("button", name=words("Give it back"))).to_be_visible()
    page.get_by_role("button", name=words("Make it open")).click()
    expect(page.get_by_role("main").get_by_text(words("open"), exact=True).first).to_be_visible()
    expect(page.get_by_text(words("Withdraw this dataset"))).to_be_visible()
    expect(page.get_by_role("heading", name=words("Releases"))).to_be_visible()
    page.get_by_role("table").filter(has_text="given out").get_by_role("link").first.click()
    expect(page.get_by_role("button", name=words("Recall"))).to_be_visible()
    expect(page.get_by_role("heading", name=words("Who took it"))).to_be_visible()
    for rare in ("What the gate found", "newest version refused at the gate"):
        words(rare)


def _read(page: Page, url: str, words: Words) -> None:
    page.goto(url + "/")
    page.get_by_role("searchbox", name=words("Search open data")).fill("phong kham")
    page.get_by_role("main").get_by_role("button", name=words("Search")).click()
    page.get_by_role("link", name=TITLE, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    with page.expect_download() as taken:
        page.get_by_role("link", name=words("CSV that Excel opens by a click")).first.click()
    text = taken.value.path().read_text(encoding="utf-8-sig")
    assert "2020" in text and "2020-01-01" not in text and taken.value.path().read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.fixture(scope="module")
def every_state(site) -> list[str]:
    """A dataset whose release was recalled and a change of which waits; gives addresses of the pages."""

    said = {"licence": "cc-by-4.0", "basis": "Quyết định 12", "keywords": ["lớp"], "contact": "so@hue.example"}

    async def work() -> int:
        async with opened(site.settings, pool_size=2) as installation:
            async with installation.db.read() as tx:
                dataset = await get_dataset(tx, OTHER)
            await propose(installation, dataset, treatment={}, **said)
            release = await publish(installation, dataset)
            async with installation.db.tx() as tx:
                await store.insert_download(tx, release, "csv", "curl/8.5")
                await recall(tx, dataset, release.no, "Sai toạ độ")
            await propose(installation, dataset, treatment={"ten": Act("group", 3)}, **said)
            return release.no

    one = f"{HOME}/{OTHER}"
    return [
        HOME,
        f"{HOME}/policy",
        one,
        f"{one}/propose",
        f"{one}/releases/{asyncio.run(work())}",
        f"{HOME}/tiem-chung",
    ]


@pytest.mark.parametrize(("lang", "theme"), [("vi", "light"), ("en", "dark")])
def test_every_page_of_publishing_breaks_no_rule(browsing, site, every_state, lang, theme) -> None:
    with browsing.visit(size="1920", lang=lang, theme=theme, scripts="blocked", state=site.state) as page:
        for path in every_state:
            answer = page.goto(site.url + path)
            assert answer is not None and answer.ok, path
            assert page.locator("html").get_attribute("lang") == lang and page.locator("h1").count() == 1, path
            for size in ("1920", "360"):
                width, height = SIZES[size]
                page.set_viewport_size({"width": width, "height": height})
                while (closed := page.locator("main details:not([open]) > summary")).count():
                    closed.first.click()
                assert axe(page) == [], f"{path} at {size}"
                assert sideways(page) == 0, f"{path} at {size}"
