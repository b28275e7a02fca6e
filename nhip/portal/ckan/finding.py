"""The actions that finish what somebody types, and those that look for resources and keywords."""

from __future__ import annotations

from typing import Any

from nhip.kernel.i18n import _
from nhip.kernel.text import fold
from nhip.portal.ckan import shapes
from nhip.portal.ckan.actions import EVERYTHING, MOST_ROWS, group_show
from nhip.portal.ckan.errors import Invalid
from nhip.portal.ckan.ids import FORMATS
from nhip.portal.ckan.model import Action, Asked
from nhip.portal.ckan.solr import Leaf, Node, parse
from nhip.portal.ckan.store import Wanted, find, list_tags
from nhip.portal.search import list_agencies, list_themes

FEW = 10
_FIELDS = {"name": "text", "description": "text", "format": "res_format", "url": "name"}
"""Fields of resources that can be asked for, and where we look for them."""


async def package_autocomplete(asked: Asked) -> list[dict[str, Any]]:
    """Datasets whose title or name begins with a text. q, limit."""
    wanted = Wanted(
        expression=parse(f"{_typed(asked)}*"),
        order=[("score", True), ("title", False)],
        rows=asked.params.whole("limit", FEW, MOST_ROWS),
        start=0,
    )
    found = (await find(asked.tx, wanted)).entries
    told = [{"name": e.name, "title": e.title, "match_field": "title", "match_displayed": e.title} for e in found]
    return told


def _typed(asked: Asked) -> str:
    """What was typed, as words alone; without any there is nothing to finish."""
    text = " ".join(part for part in asked.params.required("q", "query").split() if part.isalnum())
    if not text:
        raise Invalid(field="q", why=_("Missing value"))
    return text


async def organization_autocomplete(asked: Asked) -> list[dict[str, Any]]:
    """Agencies whose name has a text in it. q, limit."""
    return _having(asked, [shapes.organization(agency) for agency in await list_agencies(asked.tx)])


async def group_autocomplete(asked: Asked) -> list[dict[str, Any]]:
    """Themes whose name has a text in it. q, limit."""
    return _having(asked, [shapes.group(theme) for theme in await list_themes(asked.tx) if theme.code])


def _having(asked: Asked, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    wanted, most = fold(asked.params.text("q")), asked.params.whole("limit", 20, MOST_ROWS)
    found = [one for one in known if wanted in fold(f"{one['title']} {one['name']}")]
    return [{field: one[field] for field in ("id", "name", "title")} for one in found[:most]]


async def group_package_show(asked: Asked) -> list[dict[str, Any]]:
    """The datasets of a theme. id, limit."""
    told = await group_show(
        Asked(asked.tx, asked.params.with_(include_datasets=True), asked.root, asked.city, asked.warm)
    )
    packages: list[dict[str, Any]] = told["packages"]
    return packages[: asked.params.whole("limit", MOST_ROWS, MOST_ROWS)]


async def tag_autocomplete(asked: Asked) -> list[str]:
    """Keywords with a text in them. query (or q), limit."""
    found = await list_tags(asked.tx, asked.params.required("query", "q"), EVERYTHING)
    return found[: asked.params.whole("limit", FEW, MOST_ROWS)]


async def tag_search(asked: Asked) -> dict[str, Any]:
    """Keywords with a text in them, and how many. query, limit, offset."""
    found = await list_tags(asked.tx, asked.params.text("query"), EVERYTHING)
    start, rows = asked.params.whole("offset", 0, EVERYTHING), asked.params.whole("limit", MOST_ROWS, MOST_ROWS)
    page = [
        {"id": one["id"], "name": one["name"], "vocabulary_id": None}
        for one in map(shapes.tag, found[start : start + rows])
    ]
    return {"count": len(found), "results": page}


async def format_autocomplete(asked: Asked) -> list[str]:
    """Formats that begin with a text. q, limit."""
    wanted = asked.params.required("q").lower()
    return [form for form in FORMATS if wanted in form][: asked.params.whole("limit", FEW, MOST_ROWS)]


async def resource_search(asked: Asked) -> dict[str, Any]:
    """Resources by name, description, format or url. query (field:value, one or a list), order_by, offset, limit."""
    conditions = [_condition(text) for text in _queries(asked)]
    if (order := asked.params.text("order_by")) not in ("", "name", "id", "format", "url"):
        raise Invalid(field="order_by", why=_("Must be one of name, id, format, url"))
    wanted = Wanted(expression=Node("and", [leaf for leaf, _field, _value in conditions]), order=[("title", False)],
                    rows=MOST_ROWS, start=0)  # fmt: skip
    packages = [shapes.package(entry, asked.root) for entry in (await find(asked.tx, wanted)).entries]
    found = [one for package in packages for one in package["resources"] if _fits(one, conditions)]
    if order:
        found.sort(key=lambda one: str(one[order]))
    start, rows = asked.params.whole("offset", 0, EVERYTHING), asked.params.whole("limit", MOST_ROWS, MOST_ROWS)
    return {"count": len(found), "results": found[start : start + rows]}


def _queries(asked: Asked) -> list[str]:
    value = asked.params.json("query")
    texts = value if isinstance(value, list) else [value]
    if value in (None, "", []) or len(texts) > 10 or not all(isinstance(text, str) for text in texts):
        raise Invalid(field="query", why=_("Missing value"))
    return [str(text) for text in texts]


def _condition(text: str) -> tuple[Leaf, str, str]:
    field, colon, value = text.partition(":")
    if not colon or field not in _FIELDS:
        raise Invalid(field="query", why=_("Must be field:value of name, description, format or url"))
    plain = " ".join(part for part in value.replace(".", " ").split() if part.isalnum())
    if field == "format":
        return Leaf("res_format", value.strip().lower()), field, value.strip()
    return (Leaf("text", plain) if plain and field != "url" else Leaf("state", "active")), field, value.strip()


def _fits(resource: dict[str, Any], conditions: list[tuple[Leaf, str, str]]) -> bool:
    return all(fold(value) in fold(str(resource[field])) for _leaf, field, value in conditions)


FINDING: dict[str, Action] = {
    action.__name__: action
    for action in (
        *(package_autocomplete, organization_autocomplete, group_autocomplete, group_package_show),
        *(tag_autocomplete, tag_search, format_autocomplete, resource_search),
    )
}
