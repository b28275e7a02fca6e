"""Downloads one file, conditionally (RFC 9110 section 13): ETag and Last-Modified spare the agency's line."""

from __future__ import annotations

from typing import Annotated

import msgspec

from nhip.connectors.download import download
from nhip.connectors.model import Fetched, Note, State, TestResult
from nhip.connectors.sink import Sink
from nhip.connectors.web import WebSource, filename_of, require_data, session
from nhip.kernel.i18n import _
from nhip.security.outgoing import shown
from nhip.security.secrets import Secret
from nhip.settings import Settings


class HttpSource(WebSource, frozen=True, kw_only=True):
    """Settings of an `http` source."""

    filename: Annotated[
        str, msgspec.Meta(description=_("Name for the file when the address does not tell its format, like stops.csv."))
    ] = ""
    accept_html: Annotated[
        bool, msgspec.Meta(description=_("Take a web page as data; otherwise it counts as a sign-in page."))
    ] = False


def fetch(source: HttpSource, secret: Secret, state: State, sink: Sink) -> Fetched:
    """The file if it changed. Raises OutgoingError, StorageFull."""
    with session(source, secret, sink.settings) as out:
        payload, known = download(
            out, source.url, dict(state), sink, filename=source.filename, accept_html=source.accept_html
        )
    return Fetched(payloads=[payload] if payload else [], state=known, unchanged=payload is None)


def probe(source: HttpSource, secret: Secret, settings: Settings) -> TestResult:
    """Open the address and read the first bytes only."""
    with session(source, secret, settings) as out, out.stream(source.url) as answer:
        first = next(iter(answer.iter_bytes()), b"")
        if not source.accept_html:
            require_data(answer, first)
        name = source.filename or filename_of(answer)
        size = answer.headers.get("content-length") or "?"
        values = {"url": shown(answer.url), "type": answer.media_type or "?", "size": size}
        note = Note(_("{url} answers with a file of the type {type}, {size} bytes."), values)
    return TestResult(notes=[note], would_fetch=[name], datasets=1)
