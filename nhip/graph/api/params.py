"""The parameters of a request (CIM 009, 6.3.20): what is unknown is refused, what is known is read into its type."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from nhip.graph.document.faults import Fault
from nhip.graph.document.times import read_instant
from nhip.graph.errors import BadRequestData, InvalidRequest
from nhip.kernel.i18n import _

_MOST = 200
_LONGEST_REMEMBERED = 1000
FORMS = frozenset({"keyValues", "simplified", "concise", "normalized", "temporalValues", "aggregatedValues"})
"""Representations that `options` or `format` may ask for."""
_BARE = frozenset({"keyValues", "simplified", "temporalValues", "aggregatedValues"})
_LISTS = frozenset(
    {
        "id",
        "type",
        "attrs",
        "options",
        "format",
        "pick",
        "omit",
        "orderBy",
        "datasetId",
        "aggrMethods",
        "keep",
        "drop",
    }
)
"""Parameters that may be repeated, which is the same as commas."""
_OPTIONS = FORMS | {"count", "noOverwrite", "replace", "sysAttrs", "update"}
"""All that there are; which of them an operation knows is its own affair, as few that write look at any."""
_BOOLEANS = frozenset({"count", "deleteAll", "details", "local", "reload"})
"""Judged for all operations, also those for which they change nothing."""


def parsed(query: bytes, known: frozenset[str]) -> dict[str, str]:
    """The parameters by name. Raises InvalidRequest for an unknown one or option, and for one told twice that is no list;
    BadRequestData for what is neither true nor false."""
    if not query:
        return {}
    return dict(_remembered(query, known)) if len(query) <= _LONGEST_REMEMBERED else _parsed(query, known)


def _parsed(query: bytes, known: frozenset[str]) -> dict[str, str]:
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST, errors="strict")
    except (ValueError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            what=_("the address is not percent-encoded (curl: --data-urlencode) or too long")
        ) from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            raise InvalidRequest(what=f"{name[:100]}: {_('this operation knows no such parameter')}")
        if name in found and name not in _LISTS:
            raise InvalidRequest(what=f"{name}: {_('told twice')}")
        found[name] = f"{found[name]},{value}" if name in found else value
    for name in found.keys() & _BOOLEANS:
        boolean(found, name)
    options(found, _OPTIONS)
    return found


_remembered = lru_cache(maxsize=1024)(_parsed)


def listed(text: str) -> list[str]:
    """The items of a comma-separated parameter, without empty ones."""
    return [item for part in text.split(",") if (item := part.strip())]


def boolean(query: dict[str, str], name: str, default: bool = False) -> bool:
    """`true` or `false`. Raises BadRequestData for anything else."""
    text = query.get(name)
    if text is None:
        return default
    if text not in ("true", "false"):
        raise BadRequestData(what=f"{name}={text[:40]}")
    return text == "true"


def natural(query: dict[str, str], name: str, default: int, *, least: int = 0) -> int:
    """A whole number from `least` on. Raises BadRequestData."""
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < least:
        raise BadRequestData(what=f"{name}={text[:40]}")
    return int(text)


def moment(query: dict[str, str], name: str) -> str:
    """A DateTime in UTC (4.6.3), or empty. Raises BadRequestData."""
    text = query.get(name, "")
    return require_moment(name, text) if text else ""


def require_moment(name: str, given: Any) -> str:
    """A DateTime in UTC (4.6.3), as documents have it. Raises BadRequestData."""
    try:
        return read_instant(given)
    except Fault as fault:
        raise BadRequestData(what=f"{name}: {_('not a date and time in UTC, as 2026-01-31T08:00:00Z')}") from fault


def bare(query: dict[str, str]) -> bool:
    """Whether `options` or `format` asks for values without the attributes' own members (4.5.4, 4.5.9, 4.5.19)."""
    return not _BARE.isdisjoint([*listed(query.get("options", "")), query.get("format", "")])


def simplified(query: dict[str, str]) -> bool:
    """Whether `options` or `format` says that the body is in the simplified representation (4.5.4)."""
    told = query and [*listed(query.get("options", "")), query.get("format", "")]
    return "keyValues" in told or "simplified" in told


def options(query: dict[str, str], allowed: frozenset[str]) -> frozenset[str]:
    """The `options` of a request; `format` goes before what they say of the form (6.3.7). Raises InvalidRequest."""
    told = frozenset(listed(query.get("options", "")))
    for option in (told | {query.get("format", "")}) - allowed - {""}:
        raise InvalidRequest(what=f"options={option[:40]}; known here: {', '.join(sorted(allowed)) or 'none'}")
    return (told - FORMS) | {query["format"]} if query.get("format") else told
