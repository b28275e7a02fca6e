"""The actions about the catalogue. Each is named as CKAN names it; its docstring is what `help_show` says."""

from __future__ import annotations

from typing import Any

from nhip.kernel.text import sort_key
from nhip.portal.ckan import shapes
from nhip.portal.ckan.errors import NotThere
from nhip.portal.ckan.ids import datasets_of, group_id, is_id, name_of, organization_id, tag_id
from nhip.portal.ckan.model import Asked
from nhip.portal.ckan.solr import Expression, Leaf, Node, parse
from nhip.portal.ckan.store import Wanted, find, list_names, list_tags
from nhip.portal.licences import list_licences
from nhip.portal.model import Entry
from nhip.portal.search import list_agencies, list_entries, list_themes
from nhip.portal.service import get_entry

EVERYTHING = 100_000
MOST_ROWS = 1_000
CKAN_VERSION = "2.12.0"
"""The version whose answers these are like; clients choose their ways by it."""


async def site_read(asked: Asked) -> bool:
    """Whether this site may be read: always true."""
    return True


async def status_show(asked: Asked) -> dict[str, Any]:
    """What this site is."""
    told = {"site_title": asked.city, "site_description": "", "site_url": asked.root, "error_emails_to": None}
    return {"ckan_version": CKAN_VERSION, **told, "locale_default": "vi", "extensions": ["datastore", "nhip"]}


async def package_list(asked: Asked) -> list[str]:
    """Names of all datasets. limit, offset."""
    rows, start = asked.params.whole("limit", EVERYTHING, EVERYTHING), asked.params.whole("offset", 0, 10**9)
    return await list_names(asked.tx, rows, start)


async def entry_of(asked: Asked, name: str) -> Entry:
    """An open dataset by id or name. Raises NotPublished for absent and closed alike, Withdrawn."""
    if is_id(name):
        for entry in await list_entries(asked.tx, [name]):
            return entry
    return await get_entry(asked.tx, name)


async def package_show(asked: Asked) -> dict[str, Any]:
    """A dataset. id: its id or name."""
    return shapes.package(await entry_of(asked, asked.params.required("id", "name_or_id")), asked.root)


async def current_package_list_with_resources(asked: Asked) -> list[dict[str, Any]]:
    """Datasets, the last changed first. limit (at most 1,000), offset."""
    rows, start = asked.params.whole("limit", MOST_ROWS, MOST_ROWS), asked.params.whole("offset", 0, 10**9)
    order = [("metadata_modified", True)]
    found = await find(asked.tx, Wanted(expression=Node("and", []), order=order, rows=rows, start=start))
    return [shapes.package(entry, asked.root) for entry in found.entries]


async def package_search(asked: Asked) -> dict[str, Any]:
    """Search datasets. q, fq, fq_list (fields, phrases, ranges, AND, OR, NOT), sort, rows (at most 1,000), start, facet.field,
    facet.limit, fl."""
    params = asked.params
    wanted = Wanted(
        expression=Node("and", [parse(params.text("q")), *_filters(asked)]),
        order=_order(params.text("sort")),
        rows=params.whole("rows", 10, MOST_ROWS),
        start=params.whole("start", 0, 10**9),
        facets=params.texts("facet.field")[:10] if params.truth("facet", True) else [],
        most=params.whole("facet.limit", 50, 1_000) if params.text("facet.limit") != "-1" else 1_000,
    )
    found = await find(asked.tx, wanted)
    names = await _labels(asked, wanted.facets)
    facets = {f: {names.get((f, v), (v, v))[0]: n for v, n in counts.items()} for f, counts in found.facets.items()}
    packages = [shapes.package(entry, asked.root) for entry in found.entries]
    if chosen := [field for field in params.texts("fl") if field != "*"]:
        packages = [{field: one[field] for field in chosen if field in one} for one in packages]
    told = {"count": found.total, "facets": facets, "results": packages}
    return {**told, "sort": _said(wanted.order), "search_facets": _search_facets(found.facets, names)}


def _filters(asked: Asked) -> list[Expression]:
    value = asked.params.raw("fq")
    texts = asked.params.texts("fq") if isinstance(value, list) else [asked.params.text("fq")]
    return [parse(text) for text in (*texts, *asked.params.texts("fq_list"))[:20] if text]


def _order(text: str) -> list[tuple[str, bool]]:
    steps = [part.split() for part in text.split(",") if part.strip()][:6]
    chosen = [(step[0], len(step) > 1 and step[1].lower() == "desc") for step in steps]
    return chosen or [("score", True), ("metadata_modified", True)]


def _said(order: list[tuple[str, bool]]) -> str:
    return ", ".join(f"{field} {'desc' if down else 'asc'}" for field, down in order)


