"""Waiting for the worker: with scripts the page changes by itself, without them it is asked again."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page

PATIENCE_S = 60.0


def leave(page: Page, by: Locator) -> None:
    """Press what leads to another page, and be there: whoever goes on at once may act on the old one, or keep it from leaving."""
    with page.expect_navigation():
        by.click()


def until(page: Page, true: Callable[[], bool]) -> None:
    """Load the page again, as a person without scripts does, until `true()`; fails after a minute."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"{page.url} did not change in {PATIENCE_S:g} s:\n{page.inner_text('main')}"
        page.reload()
