"""Who used a person's data, for portals: the contracts of Estonia (Andmejälgija 1.6, OpenAPI 2.1.0) and of GovStack.

`userCode` is a citizen number, with or without the country before it (`VN046…`). A person may ask about themselves alone, a
portal that holds `usage.read` about anybody; for everybody else there is nothing here, whoever the number is, and the asking is
recorded.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Response, get

from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.ledger.model import Event, moment
from nhip.ledger.service import record
from nhip.privacy.clocks import plus_months
from nhip.privacy.common import AnyRequest, installation_of, signed_in
from nhip.privacy.errors import BadPeriod, SubjectUnknown, UsageNotFound
from nhip.privacy.usage import service, store
from nhip.privacy.usage.model import Page, Usage
from nhip.privacy.usage.pages import action_of
from nhip.security.parties.store import find_subject
from nhip.security.permissions.catalogue import SELF
from nhip.security.signin.gate import require_fresh
from nhip.security.subjects import subject_of

BASE = "/api/usage/v2"
NO_STORE = {"Cache-Control": "no-store"}


class UsageLine(msgspec.Struct, frozen=True, rename="camel"):
    """One use, as the contract names its parts."""

    logtime: str
    action: str
    receiver_code: str
    receiver_name: str
    receiver_system: str


class Usages(msgspec.Struct, frozen=True, rename="camel"):
    """A page of uses, newest first, and how many there are."""

    total_usages: int
    usages: list[UsageLine]


class UsagePeriod(msgspec.Struct, frozen=True, rename="camel"):
    """From when on, and up to when, there is something to ask for."""

    period_start: str
    period_end: str


class GovStackLine(msgspec.Struct, frozen=True, rename="camel"):
    """One use, as GovStack names its parts. Readers are told by organisation and number in the ledger, not by name."""

    id: str
    reader_id: str
    reader_initials: str
    reader_institution_id: str
    reader_institution_name: str
    reader_application_name: str
    search_date_time: str


@get(f"{BASE}/findUsage", permission=SELF)
async def find_usage(request: AnyRequest) -> Response[Usages]:
    """`GET findUsage?userCode&periodStart&periodEnd&offset&limit`: times in ISO 8601, `limit` 1 to 1000 (default 1000)."""
    page = await _page(request, str(request.query_params.get("userCode", "")))
    return Response(Usages(page.total, [_line(usage) for usage in page.usages]), headers=NO_STORE)


@get(f"{BASE}/usagePeriod", permission=SELF)
async def usage_period(request: AnyRequest) -> Response[UsagePeriod]:
    """From when on the ledger can be asked."""
    async with installation_of(request).db.read() as tx:
        span = await store.find_span(tx)
    return Response(UsagePeriod(_iso(moment(span.since_us)), _iso(moment(span.until_us))), headers=NO_STORE)


@get(f"{BASE}/heartbeat", permission=SELF)
async def heartbeat(request: AnyRequest) -> Response[dict[str, str]]:
    """Whether this answers: the ledger can be read."""
    async with installation_of(request).db.read() as tx:
        await store.find_span(tx)
    return Response({"status": "UP"}, headers=NO_STORE)


@get("/api/data/MyPersonalDataUsage/1.0", permission=SELF)
async def my_personal_data_usage(request: AnyRequest) -> Response[list[GovStackLine]]:
    """`GET MyPersonalDataUsage/1.0?userID`: a list, newest first."""
    page = await _page(request, str(request.query_params.get("userID") or request.query_params.get("userId") or ""))
    return Response([_govstack(usage) for usage in page.usages], headers=NO_STORE)


async def _page(request: AnyRequest, code: str) -> Page:
    since, until, window = _asked(request)
    subject, own = await _may_ask(request, code)
    return await service.find_usages(installation_of(request), subject, since=since, until=until, own=own, **window)


async def _may_ask(request: AnyRequest, code: str) -> tuple[bytes, bool]:
    """Whom the asker may ask about, and whether that is the asker. Raises SubjectUnknown, UsageNotFound."""
    installation, found = installation_of(request), await signed_in(request)
    subject = subject_of(installation.settings, code.strip().upper().removeprefix("VN"))
    if subject is None:
        raise SubjectUnknown
    async with installation.db.read() as tx:
        own = await find_subject(tx, found.id)
    if own is not None and own == subject:
        return subject, True
    if found.rights.may("usage.read"):
        await require_fresh(request, found)
        return subject, False
    told = {"route": request.url.path, "permission": "usage.read"}
    await record(
        installation.db, Event(kind="access.refused", what=f"party:{found.id}", data=told, subjects=(subject,))
    )
    raise UsageNotFound


def _asked(request: AnyRequest) -> tuple[datetime, datetime, dict[str, int]]:
    """Period and page. Raises BadPeriod."""
    query = request.query_params
    until = _moment(query.get("periodEnd")) or now()
    since = _moment(query.get("periodStart"))
    if since is None:
        local = until.astimezone(UTC)
        day = plus_months(local.date(), -12)
        since = local.replace(year=day.year, month=day.month, day=day.day)
    window = {"offset": _number(query.get("offset"), 0), "limit": _number(query.get("limit"), service.MOST)}
    return since, until, window


def _moment(text: Any) -> datetime | None:
    if not text:
        return None
    try:
        # a plus sign in an address arrives as a blank unless it was escaped
        read = datetime.fromisoformat(str(text).replace(" ", "+"))
    except ValueError as error:
        raise BadPeriod(what=_("write times as 2026-09-02T14:05:00+07:00")) from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _number(text: Any, default: int) -> int:
    if text in (None, ""):
        return default
    if not str(text).isascii() or not str(text).isdecimal() or len(str(text)) > 9:
        raise BadPeriod(what=_("offset and limit are whole numbers"))
    return int(str(text))


def _line(usage: Usage) -> UsageLine:
    name = usage.organisation_name or "Nhịp"
    action = ". ".join(part for part in (action_of(usage), usage.dataset_title, usage.purpose) if part)
    return UsageLine(_iso(usage.at), action, usage.organisation, name, f"nhip:{usage.via}")


def _govstack(usage: Usage) -> GovStackLine:
    name = usage.organisation_name or "Nhịp"
    system = f"nhip:{usage.via}"
    return GovStackLine(
        str(usage.seq), f"nhip/ledger/{usage.seq}", "", usage.organisation, name, system, _iso(usage.at)
    )


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


ROUTES = [find_usage, usage_period, heartbeat, my_personal_data_usage]
