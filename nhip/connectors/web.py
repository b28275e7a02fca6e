"""What all sources over HTTP share: signing in, an outgoing session, and file names from answers."""

from __future__ import annotations

import re
from datetime import datetime
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Annotated, Final, Literal
from urllib.parse import unquote

import msgspec

from nhip.connectors.errors import BadSetting
from nhip.connectors.model import SecretField
from nhip.kernel.i18n import _
from nhip.security.outgoing import Outgoing, shown
from nhip.security.outgoing_auth import Credentials, HeaderCredentials, QueryCredentials, basic, bearer
from nhip.security.outgoing_body import Answer
from nhip.security.outgoing_errors import NotTheAnswer
from nhip.security.secrets import Secret
from nhip.settings import Settings

Auth = Literal["none", "basic", "bearer", "header", "query"]

_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE: Final = re.compile(r"[^\x00-\x1f\x7f]*")
"""RFC 9110 sections 5.1 and 5.5."""

SECRETS = (
    SecretField("password", _("Password (basic)")),
    SecretField("token", _("Token or key (bearer, header, query)")),
)


class WebSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings that every source over HTTP has."""

    url: Annotated[str, msgspec.Meta(min_length=1, description=_("Address, beginning with https:// or http://."))]
    auth: Annotated[Auth, msgspec.Meta(description=_("How to sign in."))] = "none"
    username: Annotated[str, msgspec.Meta(description=_("User name, for basic."))] = ""
    auth_name: Annotated[str, msgspec.Meta(description=_("Name of the header or parameter that carries the key."))] = ""
    headers: Annotated[
        dict[str, str], msgspec.Meta(description=_("Further request headers; keys do not belong here."))
    ] = {}
    ca_certificate: Annotated[
        str, msgspec.Meta(description=_("Certificate of the agency's own authority, PEM text."))
    ] = ""


def session(source: WebSource, secret: Secret, settings: Settings) -> Outgoing:
    """An outgoing session with the source's credentials; use it as a context manager."""
    for name, value in source.headers.items():
        if not _HEADER.fullmatch(name) or not _VALUE.fullmatch(value):
            why = _("a header has a name of letters and - and a text of one line")
            raise BadSetting(kind="http", name="headers", why=why)
    return Outgoing(settings, credentials(source, secret), headers=source.headers, ca_certificate=source.ca_certificate)


def credentials(source: WebSource, secret: Secret) -> Credentials | None:
    """The proof that goes with each request. Raises BadSetting when the name of the header or parameter is missing."""
    if source.auth == "basic":
        return basic(source.username, secret.value("password"))
    if source.auth == "bearer":
        return bearer(secret.value("token"))
    if source.auth == "none":
        return None
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", source.auth_name):
        raise BadSetting(kind="http", name="auth_name", why=_("write the name of the header or parameter"))
    kind = HeaderCredentials if source.auth == "header" else QueryCredentials
    return kind(source.auth_name, secret.value("token"))


def filename_of(answer: Answer, fallback: str = "download") -> str:
    """Name by `Content-Disposition` (RFC 6266), else the last part of the address."""
    message = Message()
    message["Content-Disposition"] = answer.headers.get("content-disposition", "")
    named = message.get_filename()
    if named and named.startswith("=?"):  # as in letters (RFC 2047), which some portals send
        named = str(make_header(decode_header(named)))
    return unquote(named) if named else answer.url.path.rstrip("/").rpartition("/")[2] or fallback


def modified_of(answer: Answer) -> datetime | None:
    """`Last-Modified` as an instant; None when absent or unreadable."""
    try:
        return parsedate_to_datetime(answer.headers.get("last-modified", ""))
    except (ValueError, TypeError):
        return None


def require_data(answer: Answer, first: bytes) -> None:
    """Raises NotTheAnswer when a page came instead of a file: portals answer 200 with their sign-in page."""
    head = first[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if "html" in answer.media_type and head.startswith((b"<!doctype html", b"<html", b"<!--")):
        raise NotTheAnswer(host=answer.host, what=_("a web page"), url=shown(answer.url))
