"""What the pages of this package share: the installation, numbers that are entered and never kept, downloads, words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Annotated, Any

from litestar import Request, Response
from litestar.params import QueryParameter

from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.kernel.i18n import _
from nhip.kernel.time import VIETNAM
from nhip.privacy.clocks import last_day
from nhip.privacy.policy import BASES, CHECKED, REQUESTS
from nhip.security.model import Who
from nhip.security.parties.store import find_by_code
from nhip.security.sessions import who
from nhip.security.subjects import subject_of
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Tab
from nhip.web.render import page

AnyRequest = Request[Any, Any, Any]
PageNumber = Annotated[int, QueryParameter(name="page", ge=1, le=100_000)]
PAGE_SIZE = 50
HOME = "/console/privacy"
SMALL_FORM = 200_000
"""Most bytes of a form without files."""


def installation_of(request: AnyRequest) -> Installation:
    """The installation that this server runs on."""
    found = request.app.state.installation
    assert isinstance(found, Installation)
    return found


async def signed_in(request: AnyRequest) -> Who:
    """Who asks; the guard made sure that somebody is signed in."""
    found = await who(request)
    assert found is not None
    return found


async def reaches(tx: Connection, found: Who, permission: str, organisation_code: str) -> bool:
    """Whether `permission` holds for an organisation."""
    organisation = await find_by_code(tx, organisation_code)
    return found.rights.may(permission, organisation=organisation.id if organisation else None)


def subject_from(form: Form, request: AnyRequest, name: str = "number") -> bytes | None:
    """The keyed hash of a citizen number that was typed; what is wrong with it is noted in the form."""
    typed = form.raw(name).strip()
    form.values.pop(name, None)  # the number goes no further than here, not even back into the page
    if not typed:
        form.fail(name, _("Enter the citizen number."))
        return None
    subject = subject_of(installation_of(request).settings, typed)
    if subject is None:
        form.fail(name, _("A citizen number has 12 digits, that of an old identity card 9."))
    return subject


def carried_subject(form: Form) -> bytes | None:
    """The keyed hash that a page of ours carries in a hidden field; None when it was tampered with."""
    text = form.raw("subject")
    return bytes.fromhex(text) if len(text) == 64 and all(c in "0123456789abcdef" for c in text) else None


def moment_of(form: Form, name: str) -> datetime | None:
    """A day (three fields) and a time of day (`<name>-time`, 14:05; empty: midnight), in Vietnam's time."""
    day = form.date(name)
    typed = form.text(f"{name}-time", longest=5)
    if day is None:
        return None
    try:
        at = time.fromisoformat(typed.zfill(5)) if typed else time()
    except ValueError:
        form.fail(f"{name}-time", _("Write the time of day as 14:05."))
        return None
    return datetime.combine(day, at, VIETNAM)


def lines_of(form: Form, name: str, *, most: int = 50) -> tuple[str, ...]:
    """The lines of a text field, without empty ones."""
    found = tuple(line.strip() for line in form.text(name, longest=8_000).splitlines() if line.strip())
    if len(found) > most:
        form.fail(name, _("Write at most {most} lines."), most=most)
    return found[:most]


def shown(request: AnyRequest, template: str, *, status: int = 200, **values: Any) -> Response[str]:
    """A page of this package that no cache keeps."""
    words: dict[str, Any] = {
        "bases": BASES,
        "request_kinds": REQUESTS,
        "checked": CHECKED,
        "last_day": last_day,
        "my_tabs": my_tabs,
    }
    headers = {"Cache-Control": "no-store"}
    return page(request, f"privacy/{template}", status=status, headers=headers, **words, **values)


MINE = {
    "/account/usage": _("Who used my data"),
    "/account/requests": _("My requests"),
    "/account/consents": _("My consents"),
}
"""The pages about oneself."""


def my_tabs(current: str) -> list[Tab]:
    """The pages about oneself, `current` among them."""
    return [Tab(translate(title), href, href == current) for href, title in MINE.items()]


def download(body: str | bytes, name: str, media_type: str) -> Response[bytes]:
    """A file to keep; text as UTF-8 with a mark that spreadsheets understand where it is CSV."""
    content = body.encode() if isinstance(body, str) else body
    if media_type == "text/csv":
        content = b"\xef\xbb\xbf" + content
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=media_type, headers=headers)


def options(titles: Mapping[str, str]) -> list[tuple[str, str]]:
    """Choices of a list in the language of the page."""
    return [(name, translate(title)) for name, title in titles.items()]
