"""From a virtue to the numbers it was made from, in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from nhip.datasets.compare import is_personal
from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.findings import DataPage
from nhip.datasets.model import ROW
from nhip.datasets.records import Version, VirtueRecord
from nhip.kernel.i18n import _
from nhip.kernel.text import fold
from nhip.web.formats import date_, datetime_, number, percent
from nhip.web.formats import score as score_text
from nhip.web.i18n import language, translate

TERMS: dict[str, list[tuple[str, str]]] = {
    "accurate": [("rows", _("Rows delivered")), ("rows_faulty", _("Rows with a fault in a value"))],
    "complete": [
        ("required_cells", _("Required cells")),
        ("required_missing", _("Required cells that are empty")),
        ("rows_expected", _("Rows expected at least")),
        ("rows", _("Rows delivered")),
    ],
    "clean": [
        ("cells", _("Cells")),
        ("cells_mended", _("Cells that Nhịp put into their agreed form")),
        ("cells_broken", _("Cells that cannot be read")),
        ("rows_double", _("Rows that repeat another")),
    ],
    "live": [("as_of", _("Data of")), ("cadence_days", _("Due every so many days"))],
    "consistent": [
        ("coded_cells", _("Cells with a code table")),
        ("coded_faults", _("Cells that are not on it")),
        ("compared_cells", _("Cells that another dataset holds too")),
        ("conflict_cells", _("Cells that another dataset says differently")),
    ],
    "shared": [
        ("described", _("Share of the catalogue entry that is filled in")),
        ("shared_with", _("Shared with so many: everybody, where it is open")),
        ("reads_90_days", _("Reads in 90 days")),
    ],
}

FORMULAS = {
    "accurate": _("100 × (rows − rows with a fault) ÷ rows"),
    "complete": _("100 × (filled required cells ÷ required cells) × (rows ÷ rows expected, at most 1)"),
    "clean": _("100 × (1 − cells that cannot be read ÷ cells) × (1 − repeated rows ÷ rows)"),
    "live": _("100 while the data are younger than the agreed interval, then falling to 0 at three intervals"),
    "consistent": _(
        "100 × (1 − (cells that are not on their code table + cells that another dataset says differently) ÷ "
        "(cells with a code table + cells that another dataset holds too))"
    ),
    "shared": _("40 for the description, 30 for being shared with somebody, 30 for being read in 90 days"),
}


HOLDS = {
    "BIGINT": _("whole numbers"),
    "INTEGER": _("whole numbers"),
    "DOUBLE": _("numbers"),
    "VARCHAR": _("text"),
    "DATE": _("dates"),
    "TIMESTAMP": _("dates with times"),
    "TIME": _("times of day"),
    "BOOLEAN": _("yes or no"),
}

ADDED = {
    "__unit": _("{title}: present code"),
    "__units": _("{title}: all codes that fit"),
    "__unit_old": _("{title}: former code"),
}
"""Columns that Nhịp adds beside a column of places."""


def column_title(version: Version | None, column: str) -> str:
    """A column as people call it, in the language of the page."""
    titles: dict[str, list[str]] = version.manifest.get("titles", {}) if version else {}
    for suffix, text in ADDED.items():
        if column.endswith(suffix) and column.removesuffix(suffix) in titles:
            return translate(text, title=column_title(version, column.removesuffix(suffix)))
    title, title_en = titles.get(column, ["", ""])
    return (title_en if language() == "en" and title_en else title) or column or "—"


def naming_columns(contract: Contract | None) -> list[str]:
    """The columns by which people know a row: its key, and the first that holds a name; never personal data."""
    if contract is None:
        return []
    names = [f.name for f in contract.fields if f.type == "string" and f.name not in contract.key and _is_name(f)]
    personal = {f.name for f in contract.fields if is_personal(f)}
    return [name for name in (*contract.key, *names[:1]) if name not in personal]


def _is_name(field: Field) -> bool:
    words = {fold(text).split()[0] for text in (field.name.replace("_", " "), field.title) if text.split()}
    return not is_personal(field) and bool(words & {"ten", "name"})


def row_names(version: Version, contract: Contract | None, data: DataPage) -> dict[int, str]:
    """By row number, what a person calls it: `TH012 · Trường Tiểu học Lê Lợi`; rows whose cells are all empty have no name."""
    delivered = version.manifest.get("delivered", {})
    headers = [delivered.get(column, column) for column in naming_columns(contract)]
    places = [data.columns.index(header) for header in headers if header in data.columns]
    named = {row: " · ".join(cells[place] or "" for place in places if cells[place]) for row, cells in data.rows}
    return {row: name for row, name in named.items() if name}


def shown_columns(version: Version | None) -> list[dict[str, str]]:
    """The columns of a version for people: name, delivered header, what it holds."""
    if version is None:
        return []
    delivered = version.manifest.get("delivered", {})
    columns = [c for c in version.manifest["columns"] if c["name"] != ROW]
    return [
        {"name": c["name"], "delivered": delivered.get(c["name"], ""), "holds": HOLDS.get(c["type"], _("numbers"))}
        for c in columns
    ]


def say_cell(version: Version | None, column: str, text: str | None) -> str:
    """A cell of a version as people write it: dates, numbers with decimals, yes and no; whole numbers stay as they are, as many
    are codes or years. What is masked or no longer of the column's type stays as it is, None is empty."""
    kinds = {c["name"]: c["type"] for c in version.manifest["columns"]} if version else {}
    said = _SAID.get(kinds.get(column, ""))
    if said is None or not text:
        return text or ""
    try:
        return said(text)
    except (ValueError, ArithmeticError):
        return text


