"""Answers for clients that know only an earlier NGSI-LD: `Prefer: ngsi-ld=1.5` (CIM 009, 4.3.6.8; RFC 7240)."""

from __future__ import annotations

import re
from functools import lru_cache

from nhip.graph.document.older import Version, version

_PREFERENCE = re.compile(r'(?:[^,"]|"[^"]*")+')
"""One of several, which commas divide that are in no quotes."""


@lru_cache(maxsize=256)
def preferred(header: str) -> Version | None:
    """The version that a Prefer header names first, None when it names none."""
    for found in _PREFERENCE.findall(header):
        name, _equals, told = found.partition(";")[0].partition("=")
        if name.strip().lower() == "ngsi-ld" and (asked := version(told.strip().strip('"'))):
            return asked
    return None
