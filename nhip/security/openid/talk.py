"""The authorization code flow towards a provider: where the browser goes, and what the code is exchanged for.

RFC 6749, PKCE (RFC 7636, S256 only), client authentication by secret or private_key_jwt (OpenID Connect Core 9).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import quote_plus

import msgspec
from joserfc import jwk

from nhip.kernel import random
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.security.openid.addresses import redirect_uri, with_query
from nhip.security.openid.errors import FlowGone, ProviderUnusable
from nhip.security.openid.jose import sign
from nhip.security.openid.model import Metadata, Provider, Purpose, Tokens
from nhip.security.openid.remote import get_json, in_thread, talking
from nhip.security.outgoing_auth import bearer
from nhip.security.secrets import Secret
from nhip.settings import Settings

OUR_ALGORITHM = "ES256"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ANSWERS = frozenset({400, 401})
"""Statuses of a token endpoint whose body says what is wrong (RFC 6749, 5.2)."""


def derived(secret: str, purpose: str) -> str:
    """A value that only the browser with `secret` in its cookie can bring about: the nonce, the code verifier."""
    digest = hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorization_address(
    settings: Settings,
    provider: Provider,
    metadata: Metadata,
    *,
    state: str,
    secret: str,
    purpose: Purpose,
    language: str,
) -> str:
    """Where the browser goes. To confirm, the provider is told to ask again even where the person is signed in."""
    challenge = hashlib.sha256(derived(secret, "verifier").encode()).digest()
    wanted = [value for value, level in provider.acr_levels.items() if level >= provider.minimum_level > 1]
    return with_query(
        metadata.authorization_endpoint,
        response_type="code",
        client_id=provider.client_id,
        redirect_uri=redirect_uri(settings, provider.name),
        scope=" ".join(dict.fromkeys(("openid", *provider.scopes))),
        state=state,
        nonce=derived(secret, "nonce"),
        code_challenge=base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        code_challenge_method="S256",
        ui_locales=language,
        acr_values=" ".join(wanted),
        prompt="login" if purpose == "confirm" else "",
        max_age="0" if purpose == "confirm" else "",
    )


async def exchange(
    settings: Settings, provider: Provider, metadata: Metadata, secret: Secret, *, code: str, verifier: str
) -> Tokens:
    """The tokens for `code`. Raises FlowGone when the code does not count (any more), ProviderUnusable otherwise."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri(settings, provider.name),
        "code_verifier": verifier,
    }
    proof, headers = client_proof(provider, metadata, secret)

    def work() -> tuple[int, Any]:
        with talking(settings) as out:
            told = {"Accept": "application/json", **headers}
            answer = out.post_form(metadata.token_endpoint, form | proof, headers=told, also=_ANSWERS)
            return answer.status, msgspec.json.decode(answer.content)

    status, found = await in_thread(provider, work)
    return _tokens(provider, status, found)


def _tokens(provider: Provider, status: int, found: Any) -> Tokens:
    if not isinstance(found, dict):
        raise ProviderUnusable(name=provider.name, why=_("its answer cannot be read"))
    if status in _ANSWERS:
        if found.get("error") == "invalid_grant":
            raise FlowGone
        credentials = found.get("error") in ("invalid_client", "unauthorized_client")
        why = _("it does not accept our credentials") if credentials else _("it refuses to exchange the code")
        raise ProviderUnusable(name=provider.name, why=why)
    id_token, access_token = found.get("id_token"), found.get("access_token", "")
    if not isinstance(id_token, str) or not isinstance(access_token, str):
        raise ProviderUnusable(name=provider.name, why=_("it gives no ID token"))
    return Tokens(id_token, access_token)


def client_proof(provider: Provider, metadata: Metadata, secret: Secret) -> tuple[dict[str, str], dict[str, str]]:
    """Form fields and headers by which we prove to the token endpoint who we are."""
    if provider.auth == "client_secret_basic":
        name, word = quote_plus(provider.client_id), quote_plus(secret.value("client_secret"))
        pair = base64.b64encode(f"{name}:{word}".encode()).decode()
        return {}, {"Authorization": f"Basic {pair}"}
    if provider.auth == "client_secret_post":
        return {"client_id": provider.client_id, "client_secret": secret.value("client_secret")}, {}
    assertion = _assertion(provider, secret)
    return {"client_id": provider.client_id, "client_assertion_type": _ASSERTION, "client_assertion": assertion}, {}


def _assertion(provider: Provider, secret: Secret) -> str:
    """Meant for the issuer alone, by its name and not by an address that a false provider could have told us."""
    key = jwk.import_key(msgspec.json.decode(secret.value("private_key")), "EC")
    at = int(now().timestamp())
    claims = {
        "iss": provider.client_id,
        "sub": provider.client_id,
        "aud": provider.issuer,
        "jti": random.token(),
        "iat": at,
        "exp": at + 60,
    }
    return sign(claims, key, OUR_ALGORITHM, kid=key.thumbprint(), typ="JWT")


def new_private_key() -> str:
    """A key pair for private_key_jwt, as JSON (JWK)."""
    return msgspec.json.encode(jwk.generate_key("EC", "P-256").as_dict(private=True)).decode()


def public_part(secret: Secret) -> dict[str, Any]:
    """The JWK set that the provider checks our assertions by; empty where we have no key for it."""
    text = secret.value("private_key")
    if not text:
        return {"keys": []}
    key = jwk.import_key(msgspec.json.decode(text), "EC")
    return {"keys": [{**key.as_dict(private=False), "kid": key.thumbprint(), "alg": OUR_ALGORITHM, "use": "sig"}]}


async def userinfo(
    settings: Settings, provider: Provider, metadata: Metadata, tokens: Tokens, sub: str
) -> dict[str, Any]:
    """Further claims (OpenID Connect Core 5.3); those of anybody but `sub` are not taken. Raises ProviderUnusable."""
    if not metadata.userinfo_endpoint or not tokens.access_token:
        raise ProviderUnusable(name=provider.name, why=_("it has no userinfo endpoint"))
    credentials = bearer(tokens.access_token)
    found = await in_thread(provider, lambda: get_json(settings, metadata.userinfo_endpoint, credentials))
    if not isinstance(found, dict) or found.get("sub") != sub:
        raise ProviderUnusable(name=provider.name, why=_("its userinfo is about somebody else"))
    return found
