"""Which dataset's rows are things, and what becomes of each column: a form with a look at what would come out."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromQuery

from nhip.console.common import by_agency, dataset_of, installation_of, title_of
from nhip.console.evidence import column_title
from nhip.console.things.words import ATTRIBUTES, TYPES, UNITS
from nhip.datasets.store import find_version_in_force, list_datasets
from nhip.kernel.i18n import _
from nhip.things import service
from nhip.things.errors import NoMapping
from nhip.things.lines import Line, lines_of, told_by
from nhip.things.model import Mapping
from nhip.things.reading import read_mapping
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import page, redirect

AnyRequest = Request[Any, Any, Any]
HOME = "/console/things"
PATH = f"{HOME}/mapping"
WRITE = "graph.write"
CONTRACT = "contract.edit"
"""What goes into the graph is for who may say what the dataset's columns are."""
_MOST_LINES = 500
THEIRS = _(
    "Somebody else changed this mapping while you worked on it. Yours is not kept yet; keep it again to replace theirs."
)


@get(PATH, permission=WRITE)
async def edit(request: AnyRequest, dataset: FromQuery[str] = "") -> Response[str]:
    """Choose a dataset, then say what becomes of it."""
    if not dataset:
        async with installation_of(request).db.read() as tx:
            groups = by_agency(await list_datasets(tx, permission=CONTRACT))
        crumbs = [Crumb(translate(_("Live city")), HOME), Crumb(translate(_("Map a dataset to things")))]
        return page(request, "console/things/mapping_choice.html", crumbs=crumbs, groups=groups, form=Form.of())
    mapping = await _mapping(request, dataset)
    lines = lines_of(mapping, await service.list_columns(installation_of(request), dataset))
    form = _filled(mapping, lines)
    form.values["seen"] = [_mark(mapping)]
    return await _form(request, dataset, form, there=mapping is not None)


@post(PATH, permission=WRITE)
async def put(request: AnyRequest, dataset: FromQuery[str]) -> Response[Any]:
    """Show what would come out, or keep the mapping; a running server then brings the graph up to date."""
    before = await _mapping(request, dataset)
    there, form = before is not None, await Form.read(request)
    mapping = _read(form, dataset)
    seen = form.raw("seen")
    if form.raw("do") == "save" and mapping and seen and _mark(before) not in (seen, _mark(mapping)):
        form.values["seen"] = [_mark(before)]  # sent again, it is meant
        form.fail("", THEIRS)
    if form.errors or mapping is None:
        return await _form(request, dataset, form, there=there, status=422)
    if form.raw("do") != "save":
        preview = await service.preview(installation_of(request), mapping)
        return await _form(request, dataset, form, there=there, preview=preview)
    async with installation_of(request).db.tx() as tx:
        await dataset_of(request, tx, dataset, CONTRACT)
        await service.put_mapping(tx, mapping)
    return redirect(HOME, _("The mapping is kept. The things appear within a few seconds."))


@post(f"{PATH}/remove", permission=WRITE)
async def remove(request: AnyRequest, dataset: FromQuery[str]) -> Response[None]:
    """Take the mapping away; its things go with it, unless they are to stay."""
    keep = (await Form.read(request)).checked("keep")
    async with installation_of(request).db.tx() as tx:
        await dataset_of(request, tx, dataset, CONTRACT)
        found = await service.remove_mapping(tx, dataset, keep=keep)
    if keep:
        return redirect(HOME, _("The mapping is gone; {n} things stay in the graph."), n=found.things)
    return redirect(HOME, _("{n} things are being deleted, and the mapping with them."), n=found.things)


def _mark(mapping: Mapping | None) -> str:
    """Tells whether a mapping is still the one that a form was made from."""
    return hashlib.sha256(msgspec.json.encode(mapping, order="deterministic")).hexdigest()[:16] if mapping else "-"


async def _mapping(request: AnyRequest, name: str) -> Mapping | None:
    """The mapping that is there. Raises DatasetNotFound, Forbidden."""
    async with installation_of(request).db.read() as tx:
        await dataset_of(request, tx, name, CONTRACT)
        try:
            return read_mapping((await service.get_mapping(tx, name)).mapping)
        except NoMapping:
            return None


def _filled(mapping: Mapping | None, lines: list[Line]) -> Form:
    values: dict[str, Any] = {}
    for number, line in enumerate(lines):
        values |= {f"column-{number}": line.column, f"becomes-{number}": line.becomes}
        values |= {f"unit-{number}": line.unit, f"to-{number}": line.leads_to}
    if mapping is not None:
        values |= {"type": mapping.type, "id": mapping.id, "observed": mapping.observed, "internal": mapping.internal}
        if mapping.location is not None:
            values |= {"latitude": mapping.location.latitude, "longitude": mapping.location.longitude}
    return Form.of(**values)


def _lines(form: Form) -> list[Line]:
    found: list[Line] = []
    while (column := form.raw(f"column-{len(found)}")) and len(found) < _MOST_LINES:
        told = [form.text(f"{part}-{len(found)}", longest=200) for part in ("becomes", "unit", "to")]
        found.append(Line(column, *told))
    return found


def _read(form: Form, dataset: str) -> Mapping | None:
    """The mapping that the form tells; what is wrong with it is noted there."""
    told: dict[str, Any] = {"dataset": dataset, **told_by(_lines(form)), "internal": form.checked("internal")}
    told["type"] = form.text("type", required=_("Say what kind of thing a row is."), longest=100)
    told["id"] = form.text("id", required=_("Choose the column that tells the things apart."))
    told["observed"] = form.text("observed")
    latitude, longitude = form.text("latitude"), form.text("longitude")
    if bool(latitude) != bool(longitude):
        form.fail("longitude" if latitude else "latitude", _("A place needs both latitude and longitude."))
    elif latitude:
        told["location"] = {"latitude": latitude, "longitude": longitude}
    if form.errors:
        return None
    found: Mapping | None = None
    with form.refusals():
        found = read_mapping(told)
    return found


async def _form(
    request: AnyRequest, name: str, form: Form, *, there: bool, preview: Any = None, status: int = 200
) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        dataset = await dataset_of(request, tx, name, CONTRACT)
        version = await find_version_in_force(tx, dataset)
    lines = _lines(form)
    columns = list(dict.fromkeys(line.column for line in lines))
    values: dict[str, Any] = {
        "dataset": dataset,
        "title": title_of(dataset),
        "numbered": list(enumerate(lines)),
        "columns": [("", "—"), *((column, column_title(version, column)) for column in columns)],
        "column_of": partial(column_title, version),
        "types": [(name, translate(title)) for name, title in TYPES.items()],
        "terms": [(name, translate(title)) for name, title in ATTRIBUTES.items()],
        "units": UNITS,
        "there": there,
        "preview": preview,
        "shown": [json.dumps(one, ensure_ascii=False, indent=1) for one in preview.things] if preview else [],
    }
    crumbs = [Crumb(translate(_("Live city")), HOME), Crumb(title_of(dataset))]
    return page(request, "console/things/mapping.html", crumbs=crumbs, form=form, status=status, **values)


ROUTES = [edit, put, remove]
