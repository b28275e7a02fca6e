"""Changing one's password, one-time codes, passkeys and recovery codes. Each needs a fresh proof."""

from __future__ import annotations

import uuid
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.security.permissions.catalogue import SELF
from nhip.security.signin import attempts, codes, gate, passkeys, proofs, service, store, totp
from nhip.security.signin.common import AnyRequest, db_of, me, renewed, settings_of, visitor_of, with_next
from nhip.security.signin.errors import FACTORS, TooManyFailures
from nhip.security.signin.invited_pages import read_new, tell
from nhip.security.signin.rules import shortest
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import local, page, redirect

LOCKED = _("Too many failed attempts. Wait {minutes} minutes and try again.")


@get("/account/password", permission=SELF, any_level=True, include_in_schema=False)
async def show_password(request: AnyRequest) -> Response[Any]:
    """Ask for the new password."""
    return await _password_form(request, Form.of(), 200)


@post("/account/password", permission=SELF, any_level=True, include_in_schema=False, request_max_body_size=20_000)
async def send_password(request: AnyRequest) -> Response[Any]:
    """Change the password; all other browsers are signed out. The present password is the fresh proof."""
    form, found = await Form.read(request), await me(request)
    new = read_new(form)
    if not form.errors:
        await _require_own_proof(request, found)
        try:
            token = await service.change_password(db_of(request), visitor_of(request), found, form.raw("present"), new)
        except TooManyFailures:
            form.fail("", LOCKED, minutes=attempts.MINUTES)
        except NhipError as error:
            tell(form, error, "password")
        else:
            if token:
                done = redirect("/account", _("Your password is changed. All other browsers are signed out."))
                return renewed(request, done, token)
            form.fail("present", _("This is not your present password."))
    return await _password_form(request, form, 422)


async def _require_own_proof(request: AnyRequest, found: Any) -> None:
    """An account without a password has no present one to prove with."""
    async with db_of(request).read() as tx:
        account = await service.get_account(tx, found)
    if account.password_hash is None:
        await gate.require_fresh(request, found)


async def _password_form(request: AnyRequest, form: Form, status: int) -> Response[str]:
    async with db_of(request).read() as tx:
        account = await service.get_account(tx, await me(request))
    fewest = shortest(settings_of(request).second_factor)
    values: dict[str, Any] = {"form": form, "account": account, "fewest": fewest, "crumbs": _crumbs(_("Password"))}
    return page(request, "security/password.html", status=status, **values)


@get(FACTORS, permission=SELF, any_level=True, include_in_schema=False)
async def show_factors(request: AnyRequest) -> Response[Any]:
    """Offer what may be added; whoever has a factor already, and has not used it here, uses it first."""
    found, settings = await me(request), settings_of(request)
    asked = local(request.query_params.get("next", "/account"), "/account")
    async with db_of(request).read() as tx:
        account = await service.get_account(tx, found)
        factors = await store.get_factors(tx, account.id)
    due = gate.must_have_second(settings, found.rights)
    if factors.second and found.level < 2:
        return redirect(with_next("/confirm", asked))
    values: dict[str, Any] = {"factors": factors, "due": due and not factors.second, "next": asked}
    here = passkeys.find_place(request) is not None
    return page(request, "security/factors.html", passkeys_here=here, form=Form.of(), **values)


@post("/account/totp", permission=SELF, any_level=True, fresh=True, include_in_schema=False, status_code=303)
async def begin_totp(request: AnyRequest) -> Response[Any]:
    """Make a secret for an app."""
    form, visitor = await Form.read(request), visitor_of(request)
    async with db_of(request).tx() as tx:
        await totp.begin(tx, visitor.vault, await service.get_account(tx, await me(request)))
    return redirect(with_next("/account/totp", local(form.raw("next") or "/account", "/account")))


@get("/account/totp", permission=SELF, any_level=True, fresh=True, include_in_schema=False)
async def show_totp(request: AnyRequest) -> Response[Any]:
    """The secret as a picture and as letters, and the field for a first code."""
    return await _totp_form(request, Form.of(next=local(request.query_params.get("next", "/account"), "/account")), 200)


@post("/account/totp/confirm", permission=SELF, any_level=True, fresh=True, include_in_schema=False)
async def confirm_totp(request: AnyRequest) -> Response[Any]:
    """The first code: codes are on from now, and the session is one of two factors."""
    form, visitor, found = await Form.read(request), visitor_of(request), await me(request)
    code = form.text("code", required=_("Enter the code."), longest=60).replace(" ", "")
    if form.errors:
        return await _totp_form(request, form, 422)
    async with db_of(request).tx() as tx:
        account = await service.get_account(tx, found)
        attempt = await attempts.begin(tx, "code", account.name, visitor.address)
    if attempt is None:
        form.fail("", LOCKED, minutes=attempts.MINUTES)
        return await _totp_form(request, form, 429)
    async with db_of(request).tx() as tx:
        if await totp.confirm(tx, visitor.vault, account, code):
            await attempts.succeeded(tx, attempt)
            token = await service.renew(tx, found, "totp", 2)
            left = (await store.get_factors(tx, account.id)).codes
            return renewed(request, redirect(_after(form, left), _("One-time codes are on.")), token)
        await attempts.failed(tx, attempt, account, "code")
    form.fail("code", _("This code is wrong. Look whether the clock of your device is right."))
    return await _totp_form(request, form, 422)


