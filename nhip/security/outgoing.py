"""The one place for outgoing HTTP: guarded addresses, checked redirects, limits on time and size, clear errors.

A caller gets an `Answer` with good status only (2xx, and 304 when it asked conditionally); everything else is an
OutgoingError. Proxy variables of the environment are not used: a proxy would connect to addresses nobody checked.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Self
from urllib.parse import urlencode

import httpx

from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.security.outgoing_auth import Credentials, NoCredentials
from nhip.security.outgoing_body import Answer
from nhip.security.outgoing_errors import (
    BadAddress,
    OutgoingError,
    RedirectRefused,
    RemoteFailed,
    RemoteMissing,
    RequestRefused,
    TimedOut,
    TooManyRequests,
    WrongCredentials,
)
from nhip.security.outgoing_transport import GuardedTransport
from nhip.settings import Settings

MAX_REDIRECTS = 5
AGENT = "Nhip (city data)"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_RETRIED = frozenset({502, 503, 504})


class Outgoing:
    """A session of outgoing requests with one set of credentials, bound to the origin of the first address asked.

    Times are seconds: `connect_s` to connect, `Settings.fetch_timeout_s` to the first byte and between bytes,
    `total_s` for one whole answer.
    """

    def __init__(
        self,
        settings: Settings,
        credentials: Credentials | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        ca_certificate: str = "",
        connect_s: float = 10.0,
        total_s: float = 4 * 3600.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self._credentials = credentials or NoCredentials()
        self._headers = {"User-Agent": AGENT, "Accept-Encoding": "gzip"}
        self._own_headers = dict(headers or {})
        self._total_s = total_s
        self._sleep = sleep
        self._origin = ""
        self._transport = GuardedTransport(settings, _tls(ca_certificate), connect_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._transport.close()

    @contextmanager
    def stream(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        redirects: int = MAX_REDIRECTS,
    ) -> Iterator[Answer]:
        """GET `url` and follow at most `redirects` redirects; the body is read by the caller while the block is open.

        Raises OutgoingError. Any status but 2xx and 304 is one.
        """
        target = _parsed(url, params)
        self._origin = self._origin or _origin(target)
        response, final = self._followed(target, {**self._headers, **(headers or {})}, redirects)
        try:
            _raise_for_status(response, final)
            yield Answer(response, final, self.settings)
        finally:
            response.close()

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 64 << 20,
        tries: int = 3,
        max_wait_s: float = 120.0,
        redirects: int = MAX_REDIRECTS,
    ) -> Answer:
        """GET a body of at most `max_bytes` into memory (`answer.content`).

        Waits as `Retry-After` says (at most `max_wait_s`) after 429 and 503, and tries again after 502-504 and time-outs.
        Raises OutgoingError of the last try.
        """
        for attempt in range(1, tries + 1):
            try:
                with self.stream(url, params=params, headers=headers, redirects=redirects) as answer:
                    answer.read(max_bytes)
                    return answer
            except (TooManyRequests, RemoteFailed, TimedOut) as error:
                wait = _wait_before_retry(error, attempt)
                if attempt == tries or wait is None or wait > max_wait_s:
                    raise
                self._sleep(wait)
        raise AssertionError("unreachable")

    def post_form(
        self,
        url: str,
        form: Mapping[str, str],
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 64 << 10,
        also: frozenset[int] = frozenset(),
    ) -> Answer:
        """POST `form` urlencoded; the body of the answer is in `answer.content`. Statuses in `also` are answers too.

        Sent once and to this address only: secrets in it follow no redirect, and what it did must not happen twice.
        Raises OutgoingError.
        """
        told = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self.send("POST", url, urlencode(form).encode(), headers=told, max_bytes=max_bytes, also=also)

    def send(
        self,
        method: str,
        url: str,
        body: bytes,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 64 << 10,
        also: frozenset[int] = frozenset(),
    ) -> Answer:
        """Send `body` by POST, PUT or DELETE, once and to this address only; otherwise as `post_form`."""
        target = _parsed(url, params)
        self._origin = self._origin or _origin(target)
        response = self._sent(target, {**self._headers, **(headers or {})}, method, body)
        try:
            if response.status_code in _REDIRECTS:
                raise RedirectRefused(host=target.host, why=_("what was sent is meant for this address only"))
            if response.status_code not in also:
                _raise_for_status(response, target)
            answer = Answer(response, target, self.settings)
            answer.read(max_bytes)
            return answer
        finally:
            response.close()

    def _followed(
        self, target: httpx.URL, headers: Mapping[str, str], redirects: int
    ) -> tuple[httpx.Response, httpx.URL]:
        for _hop in range(redirects + 1):
            response = self._sent(target, headers)
            if response.status_code not in _REDIRECTS:
                return response, target
            response.close()
            target = self._next(target, response.headers.get("location", ""))
        raise RedirectRefused(host=target.host, why=_("more often than is accepted"))

    def _sent(
        self, target: httpx.URL, headers: Mapping[str, str], method: str = "GET", body: bytes | None = None
    ) -> httpx.Response:
        """One request. Credentials and the source's own headers go to their own origin only."""
        first_byte_s = float(self.settings.fetch_timeout_s)
        if _origin(target) == self._origin:
            target, headers = self._credentials.applied(target, {**headers, **self._own_headers})
        timeouts = {"connect": first_byte_s, "read": first_byte_s, "write": first_byte_s, "pool": first_byte_s}
        request = httpx.Request(method, target, headers=headers, content=body, extensions={"timeout": timeouts})
        return self._transport.exchange(request, first_byte_s, self._total_s)

    def _next(self, current: httpx.URL, location: str) -> httpx.URL:
        try:
            target = _parsed(str(current.join(location)), None)
        except (BadAddress, httpx.InvalidURL, ValueError) as error:
            raise RedirectRefused(host=current.host, why=_("the new address cannot be read")) from error
        if current.scheme == "https" and target.scheme == "http" and self._credentials.present:
            raise RedirectRefused(host=current.host, why=_("from https to http while signed in"))
        return target


