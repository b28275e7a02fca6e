"""What a token says, judged: the ID token (OpenID Connect Core 1.0, 3.1.3.7) and the logout token (Back-Channel Logout 1.0, 2.6).

The signature has been checked before. All times are seconds since 1970; clocks may differ by `SKEW_S`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from nhip.kernel.i18n import _
from nhip.security.openid.jose import BadToken, Header, audiences, moment, text
from nhip.security.openid.model import Person, Provider

SKEW_S = 60.0
OLDEST_S = 600.0
"""An ID token was made during the sign-in, which lasts ten minutes at most."""
OLDEST_LOGOUT_S = 300.0
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_HASHES = {"RS256": "sha256", "PS256": "sha256", "ES256": "sha256", "EdDSA": "sha512", "Ed25519": "sha512"}


def check_id_token(
    claims: dict[str, Any],
    header: Header,
    provider: Provider,
    *,
    nonce: str,
    access_token: str,
    at: float,
    proven_since: float | None = None,
) -> None:
    """Raises BadToken unless the token is for this sign-in. `proven_since`: the person must have proved again who they are
    after this moment."""
    _check_addressee(claims, provider)
    _check_times(claims, at, OLDEST_S)
    if not hmac.compare_digest(text(claims, "nonce"), nonce):
        raise BadToken(_("it was made for another sign-in"))
    if "at_hash" in claims and not hmac.compare_digest(text(claims, "at_hash"), half_hash(access_token, header.alg)):
        raise BadToken(_("it does not belong to the access token"))
    if not text(claims, "sub"):
        raise BadToken(_("it names nobody"))
    if proven_since is not None:
        proven = moment(claims, "auth_time")
        if proven is None or proven < proven_since - SKEW_S:
            raise BadToken(_("the person was not asked to sign in again"))


def _check_addressee(claims: dict[str, Any], provider: Provider) -> None:
    """From this issuer, for us (and if for others too, made out to us)."""
    if claims.get("iss") != provider.issuer:
        raise BadToken(_("another issuer made it"))
    told = audiences(claims)
    if provider.client_id not in told:
        raise BadToken(_("it is meant for somebody else"))
    authorized = claims.get("azp", None if len(told) > 1 else provider.client_id)
    if authorized != provider.client_id:
        raise BadToken(_("it is meant for somebody else"))


def _check_times(claims: dict[str, Any], at: float, oldest_s: float) -> None:
    expires, made, begins = moment(claims, "exp"), moment(claims, "iat"), moment(claims, "nbf")
    if expires is None or made is None:
        raise BadToken(_("it does not say how long it counts"))
    if expires <= at - SKEW_S or made < at - oldest_s - SKEW_S:
        raise BadToken(_("it has expired"))
    if made > at + SKEW_S or (begins is not None and begins > at + SKEW_S):
        raise BadToken(_("it does not count yet; the clocks of the two systems may differ"))


def half_hash(value: str, alg: str) -> str:
    """The left half of the hash of `value` (`at_hash`), by the hash function of the signature."""
    digest = hashlib.new(_HASHES[alg], value.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def check_logout_token(claims: dict[str, Any], header: Header, provider: Provider, at: float) -> tuple[str, str, str]:
    """`sub`, `sid` and `jti` of a logout token; sub or sid may be empty. Raises BadToken.

    Its type keeps ID tokens from being used as logout tokens (RFC 8725, 3.11).
    """
    if header.typ.lower().removeprefix("application/") != "logout+jwt":
        raise BadToken(_("it is not a logout token"))
    _check_addressee(claims, provider)
    _check_times(claims, at, OLDEST_LOGOUT_S)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict) or "nonce" in claims:
        raise BadToken(_("it is not a logout token"))
    sub, sid, jti = text(claims, "sub"), text(claims, "sid"), text(claims, "jti")
    if not jti or not (sub or sid):
        raise BadToken(_("it does not say whom it signs out"))
    return sub, sid, jti


def person_of(provider: Provider, claims: Mapping[str, Any]) -> Person:
    """Whom the checked claims name, by the provider's profile. Raises BadToken where no subject is told."""
    told = dict(claims)
    subject = _told(told, provider.claims.subject, 255)
    if not subject:
        raise BadToken(_("it names nobody"))
    return Person(
        issuer=provider.issuer,
        subject=subject,
        sub=text(told, "sub"),
        sid=text(told, "sid"),
        level=level_of(provider, told),
        name=_told(told, provider.claims.name, 200),
        email=_told(told, provider.claims.email, 254) if told.get("email_verified") is True else "",
        citizen_number=_told(told, provider.claims.citizen_number, 20),
        organisation=_told(told, provider.claims.organisation, 80),
        auth_time=moment(told, "auth_time"),
    )


def level_of(provider: Provider, claims: Mapping[str, Any]) -> int:
    """The level of assurance 1-3 by `acr` and `amr`, whichever says more; 1 for values that nobody mapped."""
    acr, amr = claims.get("acr"), claims.get("amr")
    found = [provider.acr_levels.get(acr, 1)] if isinstance(acr, str) else []
    if isinstance(amr, list):
        found += [provider.amr_levels.get(one, 1) for one in amr if isinstance(one, str)]
    return max(found, default=1)


def _told(claims: dict[str, Any], name: str, longest: int) -> str:
    """The text at `name`: that claim, or the way into an object whose steps are parted by points."""
    if not name:
        return ""
    if name in claims:
        return text(claims, name, longest).strip()
    here: Any = claims
    *steps, last = name.split(".")
    for step in steps:
        here = here.get(step) if isinstance(here, dict) else None
    return text(here, last, longest).strip() if isinstance(here, dict) else ""