async def _labels(asked: Asked, facets: list[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """(facet, our value) -> its name in CKAN and its title, where the two are not the value itself."""
    told: dict[tuple[str, str], tuple[str, str]] = {}
    if {"organization", "owner_org"} & set(facets):
        for agency in await list_agencies(asked.tx):
            told["organization", agency.code] = (name_of(agency.code), agency.title)
            told["owner_org", agency.code] = (organization_id(agency.code), agency.title)
    if "groups" in facets:
        told |= {("groups", t.code): (name_of(t.code), t.code) for t in await list_themes(asked.tx)}
    if "license_id" in facets:
        told |= {("license_id", one.code): (one.code, one.title) for one in list_licences().values()}
    return told


def _search_facets(facets: dict[str, dict[str, int]], names: dict[tuple[str, str], tuple[str, str]]) -> dict[str, Any]:
    return {
        facet: {
            "title": facet,
            "items": [
                {"name": names.get((facet, v), (v, v))[0], "display_name": names.get((facet, v), (v, v))[1], "count": n}
                for v, n in counts.items()
            ],
        }
        for facet, counts in facets.items()
    }


async def find_resource(asked: Asked, given: str) -> tuple[Entry, str]:
    """The dataset and the format of a resource. Raises NotThere."""
    candidates = datasets_of(given)
    for entry in await list_entries(asked.tx, list(candidates)):
        if (form := candidates[str(entry.dataset_id)]) in entry.formats:
            return entry, form
    raise NotThere(name=given[:100])


async def resource_show(asked: Asked) -> dict[str, Any]:
    """A resource: one format of a dataset. id."""
    entry, form = await find_resource(asked, asked.params.required("id"))
    given = [one for one in shapes.package(entry, asked.root)["resources"] if one["url"].endswith(f".{form}")]
    return dict(given[0])


async def resource_view_list(asked: Asked) -> list[Any]:
    """Views of a resource: there are none."""
    await find_resource(asked, asked.params.required("id"))
    return []


async def organization_list(asked: Asked) -> list[Any]:
    """Agencies that have open data. all_fields, organizations (names), sort, limit, offset."""
    found = [shapes.organization(agency) for agency in await list_agencies(asked.tx)]
    return _listed(asked, found, "organizations")


async def group_list(asked: Asked) -> list[Any]:
    """Themes of open data. all_fields, groups (names), sort, limit, offset."""
    return _listed(asked, [shapes.group(theme) for theme in await list_themes(asked.tx) if theme.code], "groups")


def _listed(asked: Asked, found: list[dict[str, Any]], names: str) -> list[Any]:
    chosen = asked.params.texts(names)
    field, *way = (asked.params.text("sort") or "title asc").split()[:2] or ["title"]
    kept = [one for one in found if not chosen or one["name"] in chosen]
    by_count = field in ("package_count", "packages")
    kept.sort(
        key=lambda one: one["package_count"] if by_count else sort_key(one["name" if field == "name" else "title"])
    )
    if way and way[0].lower() == "desc":
        kept.reverse()
    start, rows = asked.params.whole("offset", 0, EVERYTHING), asked.params.whole("limit", MOST_ROWS, MOST_ROWS)
    page = kept[start : start + rows]
    return page if asked.params.truth("all_fields") else [one["name"] for one in page]


async def organization_show(asked: Asked) -> dict[str, Any]:
    """An agency. id: its id or name; include_datasets (at most 1,000)."""
    given = asked.params.required("id")
    for agency in await list_agencies(asked.tx):
        if given in (organization_id(agency.code), name_of(agency.code), agency.code):
            return await _with_packages(asked, shapes.organization(agency), "organization")
    raise NotThere(name=given[:100])


async def group_show(asked: Asked) -> dict[str, Any]:
    """A theme. id: its id or name; include_datasets (at most 1,000)."""
    given = asked.params.required("id")
    for theme in await list_themes(asked.tx):
        if theme.code and given in (group_id(theme.code), name_of(theme.code)):
            return await _with_packages(asked, shapes.group(theme), "groups")
    raise NotThere(name=given[:100])


async def _with_packages(asked: Asked, told: dict[str, Any], field: str) -> dict[str, Any]:
    if not asked.params.truth("include_datasets"):
        return told
    return {**told, "packages": await _packages(asked, Leaf(field, told["name"], phrase=True))}


async def _packages(asked: Asked, leaf: Leaf) -> list[dict[str, Any]]:
    wanted = Wanted(expression=leaf, order=[("title", False)], rows=MOST_ROWS, start=0)
    return [shapes.package(entry, asked.root) for entry in (await find(asked.tx, wanted)).entries]


async def nothing(asked: Asked) -> list[Any]:
    """An empty list: a stranger belongs to no organisation and no group, and there are no vocabularies."""
    return []


async def tag_list(asked: Asked) -> list[Any]:
    """Keywords. query (a piece of text), all_fields."""
    if asked.params.text("vocabulary_id"):
        raise NotThere(name=asked.params.text("vocabulary_id")[:100])
    found = await list_tags(asked.tx, asked.params.text("query"), EVERYTHING)
    return [shapes.tag(one) for one in found] if asked.params.truth("all_fields") else found


async def tag_show(asked: Asked) -> dict[str, Any]:
    """A keyword. id: the keyword or its id; include_datasets (at most 1,000)."""
    given = asked.params.required("id")
    for one in await list_tags(asked.tx, "" if is_id(given) else given, EVERYTHING):
        if given in (one, tag_id(one)):
            told = shapes.tag(one)
            if asked.params.truth("include_datasets"):
                told["packages"] = await _packages(asked, Leaf("tags", one, phrase=True))
            return told
    raise NotThere(name=given[:100])


async def license_list(asked: Asked) -> list[dict[str, Any]]:
    """The licences that agencies choose from."""
    return [shapes.licence(one, asked.root) for one in list_licences().values()]


ACTIONS = {
    action.__name__: action
    for action in (
        *(site_read, status_show, package_list, package_show, current_package_list_with_resources, package_search),
        *(resource_show, resource_view_list, organization_list, organization_show, group_list, group_show),
        *(tag_list, tag_show, license_list),
    )
} | dict.fromkeys(("organization_list_for_user", "group_list_authz", "vocabulary_list"), nothing)
