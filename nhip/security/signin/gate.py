"""What comes before a page: the set-up of the installation, a second factor where one is due, a fresh proof for sensitive acts.

Called by the one guard (`nhip.security.permissions.guard`). Programs prove themselves by their key and are exempt.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from nhip.db import Database
from nhip.errors import NhipError
from nhip.kernel.time import now
from nhip.security import store as accounts
from nhip.security.model import Who
from nhip.security.permissions.catalogue import PERMISSIONS
from nhip.security.permissions.model import Rights
from nhip.security.signin import passkeys, store
from nhip.security.signin.errors import ConfirmNeeded, SecondFactorNeeded, SetupNeeded, SignedOut
from nhip.settings import Settings
from nhip.web.errors import SignInNeeded
from nhip.web.forms import Form
from nhip.web.problems import wants_page

AnyConnection = ASGIConnection[Any, Any, Any, Any]
KEPT = 64_000
"""Largest form, in bytes, that is carried through a proof; beyond that the browser's own way back has to do."""
KEPT_SIGNED_OUT = 1_000_000
"""The same where nobody is signed in any more: the page that refuses holds the form itself, a whole contract too."""
_SET_UP = "set_up"


async def set_up_first(connection: AnyConnection, handler: BaseRouteHandler, found: Who | None) -> None:
    """Raises SetupNeeded while there is no administrator. Once there is one, nobody asks the database again."""
    if found is not None or connection.app.state.get(_SET_UP) or handler.opt.get("before_setup"):
        return
    if not await is_set_up(connection):
        raise SetupNeeded


async def is_set_up(connection: AnyConnection) -> bool:
    """Whether this installation has had an administrator since this process began."""
    state = connection.app.state
    if not state.get(_SET_UP):
        db: Database = state.db
        async with db.read() as tx:
            state[_SET_UP] = await accounts.find_administrator(tx) is not None
    return bool(state[_SET_UP])


async def proof_first(connection: AnyConnection, handler: BaseRouteHandler, found: Who) -> None:
    """Raises SecondFactorNeeded, ConfirmNeeded. `any_level=True` on a route: it is part of the way to a second factor;
    `fresh=True`: it needs a fresh proof whatever its permission is."""
    if found.via != "session":
        return
    settings: Settings = connection.app.state.settings
    if found.level < 2 and not handler.opt.get("any_level") and must_have_second(settings, found.rights):
        raise SecondFactorNeeded
    permission = PERMISSIONS.get(handler.opt["permission"])
    if handler.opt.get("fresh") or (permission is not None and permission.sensitive):
        await require_fresh(connection, found)


def must_have_second(settings: Settings, rights: Rights) -> bool:
    """Whether whoever holds these rights may work only with a second factor."""
    if settings.second_factor == "privileged":
        return any(PERMISSIONS[name].sensitive for name in rights.names())
    return settings.second_factor == "everybody"


def is_fresh(settings: Settings, found: Who) -> bool:
    """Whether the last proof of a session is young enough."""
    last = found.confirmed_at
    return last is not None and now() - last <= timedelta(minutes=settings.confirm_minutes)


async def require_fresh(connection: AnyConnection, found: Who) -> None:
    """Raises ConfirmNeeded when a person's last proof is too old; for acts whose need shows only in what was sent."""
    if found.via != "session" or is_fresh(connection.app.state.settings, found):
        return
    needed = ConfirmNeeded()
    if isinstance(connection, Request) and connection.method not in ("GET", "HEAD"):
        kept = await _kept(connection)
        needed.form = Form.of(next=connection.url.path + (f"?{connection.url.query}" if connection.url.query else ""))
        needed.values_of_page = {**carried(kept), "lost": kept is None, **await offers(connection, found)}
    raise needed


async def signed_out(connection: AnyConnection) -> NhipError:
    """What tells whoever is not signed in: the way there; where a person sent a form, the page that keeps what they typed."""
    if not isinstance(connection, Request) or connection.method in ("GET", "HEAD") or not wants_page(connection):
        return SignInNeeded()
    if connection.headers.get("content-length", "0") == "0":
        return SignInNeeded()  # a button alone: pressed again as easily
    needed = SignedOut()
    needed.where = connection.url.path + (f"?{connection.url.query}" if connection.url.query else "")
    needed.kept, needed.files = await _texts(connection, KEPT_SIGNED_OUT)
    return needed


async def offers(connection: AnyConnection, found: Who) -> dict[str, Any]:
    """What the page that asks for a proof needs to know: the account's factors, whether passkeys work here."""
    db: Database = connection.app.state.db
    async with db.read() as tx:
        account = await accounts.find_account(tx, found.account)
        factors = await store.get_factors(tx, account.id) if account else None
    return {"factors": factors, "passkeys_here": passkeys.find_place(connection) is not None}


async def _kept(request: Request[Any, Any, Any]) -> list[tuple[str, str]] | None:
    """What was typed into the form that was sent, None where it is too large, holds files, or is no form."""
    texts, files = await _texts(request, KEPT)
    return None if files else texts


async def _texts(request: Request[Any, Any, Any], most: int) -> tuple[list[tuple[str, str]] | None, bool]:
    """What was typed, None where it is larger than `most` bytes or no form; and whether files came with it."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > most or not _is_form(request):
        return None, False
    items = list((await request.form()).multi_items())
    texts = [(name, value) for name, value in items if isinstance(value, str)]
    return texts, len(texts) < len(items)


def _is_form(request: Request[Any, Any, Any]) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    return kind in ("application/x-www-form-urlencoded", "multipart/form-data")


def carried(kept: list[tuple[str, str]] | None) -> dict[str, Any]:
    """What was typed, for the page that asks for a proof: as pairs, and as one text for a hidden field that `read` reads."""
    return {"kept": kept, "kept_text": msgspec.json.encode(kept).decode() if kept is not None else ""}


def read(text: str) -> list[tuple[str, str]] | None:
    """The pairs in the text of `carried`; None for anything else."""
    try:
        return msgspec.json.decode(text, type=list[tuple[str, str]]) if text and len(text) <= 4 * KEPT else None
    except (msgspec.MsgspecError, UnicodeError):
        return None