def _tls(ca_certificate: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_certificate:
        try:
            context.load_verify_locations(cadata=ca_certificate)
        except (ssl.SSLError, ValueError) as error:
            raise BadAddress(url="ca_certificate") from error
    return context


def _parsed(url: str, params: Mapping[str, str] | None) -> httpx.URL:
    try:
        target = httpx.URL(url.strip())
        target = target.copy_merge_params(dict(params)) if params else target
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise BadAddress(url=url.partition("?")[0][:200]) from error
    if target.scheme not in ("http", "https") or not target.host or "%" in target.host or target.userinfo:
        raise BadAddress(url=f"{target.scheme}://{target.host}")
    return target


def _origin(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.host}:{url.port or {'http': 80, 'https': 443}[url.scheme]}"


def shown(url: httpx.URL) -> str:
    """The address as people may see it: without query, which may hold keys."""
    return f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}{url.path}"


def _raise_for_status(response: httpx.Response, url: httpx.URL) -> None:
    code = response.status_code
    if 200 <= code < 300 or code == 304:
        return
    if code in (401, 403, 407):
        raise WrongCredentials(host=url.host, code=code)
    if code in (404, 410):
        raise RemoteMissing(url=shown(url), code=code)
    if code == 429:
        wait = _retry_after(response)
        raise TooManyRequests(host=url.host, seconds=round(wait or 0), code=code, retry_after=wait)
    if code < 500:
        raise RequestRefused(host=url.host, url=shown(url), code=code)
    raise RemoteFailed(host=url.host, url=shown(url), code=code, retry_after=_retry_after(response))


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds of `Retry-After` (RFC 9110 section 10.2.3: seconds or a date); None when absent or unreadable."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(min(int(text), 10**6)) if len(text) < 8 else 1e6
    try:
        return max(0.0, (parsedate_to_datetime(text) - now()).total_seconds()) if text else None
    except (ValueError, TypeError):
        return None


def _wait_before_retry(error: OutgoingError, attempt: int) -> float | None:
    """Seconds to wait, or None when trying again is useless."""
    if isinstance(error, RemoteFailed) and error.values["code"] not in _RETRIED:
        return None
    asked = error.values.get("retry_after")
    return float(attempt if asked is None else asked)
