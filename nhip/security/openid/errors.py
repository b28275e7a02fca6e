"""Why an identity provider cannot be used, or does not let somebody in. No message repeats what a provider wrote for people."""

from __future__ import annotations

from nhip.errors import BadInput, Conflict, Forbidden, NhipError, NotFound


class ProviderNotFound(NotFound):
    """There is no identity provider of this name, or it is switched off."""


class ProviderUnusable(NhipError):
    """The identity provider {name} cannot be used: {why}."""

    status = 502


class BadProvider(BadInput):
    """This identity provider cannot be kept: {what}."""


class IssuerTaken(Conflict):
    """The issuer {issuer} belongs to another identity provider here already."""


class SignInRefused(Forbidden):
    """Signing in was refused."""


class FlowGone(SignInRefused):
    """This sign-in is no longer valid: it took longer than ten minutes, was begun in another browser, or was used already.
    Begin again."""

    status = 400


class ProviderSaidNo(SignInRefused):
    """The identity provider did not sign you in ({code}). Begin again, or sign in another way."""


class TurnedBack(SignInRefused):
    """You are not signed in: you turned back at the identity provider, or it does not let you in here."""


class TokenRefused(SignInRefused):
    """The identity provider's answer cannot be trusted: {why}. Nothing was changed. Tell the administrator, if it happens
    again."""


class NotLinked(SignInRefused):
    """You are known to the identity provider, but not here yet. Ask the administrator to link your account."""


class NotActive(SignInRefused):
    """Your account here may not be used at present. Ask the administrator."""


class LevelTooLow(SignInRefused):
    """The identity provider signed you in at a level of assurance that is too low here ({level}, at least {wanted} is needed).
    Sign in there with a stronger means, for example a second factor."""


class OtherOrganisation(SignInRefused):
    """The identity provider says that you do not belong to your organisation here any more. Ask the administrator."""


class OtherPerson(SignInRefused):
    """You signed in at the identity provider as somebody else. Sign in there with the account that is linked here."""


class IdentityTaken(SignInRefused):
    """This account of the identity provider is linked to somebody else here already."""


class NumberTaken(SignInRefused):
    """Your citizen number is known here under another account. Ask the administrator to join them."""


class LastWayIn(Conflict):
    """This is the only way you can sign in. Set a password first."""


class LogoutRefused(BadInput):
    """This logout token is not accepted: {why}."""
