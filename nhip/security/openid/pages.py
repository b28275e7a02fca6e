"""The addresses of signing in by a provider: beginning, coming back, signing out, our public keys."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath

from nhip.db import Database
from nhip.errors import NhipError
from nhip.security.limits import Limiter
from nhip.security.model import SignIn
from nhip.security.openid.errors import FlowGone, LogoutRefused, ProviderUnusable, SignInRefused
from nhip.security.openid.logout import backchannel_logout, leaving
from nhip.security.openid.model import Finished, Purpose
from nhip.security.openid.service import LASTS, Visitor, cookie_of, finish, get_provider, start
from nhip.security.openid.talk import public_part
from nhip.security.peers import counted_as
from nhip.security.permissions.catalogue import PUBLIC, SELF
from nhip.security.protect import client_address
from nhip.security.sessions import agent_of, is_secure, session_cookie, token_of, who
from nhip.settings import Settings
from nhip.web.errors import OtherOrigin, TooMany
from nhip.web.forms import Form
from nhip.web.i18n import language
from nhip.web.model import Notice
from nhip.web.problems import wants_page
from nhip.web.render import local, page, redirect

AnyRequest = Request[Any, Any, Any]
START = "/"
"""Leads on to what the person may open."""


@get("/openid/{name:str}/start", permission=PUBLIC, include_in_schema=False)
async def begin_signin(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """To the provider, to sign in; then on to `?next=`."""
    return await _begin(request, name, "signin")


@get("/openid/{name:str}/confirm", permission=SELF, any_level=True, include_in_schema=False)
async def begin_confirm(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """To the provider, to prove again who it is; then on to `?next=`."""
    return await _begin(request, name, "confirm")


@get("/openid/{name:str}/link", permission=SELF, fresh=True, include_in_schema=False)
async def begin_link(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """To the provider, to link the account there to the one here; then on to `?next=`."""
    return await _begin(request, name, "link")


async def _begin(request: AnyRequest, name: str, purpose: Purpose) -> Response[Any]:
    """Only a person who follows a link comes here: no other site's picture or frame may begin a sign-in."""
    settings: Settings = request.app.state.settings
    if request.headers.get("sec-fetch-dest", "document") != "document":
        raise OtherOrigin
    if wait := _limiter(request).take(counted_as(client_address(request))):
        raise TooMany(seconds=int(wait) + 1)
    wanted = local(request.query_params.get("next", START), START)
    here = await who(request)
    try:
        began = await start(
            request.app.state.db, settings, name, purpose=purpose, next_=wanted, who=here, language=language()
        )
    except (SignInRefused, ProviderUnusable) as error:
        return _refused(request, error)
    answer: Response[Any] = Response(None, status_code=303, headers={"Location": began.address})
    answer.cookies.append(_cookie(settings, began.cookie, began.secret))
    return answer


def _limiter(request: AnyRequest) -> Limiter:
    """As many beginnings a minute as attempts to sign in; each makes a row."""
    state, allowed = request.app.state, request.app.state.settings.signins_per_minute
    if "openid_starts" not in state:
        state.openid_starts = Limiter(allowed, allowed)
    found: Limiter = state.openid_starts
    return found


def _cookie(settings: Settings, name: str, secret: str) -> Cookie:
    """It comes along when the provider leads back, which is a visit from another site: Lax, not Strict."""
    age = int(LASTS.total_seconds()) if secret else 0
    return Cookie(
        key=name, value=secret, max_age=age, path="/", httponly=True, secure=is_secure(settings), samesite="lax"
    )


@get("/openid/{name:str}/callback", permission=PUBLIC, include_in_schema=False)
async def come_back(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Where the provider leads back to: signed in, confirmed, linked, or a page that says why not."""
    settings: Settings = request.app.state.settings
    db: Database = request.app.state.db
    pairs = list(request.query_params.multi_items())
    told = {key: value for key, value in pairs if len(value) <= 8_000}
    cookie = cookie_of(settings, told.get("state", ""))
    visitor = Visitor(client_address(request), agent_of(request), await who(request))
    try:
        if len(told) != len(pairs):
            raise FlowGone
        ended = await finish(db, settings, name, told, request.cookies.get(cookie, ""), visitor)
    except (SignInRefused, ProviderUnusable) as error:
        refused = _refused(request, error)
        refused.cookies.append(_cookie(settings, cookie, ""))
        return refused
    answer = await _go_on(request, ended)
    answer.cookies.append(_cookie(settings, cookie, ""))
    return answer


async def _go_on(request: AnyRequest, ended: Finished) -> Response[Any]:
    from nhip.security.signin.common import let_in

    if ended.account is not None:
        return await let_in(request, SignIn(token=ended.token, account=ended.account), ended.next)
    answer = redirect(ended.next)
    if ended.token:
        answer.cookies.append(session_cookie(request.app.state.settings, ended.token))
    return answer


def _refused(request: AnyRequest, error: NhipError) -> Response[Any]:
    """To the sign-in page, which says why; this address holds a code, so no page is shown here. Problem details for a program."""
    if not wants_page(request):
        raise error
    values = {name: value for name, value in error.values.items() if isinstance(value, str | int | float)}
    return redirect("/signin", Notice(type(error).template(), values, "alarm"))


@post(
    "/openid/{name:str}/backchannel",
    permission=PUBLIC,
    anonymous=True,
    include_in_schema=False,
    request_max_body_size=80_000,
)
async def end_from_behind(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """A provider tells that somebody signed out there (Back-Channel Logout 1.0, 2.5)."""
    token = (await Form.read(request)).raw("logout_token")
    headers = {"Cache-Control": "no-store"}
    try:
        await backchannel_logout(request.app.state.db, request.app.state.settings, name, token)
    except LogoutRefused as error:
        body = {"error": "invalid_request", "error_description": error.message()}
        return Response(body, status_code=400, headers=headers)
    return Response(None, status_code=200, headers=headers)


@get("/openid/{name:str}/jwks.json", permission=PUBLIC, anonymous=True, include_in_schema=False)
async def our_keys(request: AnyRequest, name: FromPath[str]) -> dict[str, Any]:
    """The public key by which a provider checks our private_key_jwt assertions."""
    async with request.app.state.db.read() as tx:
        _provider, secret = await get_provider(tx, request.app.state.settings, name)
    return public_part(secret)


async def goodbye(request: AnyRequest) -> Response[Any] | None:
    """After signing out: the page that offers to sign out at the provider too; None where no provider was used.

    Ask before the session ends. A link and no redirect: a form's answer may not lead to another site (`form-action`), and on a
    person's own device staying signed in there is often what they want.
    """
    token = token_of(request)
    found = await leaving(request.app.state.db, request.app.state.settings, token) if token else None
    if found is None:
        return None
    provider, address = found
    where = urlsplit(provider.issuer).hostname
    return page(request, "security/openid-goodbye.html", who=None, where=where, address=address)


ROUTES = [begin_signin, begin_confirm, begin_link, come_back, end_from_behind, our_keys]
"""For `nhip.web.app.build(routes=…)`."""
