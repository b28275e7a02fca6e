"""The nouns of signing in by an identity provider: its profile, what it says about itself and about a person."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from nhip.security.model import Account

ClientAuth = Literal["client_secret_basic", "client_secret_post", "private_key_jwt"]
Purpose = Literal["signin", "confirm", "link"]


class ClaimNames(msgspec.Struct, frozen=True, kw_only=True):
    """In which claims the provider says what; points lead into objects (`address.region`). Empty: it does not say."""

    subject: str = "sub"
    name: str = "name"
    email: str = "email"
    citizen_number: str = ""
    organisation: str = ""
    """Code of the organisation that a person works for."""


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """An identity provider as an administrator describes it; its secret is kept apart."""

    name: str
    """In addresses: small letters, digits, hyphens."""
    issuer: str
    """Exactly as the provider writes it, with or without a closing slash."""
    client_id: str
    auth: ClientAuth = "client_secret_basic"
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    claims: ClaimNames = ClaimNames()
    acr_levels: Mapping[str, int] = {}
    """Value of `acr` -> level of assurance 1-3 here. Values that are not named count as 1."""
    amr_levels: Mapping[str, int] = {}
    """Value in `amr` -> level; the highest one counts."""
    minimum_level: int = 1
    """Whoever comes with less is refused."""
    unknown: Literal["refuse", "citizen"] = "refuse"
    """People who are not linked: refused, or registered here as citizens."""
    vouches_for_number: bool = False
    """Whether its citizen numbers are checked ones, so that they may join its accounts to people who are known here."""
    userinfo: bool = False
    """Whether claims are fetched from the userinfo endpoint too."""
    label_vi: str = ""
    label_en: str = ""
    enabled: bool = True

    def label(self, language: str) -> str:
        """What stands on its button."""
        return (self.label_vi if language == "vi" else self.label_en) or self.label_vi or self.label_en or self.name


class KnownProvider(msgspec.Struct, frozen=True):
    """A kept provider as lists show it."""

    provider: Provider
    has_secret: bool
    identities: int
    """How many of its accounts are linked."""
    made_at: datetime
    changed_at: datetime


class Metadata(msgspec.Struct, frozen=True):
    """What a provider says about itself (OpenID Connect Discovery 1.0 section 3); only what is used here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    authorization_response_iss_parameter_supported: bool = False
    backchannel_logout_supported: bool = False
    code_challenge_methods_supported: tuple[str, ...] = ()
    id_token_signing_alg_values_supported: tuple[str, ...] = ()
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    acr_values_supported: tuple[str, ...] = ()


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in under way."""

    state_hash: bytes
    browser_hash: bytes
    provider: str
    purpose: Purpose
    next: str
    party_id: uuid.UUID | None = None
    session_id: uuid.UUID | None = None
    made_at: datetime


class Tokens(msgspec.Struct, frozen=True):
    """What the token endpoint gave."""

    id_token: str
    access_token: str = ""

    def __repr__(self) -> str:
        """Without the tokens, so that they cannot reach a log."""
        return "Tokens(***)"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the provider names, checked and mapped by its profile."""

    issuer: str
    subject: str
    """What the account is known by here; see `ClaimNames.subject`."""
    sub: str
    sid: str = ""
    level: int
    name: str = ""
    email: str = ""
    citizen_number: str = ""
    organisation: str = ""
    auth_time: float | None = None

    def __repr__(self) -> str:
        """Without what says who it is, so that it cannot reach a log."""
        return f"Person(issuer={self.issuer!r}, level={self.level})"


class Identity(msgspec.Struct, frozen=True):
    """An account of a provider that is linked to a party."""

    id: uuid.UUID
    issuer: str
    subject: str
    party_id: uuid.UUID
    made_at: datetime
    seen_at: datetime | None


class Started(msgspec.Struct, frozen=True):
    """A flow that began: where the browser goes, and the cookie that binds it."""

    address: str
    cookie: str
    secret: str

    def __repr__(self) -> str:
        """Without the secret, so that it cannot reach a log."""
        return f"Started(cookie={self.cookie!r})"


class Finished(msgspec.Struct, frozen=True):
    """A flow that ended well: `token` of the session that began with it (then with its `account`) or goes on, empty where an
    account was linked."""

    next: str
    token: str = ""
    account: Account | None = None

    def __repr__(self) -> str:
        """Without the token, so that it cannot reach a log."""
        return f"Finished(next={self.next!r})"


class Offer(msgspec.Struct, frozen=True):
    """A button of the sign-in page."""

    name: str
    label: str
