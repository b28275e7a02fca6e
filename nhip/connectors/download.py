"""One file over HTTP into the sink, only when it changed."""

from __future__ import annotations

import hashlib
from typing import Any

from nhip.connectors.model import Payload
from nhip.connectors.sink import Draft, Sink
from nhip.connectors.web import filename_of, modified_of, require_data
from nhip.security.outgoing import Outgoing, shown
from nhip.security.outgoing_body import Answer


def download(
    out: Outgoing,
    url: str,
    known: dict[str, Any],
    sink: Sink,
    *,
    filename: str = "",
    accept_html: bool = False,
    dataset: str = "",
    resource: str = "",
) -> tuple[Payload | None, dict[str, Any]]:
    """Fetch `url` unless it is as `known` says (ETag, Last-Modified, SHA-256). Returns the payload or None, and what is
    known now. Raises OutgoingError, StorageFull."""
    mark = hashlib.blake2b(url.encode(), digest_size=8).hexdigest()  # not the address itself: its query may hold a key
    with out.stream(url, headers=_conditions(known, mark)) as answer:
        if answer.status == 304:
            return None, known
        with sink.file(filename or "download", origin=shown(answer.url), dataset=dataset, resource=resource) as draft:
            _copy(answer, draft, accept_html)
            draft.filename = filename or filename_of(answer)
            draft.media_type = answer.media_type
            draft.modified = modified_of(answer)
    payload = draft.payload
    now_known = {
        "etag": answer.headers.get("etag", ""),
        "modified": answer.headers.get("last-modified", ""),
        "sha256": payload.sha256,
        "url": mark,
    }
    if payload.sha256 == known.get("sha256"):
        payload.path.unlink()
        return None, now_known
    return payload, now_known


def _conditions(known: dict[str, Any], mark: str) -> dict[str, str]:
    """Headers for "only if it changed"; none when the address is another one than last time, whose ETag says nothing here."""
    if known.get("url") != mark:
        return {}
    wanted = {"If-None-Match": known.get("etag", ""), "If-Modified-Since": known.get("modified", "")}
    return {name: value for name, value in wanted.items() if value}


def _copy(answer: Answer, draft: Draft, accept_html: bool) -> None:
    first = True
    for piece in answer.iter_bytes():
        if first and not accept_html:
            require_data(answer, piece)
        first = False
        draft.write(piece)
