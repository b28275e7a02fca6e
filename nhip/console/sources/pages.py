"""Sources: how the last run ended, trying one, running one, adding one."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from nhip.connectors.errors import BadSetting
from nhip.connectors.registry import KINDS, SettingField, fields_of, get_connector, list_connectors
from nhip.connectors.titles import title_of_choice
from nhip.console.common import PAGE_SIZE, PageNumber, by_agency, installation_of, name_of, rights_of, title_of, words
from nhip.datasets.access import access_agency, access_dataset, access_source
from nhip.datasets.errors import SourceNotFound
from nhip.datasets.harvested import count_harvested, list_harvested
from nhip.datasets.jobs import run_source
from nhip.datasets.records import Dataset, Source
from nhip.datasets.sources import put_source, reason_of, try_source
from nhip.datasets.store import get_source, list_agencies, list_datasets, list_sources, list_vanished
from nhip.db import Connection
from nhip.errors import NhipError
from nhip.jobs.app import enqueue
from nhip.kernel.i18n import _
from nhip.kernel.text import fold
from nhip.security.parties.errors import NameTaken
from nhip.web.formats import number
from nhip.web.forms import Form
from nhip.web.i18n import message_of, translate
from nhip.web.model import Crumb, Listing
from nhip.web.render import page, redirect

AnyRequest = Request[Any, Any, Any]
NAME = r"(?!new$)[a-z0-9][a-z0-9-]*"
"""Names of sources stand in addresses; `new` is the page that adds one."""
EVERY = [("", _("only when asked")), ("3600", _("every hour")), ("86400", _("every day")), ("604800", _("every week"))]


@get("/console/sources", permission="source.read")
async def show_all(request: AnyRequest, q: FromQuery[str] = "", number: PageNumber = 1) -> Response[str]:
    """Sources, those whose last run did not succeed first, narrowed by words in their name or kind."""
    async with installation_of(request).db.read() as tx:
        sources = await list_sources(tx)
        titles = {d.id: d for d in await list_datasets(tx)}
    wanted = fold(q)
    found = [s for s in sources if wanted in fold(f"{s.name} {s.kind} {_title(titles, s)}")]
    found.sort(key=lambda s: (s.problem is None, s.last_ok_at is not None, s.name))
    listing = Listing(number, PAGE_SIZE, len(found))
    values: dict[str, Any] = {
        "kinds": {c.kind: c.title for c in list_connectors()},
        "datasets": titles,
        "listing": listing,
        "q": q,
    }
    shown = found[listing.offset : listing.offset + PAGE_SIZE]
    return page(request, "console/sources.html", sources=shown, **values, **words())


def _title(datasets: dict[uuid.UUID, Dataset], source: Source) -> str:
    dataset = datasets.get(source.dataset_id) if source.dataset_id else None
    return title_of(dataset) if dataset else ""


@get("/console/sources/new", permission="source.edit")
async def choose(request: AnyRequest, kind: FromQuery[str] = "") -> Response[str]:
    """Choose a kind, then fill in its settings."""
    return await _form(request, kind if kind in KINDS else "", Form.of())


@post("/console/sources/new", permission="source.edit")
async def add(request: AnyRequest, kind: FromQuery[str]) -> Response[Any]:
    """Make the source; secrets are sealed and never shown again."""
    installation = installation_of(request)
    form, connector = await Form.read(request), get_connector(kind)
    hint = _("Small letters, digits and hyphens; as you will call it")
    name = form.text("name", required=_("Give the source a name."), longest=80, pattern=NAME, hint=hint)
    agency = form.text("agency", required=_("Choose the agency that holds the data."))
    every = form.integer("every", lowest=60)
    values = {f.name: v for f in fields_of(connector) if (v := _typed(form, f)) is not None}
    secret = {s.name: v for s in connector.secrets if (v := form.raw(f"secret-{s.name}"))}
    what: dict[str, Any] = {"name": name, "kind": kind, "agency_code": agency, "settings": values, "secret": secret}
    if not form.errors:
        with form.refusals():
            try:
                async with installation.db.tx() as tx:
                    dataset = form.raw("dataset") or None
                    await _require_ours(request, tx, name, agency, dataset)
                    await put_source(tx, installation, **what, dataset=dataset, every_s=every)
            except BadSetting as error:
                form.fail(f"set-{error.values['name']}", "{why}", why=error.values["why"])
    if form.errors:
        return await _form(request, kind, form, status=422)
    return redirect(f"/console/sources/{name}", _("The source {name} is here. Try it before the first run."), name=name)


async def _require_ours(request: AnyRequest, tx: Connection, name: str, agency: str, dataset: str | None) -> None:
    """A source is made for agencies that whoever asks may make sources for, and takes over nobody's else."""
    rights = rights_of(request)
    await access_agency(tx, rights, agency, "source.edit")
    if dataset:
        await access_dataset(tx, rights, dataset, "source.edit")
    with suppress(SourceNotFound):
        there = await get_source(tx, name)
        if not rights.may("source.edit", organisation=there.agency_id):
            raise NameTaken(name=name)


def _typed(form: Form, field: SettingField) -> Any:
    text = form.raw(f"set-{field.name}").strip()
    if field.type == "yes/no":
        return form.checked(f"set-{field.name}")
    return text or None