def _after(form: Form, codes_left: int) -> str:
    where = local(form.raw("next") or "/account", "/account")
    return where if codes_left else with_next("/account/codes", where)


async def _totp_form(request: AnyRequest, form: Form, status: int) -> Response[Any]:
    vault = visitor_of(request).vault
    async with db_of(request).read() as tx:
        account = await service.get_account(tx, await me(request))
        secret = await totp.find_unconfirmed(tx, vault, account)
    if secret is None:
        return redirect("/account")
    picture = totp.picture_of(totp.address_of(secret, account, settings_of(request).city))
    letters = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    form.values.pop("code", None)
    values: dict[str, Any] = {"picture": picture, "letters": letters, "crumbs": _crumbs(_("One-time codes"))}
    return page(request, "security/totp.html", status=status, form=form, **values)


@post("/account/totp/remove", permission=SELF, fresh=True, include_in_schema=False, status_code=303)
async def remove_totp(request: AnyRequest) -> Response[Any]:
    """Switch one-time codes off."""
    found = await me(request)
    async with db_of(request).tx() as tx:
        account = await service.get_account(tx, found)
        await totp.remove(tx, account)
        await _forget_codes_with_last(tx, account)
    return redirect("/account", _("One-time codes are off."))


async def _forget_codes_with_last(tx: Any, account: Any) -> None:
    """Recovery codes stand in for a second factor: they go with the last one."""
    if not (await store.get_factors(tx, account.id)).second:
        await store.delete_recovery_codes(tx, account.id)


@post("/account/passkeys/{passkey_id:uuid}/name", permission=SELF, include_in_schema=False, status_code=303)
async def rename_passkey(request: AnyRequest, passkey_id: FromPath[uuid.UUID]) -> Response[Any]:
    """Call a passkey otherwise."""
    form, found = await Form.read(request), await me(request)
    name = form.text("name", longest=passkeys.LONGEST_NAME, required=_("Enter a name."))
    if form.errors:
        return redirect("/account#passkeys", str(form.errors[0]))
    async with db_of(request).tx() as tx:
        await passkeys.rename(tx, await service.get_account(tx, found), passkey_id, name)
    return redirect("/account#passkeys", _("The passkey is now called {name}."), name=name)


@post(
    "/account/passkeys/{passkey_id:uuid}/remove", permission=SELF, fresh=True, include_in_schema=False, status_code=303
)
async def remove_passkey(request: AnyRequest, passkey_id: FromPath[uuid.UUID]) -> Response[Any]:
    """Take a passkey away."""
    found = await me(request)
    async with db_of(request).tx() as tx:
        account = await service.get_account(tx, found)
        name = await passkeys.remove(tx, account, passkey_id)
        await _forget_codes_with_last(tx, account)
    return redirect("/account#passkeys", _("The passkey {name} is removed."), name=name)


@get("/account/codes", permission=SELF, any_level=True, include_in_schema=False)
async def show_codes(request: AnyRequest) -> Response[Any]:
    """Offer recovery codes; whoever has no second factor needs none."""
    found = await me(request)
    async with db_of(request).read() as tx:
        account = await service.get_account(tx, found)
        factors = await store.get_factors(tx, account.id)
    if not factors.second:
        return redirect(FACTORS)
    asked = local(request.query_params.get("next", "/account"), "/account")
    values: dict[str, Any] = {"factors": factors, "made": None, "next": asked, "crumbs": _crumbs(_("Recovery codes"))}
    return page(request, "security/codes.html", **values)


@post("/account/codes", permission=SELF, fresh=True, include_in_schema=False, status_code=200)
async def make_codes(request: AnyRequest) -> Response[Any]:
    """A new set, shown this once; the old set is worth nothing any more."""
    form, found, db = await Form.read(request), await me(request), db_of(request)
    async with db.read() as tx:
        account = await service.get_account(tx, found)
    if not await proofs.has_second(db, account):
        return redirect(FACTORS)
    made = await codes.make(db, account)
    asked = local(form.raw("next") or "/account", "/account")
    values: dict[str, Any] = {"made": made, "next": asked, "crumbs": _crumbs(_("Recovery codes"))}
    return page(request, "security/codes.html", **values)


def _crumbs(title: str) -> list[Crumb]:
    return [Crumb(translate(_("My account")), "/account"), Crumb(translate(title))]


ROUTES = [
    show_password,
    send_password,
    show_factors,
    begin_totp,
    show_totp,
    confirm_totp,
    remove_totp,
    rename_passkey,
    remove_passkey,
    show_codes,
    make_codes,
]
