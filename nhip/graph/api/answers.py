"""What is sent back: a status, headers and a body; errors as problem details (RFC 9457; CIM 009, 5.5.3)."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
import orjson

from nhip.errors import NhipError
from nhip.graph.api.media import JSON, PROBLEM
from nhip.graph.errors import Busy, GraphError
from nhip.graph.registrations.writes import Partial
from nhip.kernel.i18n import _

log = logging.getLogger(__name__)
Header = tuple[bytes, bytes]
INTERNAL = "https://uri.etsi.org/ngsi-ld/errors/InternalError"
RETRY_AFTER_S = 2


class Answer(msgspec.Struct):
    """An answer. `kind` is the media type of `body`; an empty body is sent without one."""

    status: int = 200
    body: bytes = b""
    kind: str = JSON
    headers: list[Header] = []

    def with_header(self, name: bytes, value: str) -> Answer:
        """This answer with a header more, in place."""
        self.headers.append((name, value.encode("utf-8", "replace")))
        return self


def dumped(value: Any) -> bytes:
    """JSON as it is sent."""
    return orjson.dumps(value)


def problem(error: Exception) -> Answer:
    """The answer to a failed request. What is not known to us is logged, and told without its details."""
    if isinstance(error, Partial):
        return Answer(207, dumped(error.result()))
    if isinstance(error, GraphError):
        answer = Answer(error.status, dumped(error.problem()), PROBLEM)
        if isinstance(error, Busy):
            answer.with_header(b"retry-after", str(error.values.get("seconds", RETRY_AFTER_S)))
        return answer
    if isinstance(error, NhipError):
        told = {"type": "about:blank", "title": type(error).__name__, "status": error.status, "detail": error.message()}
        answer = Answer(error.status, dumped(told), PROBLEM)
        return answer.with_header(b"retry-after", str(RETRY_AFTER_S)) if error.status == 503 else answer
    log.error("a request to the graph failed", exc_info=error)
    told = {"type": INTERNAL, "title": "InternalError", "status": 500, "detail": _("something went wrong here")}
    return Answer(500, dumped(told), PROBLEM)


def entity_problem(entity: str | None, error: Exception) -> dict[str, Any]:
    """One line of a batch's `errors` (CIM 009, 5.2.17)."""
    told = orjson.loads(problem(error).body)
    return {"entityId": entity, "error": told} if entity else {"error": told}
