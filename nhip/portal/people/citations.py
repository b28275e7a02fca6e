"""How a release is cited: a sentence in Vietnamese and English (after APA 7 and DataCite), BibTeX, RIS, CSL-JSON."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from nhip.kernel.i18n import _
from nhip.kernel.ids import slug
from nhip.kernel.time import VIETNAM
from nhip.portal.model import Entry, Release
from nhip.web import formats
from nhip.web.i18n import speaking, translate

MEDIA = {
    "bib": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "json": "application/vnd.citationstyles.csl+json",
}
_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    c: "\\" + c for c in "{}%&#$_"
}


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """What a citation says. `date` is the day of the data, `address` that of the release, which stays."""

    key: str
    agency: str
    title: str
    no: int
    date: datetime
    city: str
    address: str
    licence: str

    @property
    def year(self) -> int:
        """The year of the data, in Vietnam."""
        return self.date.astimezone(VIETNAM).year


def cite(entry: Entry, release: Release, city: str, root: str, lang: str) -> Citation:
    """The citation of a release, in the language `lang` where the dataset speaks it."""
    english = lang == "en"
    year = release.as_of.astimezone(VIETNAM).year
    return Citation(
        key=f"{slug(entry.name, 40).replace('-', '_')}_{year}_{release.no}",
        agency=(entry.agency_name_en if english else "") or entry.agency_name,
        title=(entry.title_en if english else "") or entry.title,
        no=release.no,
        date=release.as_of,
        city=city,
        address=f"{root}/dataset/{entry.name}/versions/{release.no}",
        licence=entry.licence,
    )


def as_text(citation: Citation, lang: str) -> str:
    """A sentence for a list of references."""
    with speaking(lang):
        return translate(
            _("{agency} ({year}). {title} (release {no}, data of {day}) [Data set]. Open data of {city}. {address}"),
            agency=citation.agency,
            year=str(citation.year),
            title=citation.title,
            no=citation.no,
            day=formats.date_(citation.date),
            city=citation.city,
            address=citation.address,
        )


def as_bibtex(citation: Citation) -> str:
    """An entry of kind `misc`, which every style knows; names in double braces stay whole."""
    day = citation.date.astimezone(VIETNAM)
    fields = {
        "author": f"{{{_tex(citation.agency)}}}",
        "title": f"{{{_tex(citation.title)}}}",
        "year": str(citation.year),
        "month": str(day.month),
        "version": str(citation.no),
        "howpublished": _tex(f"Data set, {citation.city}"),
        "url": citation.address,
        "note": _tex(f"Release {citation.no}, data of {day:%Y-%m-%d}, licence {citation.licence}"),
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{{citation.key},\n{lines}\n}}\n"


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in _line(text))


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def as_ris(citation: Citation) -> str:
    """A record of type DATA; lines end with CR LF."""
    day = citation.date.astimezone(VIETNAM)
    lines = [
        ("TY", "DATA"),
        ("ID", citation.key),
        ("AU", f"{_line(citation.agency)},"),
        ("TI", _line(citation.title)),
        ("PY", str(citation.year)),
        ("DA", f"{day:%Y/%m/%d}/"),
        ("ET", str(citation.no)),
        ("PB", _line(citation.city)),
        ("UR", citation.address),
        ("ER", ""),
    ]
    return "".join(f"{tag}  - {value}\r\n" for tag, value in lines)


def as_csl(citation: Citation) -> list[dict[str, Any]]:
    """CSL-JSON 1.0, as reference managers take it: an array of one item."""
    day = citation.date.astimezone(VIETNAM)
    item = {
        "id": citation.key,
        "type": "dataset",
        "author": [{"literal": citation.agency}],
        "title": citation.title,
        "version": str(citation.no),
        "issued": {"date-parts": [[day.year, day.month, day.day]]},
        "publisher": citation.city,
        "URL": citation.address,
    }
    return [item]
