"""The web server in front, as strangers meet it: whether it seals well what goes over it. Asked by `nhip doctor`.

What counts as well: TLS 1.2 and 1.3 only, forward secrecy and no broken cipher (RFC 9325), a
certificate that this machine believes and that lasts; http leads pages on and refuses programs.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import warnings
from urllib.parse import SplitResult, urlsplit

import msgspec

from nhip.kernel.i18n import _
from nhip.security.tls import believed_context

WAIT_S = 5
LASTS_DAYS = 14
"""A certificate should be renewed before fewer days than this are left."""
_OLD = {ssl.TLSVersion.TLSv1: "TLS 1.0", ssl.TLSVersion.TLSv1_1: "TLS 1.1"}
_WEAK = "kRSA:aNULL:eNULL:3DES:RC4:SEED:IDEA:@SECLEVEL=0"
"""What no server should choose: no forward secrecy, no proof of the server, no or broken encryption (OpenSSL's names)."""


class Seen(msgspec.Struct, frozen=True):
    """One thing about the web server: marked English texts; `mend` is empty where all is well."""

    name: str
    seen: str
    mend: str = ""


def look_at_front(base_url: str, http_port: int = 80) -> list[Seen]:
    """What strangers meet at `base_url`; nothing where it is not https."""
    at = urlsplit(base_url)
    if at.scheme != "https" or not at.hostname:
        return []
    return [_certificate(at), _versions(at), _ciphers(at), _plain(at, http_port)]


def _certificate(at: SplitResult) -> Seen:
    name, renew = _("certificate"), _("Renew the certificate of the web server; see docs/howto/install-safely.md.")
    try:
        with _sealed(at, believed_context()) as line:
            ends = str((line.getpeercert() or {}).get("notAfter", ""))
    except ssl.SSLCertVerificationError as error:
        return Seen(name, error.verify_message, renew)
    except OSError as error:
        return Seen(name, str(error), _("Start the web server, or put right base_url."))
    days = int((ssl.cert_time_to_seconds(ends) - time.time()) // 86_400)
    return Seen(name, ends, "" if days >= LASTS_DAYS else renew)


def _versions(at: SplitResult) -> Seen:
    name = _("TLS versions")
    for version, told in _OLD.items():
        if _agreed(at, version, "ALL:@SECLEVEL=0"):
            return Seen(name, told, _("Let the web server speak TLS 1.2 and 1.3 only."))
    return Seen(name, _("ok"))


def _ciphers(at: SplitResult) -> Seen:
    name = _("TLS ciphers")
    if weak := _agreed(at, ssl.TLSVersion.TLSv1_2, _WEAK):
        return Seen(name, weak, _("Let the web server use ciphers with forward secrecy (ECDHE) only."))
    return Seen(name, _("ok"))


def _agreed(at: SplitResult, version: ssl.TLSVersion, ciphers: str) -> str:
    """The cipher that the server agrees to when nothing better is offered; empty where it refuses, as it should."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is sent: only whether it would talk
    try:
        context.set_ciphers(ciphers)  # this machine may know none of them any more
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what is looked for
            context.minimum_version = context.maximum_version = version
        with _sealed(at, context) as line:
            return (line.cipher() or ("",))[0]
    except (OSError, ValueError):
        return ""


def _plain(at: SplitResult, port: int) -> Seen:
    """What plain http answers: pages are led to https; what programs send is refused, so that they notice."""
    name = _("plain http")
    try:
        page, program = _answer(at, port, "/"), _answer(at, port, "/api/3/action/status_show")
    except (OSError, http.client.HTTPException):
        return Seen(name, _("refused"))
    if not page[1].startswith("https://"):
        return Seen(name, str(page[0]), _("Let the web server lead http to https."))
    if program[0] < 400:
        return Seen(name, str(program[0]), _("Let the web server refuse /api/ over http, so that programs notice."))
    return Seen(name, _("ok"))


def _answer(at: SplitResult, port: int, path: str) -> tuple[int, str]:
    line = http.client.HTTPConnection(str(at.hostname), port, timeout=WAIT_S)
    try:
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, answer.getheader("Location", "") or ""
    finally:
        line.close()


def _sealed(at: SplitResult, context: ssl.SSLContext) -> ssl.SSLSocket:
    line = socket.create_connection((str(at.hostname), at.port or 443), timeout=WAIT_S)
    try:
        return context.wrap_socket(line, server_hostname=at.hostname)
    except BaseException:
        line.close()
        raise
