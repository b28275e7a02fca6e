"""Scopes: hierarchical names as /district/ward (ETSI GS CIM 009 v1.9.1, 4.18)."""

from __future__ import annotations

import re
from typing import Any

from nhip.graph.document.faults import Fault
from nhip.kernel.i18n import _

_SCOPE = re.compile(r"/?[^\W\d_]\w*(?:/[^\W\d_]\w*)*")
_LONGEST = _MOST = 1000


def read_scopes(given: Any) -> list[str]:
    """One scope or an array of them, each with a slash before it, none twice. Raises Fault."""
    scopes = given if isinstance(given, list) else [given]
    if len(scopes) > _MOST:
        raise Fault(_("this has to be an array that is neither empty nor endless"))
    if not all(isinstance(one, str) and len(one) <= _LONGEST and _SCOPE.fullmatch(one) for one in scopes):
        raise Fault(_("a scope is written as /district/ward: names that begin with a letter, between slashes"))
    return list(dict.fromkeys(one if one.startswith("/") else "/" + one for one in scopes))
