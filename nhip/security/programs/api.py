"""The addresses of OAuth: token, revocation, and what is published about them (RFC 8414)."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post

from nhip.security.openid.addresses import public_address
from nhip.security.openid.jose import ALGORITHMS
from nhip.security.permissions.catalogue import PERMISSIONS, PUBLIC
from nhip.security.programs import oauth
from nhip.security.programs.errors import InvalidClient, InvalidRequest, OAuthRefused
from nhip.security.programs.oauth import Asked
from nhip.security.protect import client_address
from nhip.web.errors import TooMany

AnyRequest = Request[Any, Any, Any]
FORM = "application/x-www-form-urlencoded"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_WAYS = ["client_secret_basic", "client_secret_post", "private_key_jwt"]


@post("/oauth/token", permission=PUBLIC, anonymous=True, status_code=200, request_max_body_size=20_000)
async def token(request: AnyRequest) -> Response[Any]:
    """An access token for a program (client credentials)."""
    state = request.app.state
    try:
        given = await oauth.give_token(state.db, state.settings, await _asked(request))
    except (OAuthRefused, TooMany) as error:
        return _refused(request, error)
    return Response(given, headers=NO_STORE)


@post("/oauth/revoke", permission=PUBLIC, anonymous=True, status_code=200, request_max_body_size=20_000)
async def revoke(request: AnyRequest) -> Response[Any]:
    """A program gives an access token back."""
    state = request.app.state
    try:
        await oauth.revoke_token(state.db, state.settings, await _asked(request))
    except OAuthRefused as error:
        return _refused(request, error)
    return Response(None, headers=NO_STORE)


async def _asked(request: AnyRequest) -> Asked:
    """Nothing of the address is read: secrets in addresses end up in logs."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM or request.url.query:
        raise InvalidRequest(why=FORM)
    form = oauth.read_form(await request.body())
    return Asked(form, request.headers.get("authorization", ""), client_address(request))


def _refused(request: AnyRequest, error: OAuthRefused | TooMany) -> Response[Any]:
    """The answer of RFC 6749 5.2."""
    headers = dict(NO_STORE)
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.values["seconds"])
        return Response({"error": "temporarily_unavailable"}, status_code=429, headers=headers)
    if isinstance(error, InvalidClient):
        headers["WWW-Authenticate"] = 'Basic realm="nhip"'
    body = {"error": error.code, "error_description": _ascii(error.message())}
    return Response(body, status_code=error.status, headers=headers)


def _ascii(text: str) -> str:
    """Only signs that RFC 6749 allows in a description."""
    return "".join(sign for sign in text if " " <= sign <= "~" and sign not in '"\\')


@get("/.well-known/oauth-authorization-server", permission=PUBLIC, anonymous=True)
async def about(request: AnyRequest) -> dict[str, Any]:
    """What programs need to know to ask for tokens."""
    here = public_address(request.app.state.settings)
    return {
        "issuer": here,
        "token_endpoint": f"{here}/oauth/token",
        "revocation_endpoint": f"{here}/oauth/revoke",
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": _WAYS,
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": _WAYS,
        "scopes_supported": sorted(name for name, one in PERMISSIONS.items() if "program" in one.roles),
    }


ROUTES = [token, revoke, about]
"""For `nhip.web.app.build(routes=…)`."""