async def _form(request: AnyRequest, kind: str, form: Form, status: int = 200) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        agencies = [("", ""), *((a.code, name_of(a)) for a in await list_agencies(tx, permission="source.edit"))]
        datasets = by_agency(await list_datasets(tx, permission="source.edit"))
    connector = get_connector(kind) if kind else None
    crumbs = [Crumb(translate(_("Sources")), "/console/sources"), Crumb(translate(_("Add a source")))]
    values: dict[str, Any] = {"connector": connector, "fields": fields_of(connector) if connector else []}
    values |= {"kinds": list_connectors(), "agencies": agencies, "datasets": datasets, "crumbs": crumbs}
    values |= {"choice_pairs": choice_pairs, "hint_of": hint_of}
    values["every"] = [(seconds, translate(title)) for seconds, title in EVERY]
    return page(request, "console/source_form.html", status=status, form=form, **values)


@get("/console/sources/{name:str}", permission="source.read")
async def show(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """One source: its settings, its last run."""
    return await _show(request, name, {})


@get("/console/sources/{name:str}/catalogue", permission="source.read")
async def catalogue(
    request: AnyRequest, name: FromPath[str], q: FromQuery[str] = "", number: PageNumber = 1
) -> Response[str]:
    """What the portal says of its datasets, as of the last harvest."""
    async with installation_of(request).db.read() as tx:
        source = await access_source(tx, rights_of(request), name)
        count = await count_harvested(tx, source, q[:200])
        listing = Listing(number, PAGE_SIZE, count.number)
        found = await list_harvested(tx, source, q[:200], PAGE_SIZE, listing.offset)
    crumbs = [Crumb(translate(_("Sources")), "/console/sources"), Crumb(name, f"/console/sources/{name}")]
    crumbs.append(Crumb(translate(_("Catalogue of the portal"))))
    values: dict[str, Any] = {"datasets": found, "count": count, "listing": listing, "q": q, "crumbs": crumbs}
    return page(request, "console/source_catalogue.html", source=source, **values)


@post("/console/sources/{name:str}/test", permission="source.run")
async def test(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """Reach the system and say what a fetch would bring."""
    installation = installation_of(request)
    async with installation.db.read() as tx:
        source = await access_source(tx, rights_of(request), name, "source.run")
    try:
        result = await try_source(installation, source)
        tried = {"notes": [n.text(translate) for n in result.notes], "would_fetch": result.would_fetch, "failed": ""}
    except NhipError as error:
        tried = {"notes": [], "would_fetch": [], "failed": message_of(error)}
    return await _show(request, name, tried)


@post("/console/sources/{name:str}/run", permission="source.run")
async def run(request: AnyRequest, name: FromPath[str]) -> Response[None]:
    """Fetch now, in the background."""
    async with installation_of(request).db.tx() as tx:
        source = await access_source(tx, rights_of(request), name, "source.run")
        await enqueue(tx, run_source, lock=f"source:{source.id}", source_id=str(source.id))
    return redirect(f"/console/sources/{name}", _("Nhịp fetches now; what arrives is worked through at once."))


async def _show(request: AnyRequest, name: str, tried: dict[str, Any]) -> Response[str]:
    async with installation_of(request).db.read() as tx:
        source = await access_source(tx, rights_of(request), name)
        dataset = next((d for d in await list_datasets(tx) if d.id == source.dataset_id), None)
        vanished = await list_vanished(tx, source_id=source.id)
        harvested = await count_harvested(tx, source)
    problem = source.problem
    reason = reason_of(problem, translate) if problem else ""
    crumbs = [Crumb(translate(_("Sources")), "/console/sources"), Crumb(source.name)]
    values: dict[str, Any] = {"source": source, "dataset": dataset, "reason": reason, "tried": tried}
    values |= {"settings": shown_settings(source), "kind": get_connector(source.kind).title, "vanished": vanished}
    values["harvested"] = harvested
    return page(request, "console/source.html", crumbs=crumbs, **values, **words())


def shown_settings(source: Source) -> list[tuple[str, str, str]]:
    """The settings that differ from nothing: title, value, hint, each in the language of the page."""
    told = []
    for field in fields_of(get_connector(source.kind)):
        value = source.settings.get(field.name)
        if value not in (None, "", [], {}):
            told.append((translate(field.title), _shown(field, value), hint_of(field)))
    return told


def _shown(field: SettingField, value: Any) -> str:
    if isinstance(value, bool):
        return translate(_("yes") if value else _("no"))
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {item}" for name, item in value.items())
    if field.choices:
        return translate(title_of_choice(field.name, value))
    return number(value) if isinstance(value, int | float) and field.name != "port" else str(value)


def hint_of(field: SettingField) -> str:
    """What is to be said of a setting beyond its title."""
    hint = translate(field.description)
    return "" if fold(hint).rstrip(".") == fold(translate(field.title)) else hint


def choice_pairs(field: SettingField) -> list[tuple[str, str]]:
    """The choices of a setting with their titles; the default, which holds where nothing is chosen, is the first."""
    chosen = sorted(field.choices, key=lambda choice: choice != field.default)
    return [(choice, translate(title_of_choice(field.name, choice))) for choice in chosen]


ROUTES = [show_all, choose, add, show, catalogue, test, run]
