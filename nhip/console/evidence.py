"""From a virtue to the numbers it was made from, in words."""

from __future__ import annotations

from typing import Any

from nhip.datasets.records import VirtueRecord
from nhip.kernel.i18n import _

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
    "consistent": [("coded_cells", _("Cells with a code table")), ("coded_faults", _("Cells that are not on it"))],
    "shared": [
        ("described", _("Share of the catalogue entry that is filled in")),
        ("reads_90_days", _("Reads in 90 days")),
    ],
}

FORMULAS = {
    "accurate": _("100 × (rows − rows with a fault) ÷ rows"),
    "complete": _("100 × (filled required cells ÷ required cells) × (rows ÷ rows expected, at most 1)"),
    "clean": _("100 × (1 − cells that cannot be read ÷ cells) × (1 − repeated rows ÷ rows)"),
    "live": _("100 while the data are younger than the agreed interval, then falling to 0 at three intervals"),
    "consistent": _("100 × (1 − cells that are not on their code table ÷ cells with a code table)"),
    "shared": _("40 for the description, 30 for being shared with somebody, 30 for being read in 90 days"),
}


def terms_of(virtue: str, history: list[VirtueRecord]) -> list[tuple[str, Any]]:
    """The numbers behind the last score of `virtue`, each with its title."""
    facts = history[-1].facts if history else {}
    return [(title, facts.get(name)) for name, title in TERMS[virtue] if facts.get(name) is not None]
