"""orderBy (CIM 009, 4.23): criteria, ranks of unlike values, collations and distances."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

from shapely.geometry.base import BaseGeometry

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
_TAG = re.compile(r"([A-Za-z]{2,3})(?:-(?!u-)[A-Za-z0-9]{2,8})*(?:-u-co-([a-z]{3,8}))?")
_AS_ROOT = frozenset({"und", "en", "fr", "de", "it", "nl", "pt", "ga", "id", "ms", "sw", "ca", "eu", "gl", "lb"})
"""Languages whose dictionary order is that of the Unicode root collation."""
_PHONE_BOOK = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "AE", "Ö": "OE", "Ü": "UE"})

Key = tuple[int, Any]
"""Rank of the kind of value (4.23.2: numbers, strings, booleans, objects, arrays), then the value to compare."""


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
    language, kind = found[1].lower(), found[2] or "standard"
    if (language, kind) == ("de", "phonebk"):
        return lambda text: _root_key(text.translate(_PHONE_BOOK))
    if kind == "standard" and language == "vi":
        return sort_key
    if kind == "standard" and language in _AS_ROOT:
        return _root_key
    raise BadParameter(parameter="collation", what=_("this collation is not known here"))


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
    """What a document is compared by under one criterion; None where it has no such member."""
    if order.near:
        shapes = shapes_of(doc, order.path.names[0])
        return (0, min(distance_between(origin, one) for one in shapes)) if shapes and origin is not None else None
    value = first_value(doc, order.path)
    return None if value is None else _ranked(plain(value), texts)


def _ranked(value: Any, texts: Callable[[str], Any]) -> Key:
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, int | float):
        return 0, value
    if isinstance(value, str):
        return 1, texts(value)
    if isinstance(value, dict):
        return 3, sorted((key, _ranked(one, texts)) for key, one in value.items() if one is not None)
    return 4, [_ranked(one, texts) for one in value if one is not None]


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
