"""What the script of the passkey buttons asks: options for the browser, then the passkey's answer. JSON both ways."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, post

from nhip.security.permissions.catalogue import PUBLIC, SELF
from nhip.security.sessions import session_cookie, step_cookie
from nhip.security.signin import passkeys, service, steps, store
from nhip.security.signin.common import AnyRequest, db_of, let_in, me, settings_of, visitor_of, with_next
from nhip.security.signin.errors import ProofRefused, ProofTooLate
from nhip.security.signin.model import Purpose, Step
from nhip.web.render import local

SMALL = 40_000
"""Bytes; an answer with attestation is below 10,000."""


class Answer(msgspec.Struct, frozen=True):
    """What the browser sends: the credential as WebAuthn's JSON, where the person wants to go, a name for a new passkey."""

    credential: dict[str, Any]
    next: str = "/"
    name: str = ""

    @property
    def text(self) -> str:
        """The credential as the library reads it."""
        return msgspec.json.encode(self.credential).decode()


async def _read(request: AnyRequest) -> Answer:
    try:
        return msgspec.json.decode(await request.body(), type=Answer)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ProofRefused from error


def _options(request: AnyRequest, options: bytes, purpose: Purpose, token: str = "") -> Response[bytes]:
    answer = Response(options, media_type="application/json", status_code=200)
    if token:
        answer.cookies.append(step_cookie(settings_of(request), purpose, token))
    return answer


def _go_on(where: str, *cookies: Any) -> Response[bytes]:
    body = msgspec.json.encode({"next": local(where, "/")})
    return Response(body, media_type="application/json", status_code=200, cookies=list(cookies))


@post("/signin/passkey/options", permission=PUBLIC, include_in_schema=False, request_max_body_size=1_000)
async def ask_alone(request: AnyRequest) -> Response[bytes]:
    """Options for signing in with a passkey alone."""
    place = passkeys.get_place(request)
    token, options = await service.ask_to_sign_in(db_of(request), visitor_of(request), place)
    return _options(request, options, "passkey", token)


@post("/signin/passkey", permission=PUBLIC, include_in_schema=False, request_max_body_size=SMALL)
async def send_alone(request: AnyRequest) -> Response[bytes]:
    """Sign in with a passkey alone."""
    return await _signed_in(request, "passkey")


@post("/signin/second/passkey/options", permission=PUBLIC, include_in_schema=False, request_max_body_size=1_000)
async def ask_second(request: AnyRequest) -> Response[bytes]:
    """Options for a passkey after the password."""
    place = passkeys.get_place(request)
    return _options(request, await service.ask_second(db_of(request), visitor_of(request), place), "second")


@post("/signin/second/passkey", permission=PUBLIC, include_in_schema=False, request_max_body_size=SMALL)
async def send_second(request: AnyRequest) -> Response[bytes]:
    """A passkey after the password."""
    return await _signed_in(request, "second")


async def _signed_in(request: AnyRequest, purpose: Purpose) -> Response[bytes]:
    answer = await _read(request)
    visitor = visitor_of(request, purpose)
    place = passkeys.get_place(request)
    ended = await service.finish_with_passkey(db_of(request), visitor, place, purpose, answer.text)
    led = await let_in(request, ended, local(answer.next, "/"))
    return _go_on(answer.next, *led.cookies, step_cookie(visitor.settings, purpose, ""))


@post("/confirm/passkey/options", permission=SELF, any_level=True, include_in_schema=False, request_max_body_size=1_000)
async def ask_again(request: AnyRequest) -> Response[bytes]:
    """Options for proving again who one is."""
    token, options = await service.ask_again(db_of(request), await me(request), passkeys.get_place(request))
    return _options(request, options, "confirm", token)


@post("/confirm/passkey", permission=SELF, any_level=True, include_in_schema=False, request_max_body_size=SMALL)
async def send_again(request: AnyRequest) -> Response[bytes]:
    """Prove again who one is; the page goes on by itself."""
    answer = await _read(request)
    visitor, place, found = visitor_of(request, "confirm"), passkeys.get_place(request), await me(request)
    token = await service.confirm_with_passkey(db_of(request), visitor, place, found, answer.text)
    return _go_on(answer.next, session_cookie(visitor.settings, token), step_cookie(visitor.settings, "confirm", ""))


@post(
    "/account/passkeys/options",
    permission=SELF,
    any_level=True,
    fresh=True,
    include_in_schema=False,
    request_max_body_size=1_000,
)
async def ask_new(request: AnyRequest) -> Response[bytes]:
    """Options for making a passkey."""
    place, found, challenge = passkeys.get_place(request), await me(request), service.new_challenge()
    async with db_of(request).tx() as tx:
        account = await service.get_account(tx, found)
        known = await store.list_passkeys(tx, account.id)
        token = await steps.begin(tx, Step("register", account.id, found.session, challenge, ""))
    city = settings_of(request).city
    options = passkeys.options_to_add(place, account, found.name, city, known, challenge)
    return _options(request, options, "register", token)


@post(
    "/account/passkeys",
    permission=SELF,
    any_level=True,
    fresh=True,
    include_in_schema=False,
    request_max_body_size=SMALL,
)
async def send_new(request: AnyRequest) -> Response[bytes]:
    """Register the passkey; the session is then one of two factors, under a new token."""
    answer = await _read(request)
    visitor, place, found = visitor_of(request, "register"), passkeys.get_place(request), await me(request)
    async with db_of(request).tx() as tx:
        step = await steps.take(tx, "register", visitor.step)
    if step is None or step.challenge is None or step.session_id != found.session:
        raise ProofTooLate
    async with db_of(request).tx() as tx:
        account = await service.get_account(tx, found)
        await passkeys.add(tx, place, account, step.challenge, answer.text, answer.name)
        token = await service.renew(tx, found, "passkey", 2)
        codes = (await store.get_factors(tx, account.id)).codes
    where = with_next("/account/codes", local(answer.next)) if not codes else answer.next
    return _go_on(where, session_cookie(visitor.settings, token), step_cookie(visitor.settings, "register", ""))


ROUTES = [ask_alone, send_alone, ask_second, send_second, ask_again, send_again, ask_new, send_new]
