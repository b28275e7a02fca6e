"""What a dataset's page says to search engines stands in a real browser, under the page's own policy."""

from __future__ import annotations

import json

import pytest

from tests.e2e.test_portal import NAME, shared

__all__ = ["shared"]
pytestmark = pytest.mark.e2e
BLOCK = 'script[type="application/ld+json"]'


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_browsers_let_the_block_for_search_engines_stand(browsing, shared, scripts) -> None:
    with browsing.page(scripts=scripts) as page:
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{shared}/dataset/{NAME}")
        told = json.loads(page.locator(BLOCK).text_content() or "")
        assert told["@type"] == "Dataset" and told["@id"] == f"{shared}/dataset/{NAME}"
        assert complaints == [], "a policy that forbids it would be told here"


def test_the_points_of_a_description_are_told_on_a_phone(browsing, shared) -> None:
    with browsing.page(size="360") as page:
        page.goto(f"{shared}/dataset/{NAME}")
        points = page.locator("details", has_text="405").first
        points.locator("summary").click()
        assert points.locator("tbody tr").count() == 23
