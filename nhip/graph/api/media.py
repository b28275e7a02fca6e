"""Media types of requests and answers, and the @context in the Link header (CIM 009, 6.3.4 and 6.3.5; RFC 9110, 12.5.1)."""

from __future__ import annotations

import re
from functools import lru_cache

from nhip.graph.contexts.addresses import RELATION
from nhip.graph.errors import BadRequestData, NotAcceptable, UnsupportedMediaType
from nhip.kernel.i18n import _

JSON = "application/json"
LD_JSON = "application/ld+json"
GEO_JSON = "application/geo+json"
MERGE_PATCH = "application/merge-patch+json"
PROBLEM = "application/problem+json"

PLAIN = (JSON, LD_JSON)
WITH_GEO = (JSON, LD_JSON, GEO_JSON)
"""What an operation can answer, in the order of 6.3.4, which decides between equal weights."""

_LINK = re.compile(r'<([^<>\s]*)>((?:\s*;\s*[\w*]+\s*=\s*(?:"[^"]*"|[^\s";,]+))*)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s";,]+))', re.IGNORECASE)
_MOST_RANGES = 32


@lru_cache(maxsize=512)
def chosen(accept: str, offered: tuple[str, ...]) -> str:
    """The media type to answer in. Raises NotAcceptable when the header allows none of `offered`."""
    if not accept.strip():
        return offered[0]
    ranges = [_range(part) for part in accept.split(",")[:_MOST_RANGES]]
    best = max(offered, key=lambda kind: _weight(kind, ranges))
    if _weight(best, ranges) <= 0:
        raise NotAcceptable(what=accept[:200], offered=", ".join(offered))
    return best


def _range(text: str) -> tuple[str, float]:
    kind, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        name, _equals, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return kind, min(max(float(value), 0.0), 1.0)
            except ValueError:
                break
    return kind, 1.0


def _weight(kind: str, ranges: list[tuple[str, float]]) -> float:
    """The weight of the most specific range that holds `kind` (RFC 9110, 12.5.1)."""
    weights = dict(reversed(ranges))
    for name in (kind, kind.partition("/")[0] + "/*", "*/*"):
        if name in weights:
            return weights[name]
    return 0.0


@lru_cache(maxsize=64)
def problem_type(accept: str) -> str:
    """The media type of problem details: plain JSON (5.5.3, 6.3.3), their own for who asks for it by its name."""
    ranges = [_range(part) for part in accept.split(",")[:_MOST_RANGES]]
    weight = dict(reversed(ranges)).get(PROBLEM, 0.0)
    return PROBLEM if weight > 0 and weight >= _weight(JSON, ranges) else JSON


@lru_cache(maxsize=256)
def body_type(header: str, patch: bool) -> str:
    """The media type of a request's body. Raises UnsupportedMediaType; merge-patch is for PATCH only, which may go without."""
    kind = header.partition(";")[0].strip().lower()
    if patch and not kind:
        return JSON
    if kind in PLAIN or (patch and kind == MERGE_PATCH):
        return kind
    raise UnsupportedMediaType(what=header[:200] or _("none is named"))


def require_plain(coding: str) -> None:
    """Raises UnsupportedMediaType for a body that is compressed (RFC 9110, 8.4)."""
    if coding.strip().lower() not in ("", "identity"):
        raise UnsupportedMediaType(what=f"Content-Encoding: {coding[:40]}")


@lru_cache(maxsize=512)
def linked_context(header: str) -> str | None:
    """The address of the @context in a Link header, None when it names none. Raises BadRequestData for two of them."""
    found = [target for target, told in _LINK.findall(header) if _is_context(told)]
    if len(found) > 1:
        raise BadRequestData(what=_("the Link header names two @contexts"))
    return found[0] if found else None


def _is_context(told: str) -> bool:
    rel = _REL.search(told)
    return rel is not None and RELATION in (rel[1] or rel[2]).split()