def _say_number(text: str) -> str:
    value = Decimal(text)
    places = value.as_tuple().exponent
    return number(value, max(0, -places)) if isinstance(places, int) else text


_SAID: dict[str, Callable[[str], str]] = {
    "BOOLEAN": lambda text: {"true": translate(_("yes")), "false": translate(_("no"))}.get(text, text),
    "DOUBLE": _say_number,
    "DATE": lambda text: date_(date.fromisoformat(text)),
    "TIMESTAMP": lambda text: f"{datetime.fromisoformat(text):%H:%M} {date_(datetime.fromisoformat(text).date())}",
}
"""By the type of a column in a version's file: how a cell of it is told."""


def agreed_of(contract: Contract, column: str, rule: str) -> str:
    """What the contract says of a column where `rule` was broken, in words; empty where there is nothing to add."""
    field = next((f for f in contract.fields if f.name == column), None)
    if field is None:
        return ""
    if rule == "enum":
        return " · ".join(field.enum[:20])
    if rule == "pattern":
        return translate(_("the form {pattern}"), pattern=field.pattern)
    if rule in ("minimum", "maximum"):
        low, high = number_or_dash(field.minimum), number_or_dash(field.maximum)
        return translate(_("from {low} to {high}"), low=low, high=high)
    return ""


def number_or_dash(limit: float | str | None) -> str:
    """A limit as people write it."""
    return number(limit) if isinstance(limit, int | float) else (limit or "—")


def filled(virtue: str, facts: dict[str, Any], score: float | None) -> str:
    """The formula of a virtue with this dataset's numbers; empty where it has no numbers."""
    wanted = {
        "accurate": "100 × ({rows} − {rows_faulty}) ÷ {rows}",
        "complete": "100 × ({filled} ÷ {required_cells}) × ({rows} ÷ {rows_expected})",
        "clean": "100 × (1 − {cells_broken} ÷ {cells}) × (1 − {rows_double} ÷ {rows})",
        "consistent": "100 × (1 − ({coded_faults} + {conflict_cells}) ÷ ({coded_cells} + {compared_cells}))",
    }.get(virtue)
    if wanted is None or score is None or not facts.get("rows"):
        return ""
    facts = {"compared_cells": 0, "conflict_cells": 0, **facts}
    counts = {name: number(value) for name, value in facts.items() if isinstance(value, int)}
    counts["filled"] = number(facts.get("required_cells", 0) - facts.get("required_missing", 0))
    counts["rows_expected"] = number(max(facts.get("rows_expected", 0), facts["rows"]))
    return f"{wanted.format(**counts)} = {score_text(score)}"


def terms_of(virtue: str, history: list[VirtueRecord]) -> list[tuple[str, Any]]:
    """The numbers behind the last score of `virtue`, each with its title."""
    facts = history[-1].facts if history else {}
    return [(title, _told(name, facts[name])) for name, title in TERMS[virtue] if facts.get(name) is not None]


def _told(name: str, value: Any) -> str:
    if name == "as_of":
        return datetime_(datetime.fromisoformat(value))
    if name == "described":
        return percent(value)
    return number(int(value) if float(value).is_integer() else value)
