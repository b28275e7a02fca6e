"""From a search expression to SQL: conditions of `store.sql` joined by brackets; every value is a parameter."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from fnmatch import translate
from typing import Any

from nhip.db.sql import load
from nhip.kernel.text import fold
from nhip.portal.ckan.errors import FieldUnknown, QueryUnreadable
from nhip.portal.ckan.ids import FORMATS, is_id
from nhip.portal.ckan.solr import Expression, Leaf, Node, Range, leaves

queries = load(__file__)
FIXED = {
    "state": "active", "type": "dataset", "dataset_type": "dataset", "entity_type": "package", "private": "false",
    "capacity": "public", "permission_labels": "public",
}  # fmt: skip
"""Fields that say the same of everything that is open."""
ALIASES = {
    "owner_org": "organization",
    "groups": "group",
    "tag": "tags",
    "license": "license_id",
    "title_string": "title",
}
_TIMES = {"metadata_modified": "modified", "metadata_created": "issued"}
_WORD = re.compile(r"[^\W_]+")
_NOW = re.compile(r"NOW(?:/[A-Z]+)?(?:([+-]\d{1,5})(SECOND|MINUTE|HOUR|DAY|MONTH|YEAR)S?)?(?:/[A-Z]+)?")
_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3_600, "DAY": 86_400, "MONTH": 2_592_000, "YEAR": 31_536_000}


def fragment(name: str) -> str:
    """A piece of `store.sql` without its line of explanation."""
    return " ".join(line for line in getattr(queries, name).splitlines() if not line.startswith("--"))


class Conditions:
    """The SQL of an expression and its `values`. `agencies`, `themes`: name or id in CKAN -> what we call it."""

    def __init__(self, agencies: Mapping[str, str], themes: Mapping[str, str], now: datetime) -> None:
        self.agencies, self.themes, self.now = agencies, themes, now
        self.values: dict[str, Any] = {}

    def where(self, expression: Expression) -> str:
        """The condition. Raises FieldUnknown, QueryUnreadable."""
        if isinstance(expression, Node):
            parts = [self.where(part) for part in expression.parts]
            if expression.sign == "not":
                return f"(not coalesce({parts[0]}, false))"
            return "(" + f" {expression.sign} ".join(parts or ["true"]) + ")"
        if isinstance(expression, Range):
            return self._range(expression)
        return self._leaf(expression)

    def _with(self, name: str, value: Any) -> str:
        key = f"v{len(self.values)}"
        self.values[key] = value
        return fragment(name).replace("%(v)s", f"%({key})s")

    def _range(self, one: Range) -> str:
        column = _TIMES.get(one.field)
        if column is None:
            if one.low == one.high == "*":
                return self._leaf(Leaf(one.field, "*"))
            raise FieldUnknown(field=f"{one.field}:[ TO ]")
        parts = ["true"]
        if one.low != "*":
            parts.append(self._with(f"where_{column}_{'from' if one.with_low else 'after'}", self._moment(one.low)))
        if one.high != "*":
            parts.append(self._with(f"where_{column}_{'to' if one.with_high else 'before'}", self._moment(one.high)))
        return f"({' and '.join(parts)})"

    def _moment(self, text: str) -> datetime:
        if found := _NOW.fullmatch(text):
            seconds = int(found[1]) * _SECONDS[found[2]] if found[1] else 0
            return self.now + timedelta(seconds=max(-3_000_000_000, min(3_000_000_000, seconds)))
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise QueryUnreadable(part=text[:40]) from None
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    def _leaf(self, one: Leaf) -> str:
        field = ALIASES.get(one.field, one.field)
        if field in FIXED:
            return "true" if one.value in (FIXED[field], "*") else "false"
        if field in _TIMES:
            return self._range(Range(field, one.value, one.value, True, True))
        try:
            reader = _READERS[field]
        except KeyError:
            raise FieldUnknown(field=field[:60]) from None
        return reader(self, one.value)

    def _words(self, value: str) -> str:
        query = words_of(value)
        return self._with("where_words", query) if query else _whether(value)

    def _heading(self, value: str) -> str:
        query = words_of(value)
        return self._with("where_heading", query) if query else _whether(value)

    def _agency(self, value: str) -> str:
        return self._with("where_agency", _chosen(value, self.agencies))

    def _theme(self, value: str) -> str:
        return self._with("where_theme", _chosen(value, self.themes))

    def _format(self, value: str) -> str:
        return self._with("where_format", _chosen(value.lower(), {form: form for form in FORMATS}))

    def _tag(self, value: str) -> str:
        return self._with("where_tag", _like(value))

    def _licence(self, value: str) -> str:
        return self._with("where_licence", _like(value))

    def _name(self, value: str) -> str:
        return self._with("where_name", _like(value))

    def _id(self, value: str) -> str:
        return "true" if value == "*" else self._with("where_id", [value] if is_id(value) else [])


_READERS: dict[str, Callable[[Conditions, str], str]] = {
    **dict.fromkeys(("", "text", "notes", "author", "maintainer"), Conditions._words),
    "title": Conditions._heading,
    "name": Conditions._name,
    "id": Conditions._id,
    "tags": Conditions._tag,
    "organization": Conditions._agency,
    "group": Conditions._theme,
    "res_format": Conditions._format,
    "license_id": Conditions._licence,
}


def words_of(value: str) -> str:
    """A query of the words in a text, each by its beginning; empty when there are none."""
    return " & ".join(f"'{fold(word)}':*" for word in _WORD.findall(value.lower())[:12])


def free_words(expression: Expression) -> str:
    """The query of all words that were asked for without a field: these make the order of relevance."""
    found = [leaf.value for leaf in leaves(expression) if isinstance(leaf, Leaf) and leaf.field in ("", "text")]
    return words_of(" ".join(found))


def _whether(value: str) -> str:
    return "true" if value == "*" else "false"


def _like(value: str) -> str:
    plain = re.sub(r"([%_\\])", r"\\\1", value)
    return re.sub(r"\*+", "%", plain).replace("?", "_")


def _chosen(value: str, known: Mapping[str, str]) -> list[str]:
    if "*" not in value and "?" not in value:
        return [known[value]] if value in known else []
    pattern = re.compile(translate(re.sub(r"\*+", "*", value.replace("[", "[[]"))[:100]))
    return sorted({found for name, found in known.items() if pattern.fullmatch(name)})
