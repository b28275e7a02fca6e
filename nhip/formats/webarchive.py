"""Web pages in one file (MHTML), which Excel's "single file web page" and many programs save under the name .xls."""

from __future__ import annotations

import html
import re
from email.message import Message
from email.parser import BytesParser
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from nhip.formats import webtable
from nhip.formats.errors import BrokenFile, TooLarge, UnknownFormat
from nhip.formats.model import Grid
from nhip.kernel.i18n import _
from nhip.settings import Settings

_NAMED: Final = re.compile(r'<x:Name>([^<]{1,200})</x:Name>\s*<x:WorksheetSource\s+HRef="([^"]{1,500})"', re.IGNORECASE)
"""Where Excel says which page holds which sheet."""
_MOST_PAGES: Final = 500
_MOST_MB: Final = 256
"""A letter is taken apart in memory."""


def open_archive(path: Path, work: Path, settings: Settings, filename: str) -> list[Grid]:
    """The tables of all pages inside, under the names of their sheets where the file tells them; nothing that the pages refer to
    is looked up. Raises UnknownFormat where no page has a table, BrokenFile, TooLarge, and what `webtable.open_page` raises."""
    if path.stat().st_size > _MOST_MB << 20:
        raise TooLarge(file=filename, limit_mb=_MOST_MB)
    try:
        pages = _pages(path)
    except RecursionError:
        raise BrokenFile(file=filename, format="MHTML", what=_("it is nested too deeply")) from None
    if len(pages) > _MOST_PAGES:
        raise BrokenFile(file=filename, format="MHTML", what=_("it has more pages than any workbook has sheets"))
    texts = [_text(page) for page in pages]
    names = {_last(html.unescape(href)): html.unescape(name) for text in texts for name, href in _NAMED.findall(text)}
    grids: list[Grid] = []
    for number, (page, text) in enumerate(zip(pages, texts, strict=True)):
        target = work / f"page{number}.html"
        target.write_text(text, encoding="utf-8", newline="", errors="replace")
        try:
            found = webtable.open_page(target, filename, settings)
        except UnknownFormat:  # the frame around the sheets, or their tabs
            continue
        sheet = names.get(_last(str(page.get("Content-Location") or "")), "")
        grids += [_called(grid, sheet) for grid in found] if sheet else found
    if not grids:
        raise UnknownFormat(file=filename)
    return grids


def _pages(path: Path) -> list[Message]:
    with path.open("rb") as file:
        message = BytesParser().parse(file)
    return [part for part in message.walk() if part.get_content_type() == "text/html"]


def _called(grid: Grid, sheet: str) -> Grid:
    return msgspec.structs.replace(grid, name=sheet, sheet=sheet)


def _text(page: Message) -> str:
    """The page's text; old letters that are no UTF-8 stand as the Windows-1252 characters that their bytes show."""
    body = page.get_payload(decode=True)
    data = body if isinstance(body, bytes) else b""
    for charset in (page.get_content_charset() or "utf-8", "utf-8"):
        try:
            return data.decode(charset)
        except (LookupError, ValueError):  # no such letters, or the name of what are none
            continue
    return data.decode("cp1252", "replace")


def _last(address: str) -> str:
    return PurePosixPath(address.replace("\\", "/")).name.lower()
