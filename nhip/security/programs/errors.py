"""Why a program gets no key or token, and the errors of RFC 6749 and 6750 in their own words."""

from __future__ import annotations

from typing import ClassVar

from nhip.errors import BadInput, Conflict, NhipError, NotFound


class KeyNotFound(NotFound):
    """There is no such key, or it was revoked already."""


class NotAProgram(BadInput):
    """Keys are for service accounts only: {name} is none, or may not act at present."""


class ProgramNotFound(NotFound):
    """There is no program called {name}, or several. Say with --organisation whose it is; it is made there if there is none."""


class UnknownScope(BadInput):
    """There is no permission {name}. `nhip permissions` lists them."""


class ScopeNotHeld(BadInput):
    """The program does not have the right {name}, so a key cannot give it. Give the program a role first."""


class BadKeyLimits(BadInput):
    """A key cannot have these limits: {what}."""


class TooManyKeys(Conflict):
    """This program has {most} keys already. Revoke one that is not used any more."""


class OAuthRefused(NhipError):
    """The request for a token was refused: {why}."""

    status = 400
    code: ClassVar[str] = "invalid_request"
    """The error code of RFC 6749 section 5.2."""


class InvalidRequest(OAuthRefused):
    """The request cannot be read as RFC 6749 asks for it: {why}."""


class InvalidClient(OAuthRefused):
    """The client is unknown, or its proof is wrong."""

    status = 401
    code = "invalid_client"


class InvalidScope(OAuthRefused):
    """The client may not ask for this scope: {name}."""

    code = "invalid_scope"


class UnsupportedGrant(OAuthRefused):
    """Only the grant type client_credentials is answered here."""

    code = "unsupported_grant_type"
