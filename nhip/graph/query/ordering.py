"""orderBy (CIM 009, 4.23): criteria, ranks of unlike values, collations and distances."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

from shapely.geometry.base import BaseGeometry

from nhip.graph.contexts.core import NAMESPACE
from nhip.graph.model import VALUE_MEMBER, Doc
from nhip.graph.query.comparing import plain
from nhip.graph.query.distance import distance_between
from nhip.graph.query.errors import BadParameter
from nhip.graph.query.geo import shapes_of
from nhip.graph.query.model import Names, Order, Path
from nhip.graph.query.q import parse_path
from nhip.graph.query.reading import Cursor
from nhip.kernel.i18n import _
from nhip.kernel.text import sort_key

_DIRECTION = re.compile(r"dist-asc|dist-desc|asc|desc")
_TAG = re.compile(r"([A-Za-z]{2,3})(?:-(?!u-)[A-Za-z0-9]{2,8})*((?:-u(?:-[a-z]{2}-[a-z0-9]{3,8})+)?)")
_SETTING = re.compile(r"-([a-z]{2})-([a-z0-9]{3,8})")
_STRENGTHS = {"level1": 1, "level2": 2, "level3": 3, "level4": 3, "identic": 3}
"""`ks` of a collation: how many levels are compared (RFC 6067, of CLDR)."""
_AS_ROOT = frozenset({"und", "en", "fr", "de", "it", "nl", "pt", "ga", "id", "ms", "sw", "ca", "eu", "gl", "lb"})
"""Languages whose dictionary order is that of the Unicode root collation."""
_PHONE_BOOK = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "AE", "Ö": "OE", "Ü": "UE"})

Key = tuple[int, Any]
"""Rank of the kind of value (4.23.2: numbers, strings, objects, arrays, booleans, times, dates, both), then the value."""
_TYPED = {
    f"{prefix}{name}": rank for rank, name in enumerate(("Time", "Date", "DateTime"), 5) for prefix in ("", NAMESPACE)
}
"""`@type` of a value -> the rank of its kind."""


def parse_order(text: str, names: Names) -> tuple[Order, ...]:
    """The criteria of `name;desc,location;dist-asc`; raises QueryUnreadable, TooLong."""
    cursor = Cursor(text, "orderBy")
    found = [_criterion(cursor, names)]
    while cursor.take(","):
        found.append(_criterion(cursor, names))
    cursor.end()
    return tuple(found)


def _criterion(cursor: Cursor, names: Names) -> Order:
    cursor.count()
    path = parse_path(cursor, names)
    if path.linked is not None:
        cursor.fail(_("members of linked entities cannot order"))
    if not cursor.take(";"):
        return Order(path)
    direction = cursor.match(_DIRECTION) or cursor.fail(_("the direction is asc, desc, dist-asc or dist-desc"))
    return Order(path, direction.endswith("desc"), direction.startswith("dist"))


def collation_key(tag: str) -> Callable[[str], Any]:
    """What texts are compared by under a BCP 47 collation; raises BadParameter for one that is not known here."""
    if not tag:
        return str
    found = _TAG.fullmatch(tag)
    if found is None:
        raise BadParameter(parameter="collation", what=_("it is no language tag"))
    language, told = found[1].lower(), dict(_SETTING.findall(found[2].removeprefix("-u")))
    kind, levels = told.pop("co", "standard"), _STRENGTHS.get(told.pop("ks", "level3"))
    if told or levels is None:
        raise BadParameter(parameter="collation", what=_("this collation is not known here"))
    if (language, kind) == ("de", "phonebk"):
        return lambda text: _root_key(text.translate(_PHONE_BOOK))[:levels]
    if kind == "standard" and language == "vi" and levels == _LEVELS:
        return sort_key
    if kind == "standard" and language in _AS_ROOT:
        return lambda text: _root_key(text)[:levels]
    raise BadParameter(parameter="collation", what=_("this collation is not known here"))


_LEVELS = 3


def _root_key(text: str) -> tuple[str, str, str]:
    """Base letters first, then marks, then small before large: the levels of the Unicode collation algorithm."""
    marked = unicodedata.normalize("NFKD", text)
    base = "".join(letter for letter in marked if not unicodedata.combining(letter))
    return base.casefold(), marked.casefold(), text.swapcase()


def sort_docs(docs: list[Doc], order: tuple[Order, ...], origin: BaseGeometry | None, collation: str) -> list[Doc]:
    """The documents in order; whatever lacks the member stands last, equal ones keep their order."""
    texts = collation_key(collation)
    for criterion in reversed(order):
        key = partial(order_key, criterion, origin, texts)
        there: list[tuple[Any, Doc]] = []
        without: list[Doc] = []
        for doc in docs:
            found = key(doc)
            if found is None:
                without.append(doc)
            else:
                there.append((found, doc))
        there.sort(key=_first, reverse=criterion.descending)
        docs = [doc for _key, doc in there] + without
    return docs


def _first(pair: tuple[Any, Doc]) -> Any:
    return pair[0]


def order_key(order: Order, origin: BaseGeometry | None, texts: Callable[[str], Any], doc: Doc) -> Key | None:
    """What a document is compared by under one criterion; None where it has no such member.

    By distance what is no place comes behind all that are, by its value (4.23.2)."""
    if order.near and origin is not None and (shapes := shapes_of(doc, order.path.names[0])):
        return 0, min(distance_between(origin, one) for one in shapes)
    value = first_value(doc, order.path)
    if value is None:
        return None
    rank, compared = _ranked(value, texts)
    return rank + order.near, compared


def _ranked(value: Any, texts: Callable[[str], Any]) -> Key:
    if isinstance(value, bool):
        return 4, value
    if isinstance(value, int | float):
        return 0, value
    if isinstance(value, str):
        return 1, texts(value)
    if isinstance(value, dict):
        if (inside := plain(value)) is not value:
            rank, compared = _ranked(inside, texts)
            return _TYPED.get(str(value.get("@type")), rank), compared
        return 2, sorted((key, _ranked(one, texts)) for key, one in value.items() if one is not None)
    return 3, [_ranked(one, texts) for one in value if one is not None]


def first_value(doc: Doc, path: Path) -> Any:
    """The value that a path leads to first: the default instance's where there are several; None where it leads nowhere."""
    found: Any = doc
    for name in path.names:
        if isinstance(found, list):
            found = found[0] if found else None
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, list) and found and isinstance(found[0], dict):
        found = found[0]
    if isinstance(found, dict) and found.get("type") in VALUE_MEMBER:
        found = found.get(VALUE_MEMBER[found["type"]])
    for key in path.keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found[0] if isinstance(found, list) and len(found) == 1 else found
