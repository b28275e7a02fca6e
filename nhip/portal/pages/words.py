"""Words that several public pages share, marked for translation; what of an entry is said in the reader's language."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from nhip.datasets.themes import theme_title
from nhip.kernel.i18n import _
from nhip.portal.licences import list_licences
from nhip.portal.model import Entry, OpenColumn
from nhip.portal.search import Agency, Wanted
from nhip.web import formats
from nhip.web.i18n import language, translate
from nhip.web.model import Tab

VIRTUES = {
    "accurate": (_("Accurate"), _("Rows without a fault in their values, out of all rows")),
    "complete": (_("Complete"), _("Required cells that are filled and rows that were expected")),
    "clean": (_("Clean"), _("Rows without duplicates, broken text or odd forms, after Nhịp mended what it could")),
    "live": (_("Live"), _("How old the data are against how often they should come")),
    "consistent": (
        _("Consistent"),
        _("Coded cells that are on the common code tables, without conflict with other datasets"),
    ),
    "shared": (_("Shared"), _("Described well, shared with somebody, used in the last 90 days")),
}
"""Titles of the six virtues, and how each is counted."""
TYPES = {
    "text": _("text"),
    "integer": _("whole number"),
    "number": _("number"),
    "boolean": _("yes or no"),
    "date": _("date"),
    "timestamp": _("date and time"),
    "time": _("time of day"),
}
ACTS = {
    "mask": _("hidden"),
    "round": _("rounded"),
    "year": _("year only"),
    "month": _("month only"),
    "unit": _("ward or commune only"),
    "prefix": _("shortened"),
    "band": _("in bands"),
    "top": _("limited above"),
    "bottom": _("limited below"),
    "group": _("rare values together"),
}
OVER_TIME = {
    (False, "hour"): _("{column}, mean of each hour"),
    (False, "day"): _("{column}, mean of each day"),
    (False, "month"): _("{column}, mean of each month"),
    (True, "hour"): _("Rows by hour of {column}"),
    (True, "day"): _("Rows by day of {column}"),
    (True, "month"): _("Rows by month of {column}"),
}
"""What a line shows: means or counts, by its step."""
FACETS = {
    "agency": _("Agency"),
    "theme": _("Theme"),
    "format": _("Format"),
    "virtue": _("Virtue"),
    "year": _("Year of the data"),
    "licence": _("Licence"),
    "place": _("Place"),
}
SORTS = {"best": _("Best match"), "newest": _("Newest"), "title": _("By name"), "rows": _("Most rows")}
LONGEST_CELL = 160
FORMATS = {"csv": "CSV", "xlsx": "Excel (XLSX)", "json": "JSON", "parquet": "Parquet", "geojson": "GeoJSON"}


def title_of(thing: Entry | OpenColumn | Agency) -> str:
    """The title in the reader's language where there is one, else the Vietnamese one; a column without any has its name."""
    title = thing.title_en if language() == "en" and thing.title_en else thing.title
    return title or (thing.name if isinstance(thing, OpenColumn) else "")


def agency_of(entry: Entry) -> str:
    """The agency's name in the reader's language where there is one."""
    return entry.agency_name_en if language() == "en" and entry.agency_name_en else entry.agency_name


def licence_title(code: str) -> str:
    """A licence's name in the reader's language; a code that is no longer offered stays a code."""
    found = list_licences().get(code)
    return code if found is None else found.title_en if language() == "en" else found.title


def facet_title(name: str, value: str, agencies: dict[str, str], places: dict[str, str]) -> str:
    """A value of a facet as people say it."""
    known: dict[str, dict[str, str]] = {"agency": agencies, "place": places, "format": FORMATS}
    if name in known:
        return known[name].get(value, value)
    if name == "virtue":
        return translate(VIRTUES[value][0]) if value in VIRTUES else value
    return licence_title(value) if name == "licence" else theme_of(value) if name == "theme" else value


def theme_of(code: str) -> str:
    """A theme in the reader's language."""
    return theme_title(code, language())


def say_cell(value: Any, *, measured: bool = False) -> str:
    """A cell of a preview as people write it; whole numbers of what is not `measured` as they are: many are codes or years."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return translate(_("yes")) if value else translate(_("no"))
    if isinstance(value, float | Decimal) or (measured and isinstance(value, int)):
        return formats.number(value)
    text = _say_time(value) if isinstance(value, date | time) else str(value)
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"


def _say_time(value: date | time) -> str:
    if isinstance(value, datetime):
        return value.strftime("%H:%M ") + formats.date_(value.date())
    if isinstance(value, date):
        return formats.date_(value)
    return value.strftime("%H:%M:%S" if value.second else "%H:%M")


def sections(here: str) -> list[Tab]:
    """The public navigation."""
    pages = {
        "/datasets": _("Datasets"),
        "/agencies": _("Agencies"),
        "/stories": _("Stories"),
        "/data-requests": _("Requests for data"),
        "/about-data": _("About these data"),
    }
    return [Tab(translate(title), path, current=path == here) for path, title in pages.items()]


def chosen_of(wanted: Wanted) -> list[tuple[str, str]]:
    """The values of facets that are chosen."""
    return [(name, str(value)) for name in FACETS for value in getattr(wanted, name)]


def always(here: str) -> dict[str, Any]:
    """What every template of the portal is given."""
    return {
        "sections": sections(here),
        "title_of": title_of,
        "agency_of": agency_of,
        "licence_title": licence_title,
        "theme_of": theme_of,
        "virtues": VIRTUES,
        "formats": FORMATS,
        "say_cell": say_cell,
    }
