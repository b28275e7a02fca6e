"""The desk of consents: a person's consents by their number, recording one, taking one back, telling recipients."""

from __future__ import annotations

import uuid
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.db import Connection
from nhip.errors import Forbidden, NhipError
from nhip.kernel.i18n import _
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.privacy.common import (
    HOME,
    SMALL_FORM,
    AnyRequest,
    carried_subject,
    installation_of,
    reaches,
    shown,
    signed_in,
    subject_from,
)
from nhip.privacy.consents import service, store
from nhip.privacy.consents.model import Consent
from nhip.privacy.consents.words import digest_of, words_of
from nhip.privacy.errors import ConsentGone
from nhip.privacy.processing import service as register
from nhip.privacy.processing.model import Processing
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import redirect

BASE = f"{HOME}/consents"
DESK_CHANNELS = {"desk": _("Said at the desk"), "paper": _("On a signed paper")}


@get(BASE, permission="consent.record")
async def show_desk(request: AnyRequest) -> Response[str]:
    """Look a person up; how many consents there are; recipients that must be told of a withdrawal."""
    return await _desk(request, Form.of())


@post(f"{BASE}/person", permission="consent.record", status_code=200, request_max_body_size=SMALL_FORM)
async def look_up(request: AnyRequest) -> Response[str]:
    """A person's consents. The number stays out of addresses and is not kept."""
    form = await Form.read(request)
    subject = carried_subject(form) or subject_from(form, request)
    if subject is None:
        return await _desk(request, form, status=422)
    return await _person(request, subject, Form.of())


@get([f"{BASE}/person", f"{BASE}/give", f"{BASE}/{{consent_id:uuid}}/withdraw"], permission="consent.record")
async def begin_again(request: AnyRequest) -> Response[None]:
    """These pages answer a form and have no address of their own: another language, or a bookmark, begins at the desk."""
    return redirect(BASE)


@post(f"{BASE}/give", permission="consent.record", status_code=200, request_max_body_size=SMALL_FORM)
async def give(request: AnyRequest) -> Response[str]:
    """Record that the person agreed, before the officer, to the words on the page."""
    form, installation = await Form.read(request), installation_of(request)
    subject, channel = carried_subject(form), form.choice("channel", list(DESK_CHANNELS))
    if subject is None:
        raise ConsentGone
    document = form.text("document", longest=300)
    if not channel:
        form.fail("channel", _("Say how the person agreed."))
    if channel == "paper" and not document:
        form.fail("document", _("Say where the signed paper lies."))
    if not form.errors:
        try:
            async with installation.db.tx() as tx:
                processing = await register.get(tx, form.raw("processing"))
                await _require(request, tx, processing)
                agreed: dict[str, Any] = {"shown": _digest(form), "channel": channel, "document": document}
                await service.give(tx, subject, processing, form.many("types"), **agreed)
        except NhipError as error:
            form.fail("", error.template(), **error.values)
    done = "" if form.errors else _("The consent is recorded.")
    return await _person(request, subject, form if form.errors else Form.of(), done=done)


@post(
    f"{BASE}/{{consent_id:uuid}}/withdraw",
    permission="consent.record",
    status_code=200,
    request_max_body_size=SMALL_FORM,
)
async def withdraw(request: AnyRequest, consent_id: FromPath[uuid.UUID]) -> Response[str]:
    """Take the person's consent back: one press of a button, as easily as it was given."""
    form, installation = await Form.read(request), installation_of(request)
    subject = carried_subject(form)
    if subject is None:
        raise ConsentGone
    async with installation.db.tx() as tx:
        consent = next((c for c in await store.list_consents(tx, subject) if c.id == consent_id), None)
        if consent is None:
            raise ConsentGone
        await _require(request, tx, await register.get(tx, consent.processing))
        await service.withdraw(tx, subject, consent_id, channel="desk")
    return await _person(request, subject, Form.of(), done=_("The consent is withdrawn, from this moment on."))


@post(f"{BASE}/notices/{{notice_id:uuid}}/told", permission="consent.record", request_max_body_size=SMALL_FORM)
async def told(request: AnyRequest, notice_id: FromPath[uuid.UUID]) -> Response[None]:
    """A recipient was told of a withdrawal."""
    async with installation_of(request).db.tx() as tx:
        notice = next((n for n in await store.list_notices(tx) if n.id == notice_id), None)
        if notice is None:
            raise ConsentGone
        await _require(request, tx, await register.get(tx, notice.processing))
        await service.tell(tx, notice_id)
    return redirect(BASE, _("Noted that the recipient was told."))


def _digest(form: Form) -> bytes:
    try:
        return bytes.fromhex(form.raw("shown"))
    except ValueError:
        return b""


async def _require(request: AnyRequest, tx: Connection, processing: Processing) -> None:
    if not await reaches(tx, await signed_in(request), "consent.record", processing.controller):
        raise Forbidden


async def _desk(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    found = await signed_in(request)
    async with installation_of(request).db.read() as tx:
        mine = {p.name: p for p in await _reachable(request, tx)}
        notices = [n for n in await store.list_notices(tx) if n.processing in mine]
        counts = [(mine[c.processing], c) for c in await store.count_consents(tx) if c.processing in mine]
    return shown(
        request, "consents.html", status=status, form=form, notices=notices, counts=counts, who_name=found.name
    )


async def _reachable(request: AnyRequest, tx: Connection) -> list[Processing]:
    found = await signed_in(request)
    everything = await register.list_all(tx, ended=True)
    return [p for p in everything if await reaches(tx, found, "consent.record", p.controller)]


async def _person(request: AnyRequest, subject: bytes, form: Form, done: str = "") -> Response[str]:
    """What the person agreed to and may agree to; the looking up is in the ledger before it is shown."""
    async with installation_of(request).db.tx() as tx:
        reachable = await _reachable(request, tx)
        names = {p.name for p in reachable}
        consents = [c for c in await store.list_consents(tx, subject) if c.processing in names]
        told = {"consents": len(consents)}
        await note(
            tx, Event(kind="personal.read", what="consents", why=_("Desk of consents"), data=told, subjects=(subject,))
        )
    offers = [offer(p, consents) for p in reachable if is_open(p)]
    crumbs = [Crumb(translate(_("Consents")), BASE), Crumb(translate(_("One person")))]
    values: dict[str, Any] = {"offers": offers, "consents": consents, "subject": subject.hex(), "crumbs": crumbs}
    values |= {"channels": [(name, translate(text)) for name, text in DESK_CHANNELS.items()], "done": done}
    return shown(request, "consents_person.html", status=422 if form.errors else 200, form=form, **values)


def is_open(processing: Processing) -> bool:
    """Whether one can agree to it now."""
    rests = any(b.basis == "consent" for b in processing.legal_basis)
    return processing.ended_at is None and rests and bool(processing.data_categories)


def offer(processing: Processing, consents: list[Consent]) -> dict[str, Any]:
    """A processing with the words that are shown for it, and the consent that is in force, if there is one."""
    text = words_of(processing)
    given = next((c for c in consents if c.processing == processing.name and c.withdrawn_at is None), None)
    return {"processing": processing, "text": text, "shown": digest_of(text).hex(), "given": given}


ROUTES = [show_desk, look_up, begin_again, give, withdraw, told]
