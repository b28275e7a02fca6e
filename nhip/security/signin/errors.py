"""What can go wrong while somebody proves who they are, in words that tell a stranger nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Response

from nhip.errors import BadInput, Conflict, NotFound
from nhip.web.errors import Detour
from nhip.web.forms import Form
from nhip.web.i18n import message_of
from nhip.web.render import is_fragment, local, page, redirect

FACTORS = "/account/second-factor"


class SetupNeeded(Detour):
    """Nhịp is not set up yet. Open the address that it printed when it started."""

    status = 503

    def lead(self, request: Any) -> Response[Any]:
        """To the page that sets it up."""
        return redirect("/setup")


class SecondFactorNeeded(Detour):
    """This needs a second factor. Add a passkey or one-time codes to your account first."""

    status = 403

    def lead(self, request: Any) -> Response[Any]:
        """To the page that adds one, which leads back."""
        return _to(request, FACTORS)


class ConfirmNeeded(Detour):
    """Confirm who you are: your last proof is too long ago for this."""

    status = 403
    form: Form | None = None
    """What to show where a form was sent: `next` is its address."""
    values_of_page: Mapping[str, Any] = {}

    def lead(self, request: Any) -> Response[Any]:
        """To the page that asks for a proof and leads back; where a form was sent, that page itself, with the form in it."""
        if self.form is None or is_fragment(request):
            return _to(request, "/confirm")
        return page(request, "security/confirm.html", status=403, form=self.form, **self.values_of_page)


class SignedOut(Detour):
    """You are no longer signed in, so nothing was saved. Sign in, then send it again."""

    status = 401
    where: str = ""
    kept: list[tuple[str, str]] | None = None
    """What was typed; None where it could not be kept."""
    files: bool = False
    """Whether files came with it, which nobody keeps."""

    def lead(self, request: Any) -> Response[Any]:
        """A page that holds what was typed until whoever typed it has signed in in another tab; on a page that only asked for a
        part of itself, a word above it, as going away would lose what stands there."""
        values: dict[str, Any] = {
            "where": self.where,
            "kept": self.kept,
            "files": self.files,
            "detail": message_of(self),
        }
        if is_fragment(request):
            swap = {"HX-Retarget": "#notices", "HX-Reswap": "innerHTML"}
            return page(request, "security/signed_out.html", status=401, block="fragment", headers=swap, **values)
        return page(request, "security/signed_out.html", status=401, **values)


def _to(request: Any, path: str) -> Response[Any]:
    """To `path` and back to the page that the person sees now."""
    if is_fragment(request):
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
        where = f"{path}?next={quote(local(shown.path + (f'?{shown.query}' if shown.query else '')))}"
        return Response(None, status_code=200, headers={"HX-Redirect": where})
    if request.method not in ("GET", "HEAD"):
        return redirect(path)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return redirect(f"{path}?next={quote(local(wanted))}")


class ProofRefused(BadInput):
    """The passkey was not accepted. Try again, or choose another way."""

    status = 422


class ProofTooLate(BadInput):
    """This took too long, or was done already. Load the page and try again."""

    status = 422


class TooManyFailures(BadInput):
    """Too many failed attempts. Wait {minutes} minutes and try again."""

    status = 429


class PasskeyKnown(Conflict):
    """This passkey is registered already."""


class TooManyPasskeys(Conflict):
    """You have {most} passkeys already. Remove one that you no longer use."""


class PasskeysNeedName(BadInput):
    """Passkeys work only under a name, with https or on localhost, and not under a bare network address."""


class PasskeyGone(NotFound):
    """You have no such passkey."""


class PasswordRefused(BadInput):
    """This password cannot be used."""

    status = 422


class PasswordShort(PasswordRefused):
    """This password has {n} characters. Use at least {least}."""


class PasswordLong(PasswordRefused):
    """This password has {n} characters. Use at most {most}."""


class PasswordEasy(PasswordRefused):
    """This password is too easy to guess. Take four or five words that do not belong together."""


class AccountNotFound(NotFound):
    """Nobody signs in under the name {name}."""
