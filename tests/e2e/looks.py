"""How a page is looked at by machine: WCAG 2.2 AA by axe, and reflow."""

from __future__ import annotations

from playwright.sync_api import Page

from nhip.testing.browser import SIZES, axe, sideways

WIDTHS = ("1920", "360")


def breaks_nothing(page: Page, path: str, judged: tuple[str, ...] = WIDTHS) -> None:
    """At both widths the page fits its window; at those `judged` axe finds nothing."""
    for size in WIDTHS:
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        if size in judged:
            assert axe(page) == [], f"{path} at {size}"
        assert sideways(page) == 0, f"{path} at {size}"


def by_turns(number: int, scripts: str = "blocked") -> tuple[str, ...]:
    """The width at which axe judges the page of this number without its scripts: by turns; with scripts it judges at both.

    What a page holds is judged with its scripts, at both widths. What they would have replaced or hidden (buttons that submit,
    links instead of dialogs) comes from components that all pages share: each meets axe at both widths, on pages beside one
    another. Colours and languages do not depend on the width. Whether a page fits its window is its own, and asked at both.
    """
    return (WIDTHS[number % 2],) if scripts == "blocked" else WIDTHS
