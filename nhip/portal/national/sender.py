"""One conversation with the national portal. Plain and blocking: runs in a thread.

CKAN: its Action API as of 2.9 (`package_update`, `package_create`, `package_delete`). DCAT:
the SPARQL 1.1 Graph Store HTTP Protocol: `PUT ?graph=<address of the dataset>` with its DCAT-AP graph, and `DELETE`. Which of the
two the portal of a country takes is its own decision; neither is published for Vietnam's as of November 2026.
"""

from __future__ import annotations

from typing import Any

import msgspec

from nhip.connectors.portals import base_of
from nhip.portal.model import Entry
from nhip.portal.national.errors import AnswerStrange, Refused
from nhip.portal.national.model import Due, National, Way
from nhip.portal.national.shapes import name_there, package_there
from nhip.security.outgoing import Outgoing
from nhip.security.outgoing_auth import HeaderCredentials
from nhip.security.outgoing_body import Answer
from nhip.security.outgoing_errors import OutgoingError, RequestRefused
from nhip.settings import Settings

MOST_BYTES = 1 << 20
TOTAL_S = 60.0


class _Told(msgspec.Struct):
    success: bool
    result: Any = None
    error: Any = None


class Sender:
    """Tells the other side of datasets. Use as a context manager. Raises OutgoingError and AnswerStrange when the other side is
    not there as it should be, Refused when it does not want one dataset."""

    def __init__(self, settings: Settings, national: National, key: str, root: str) -> None:
        proof = key if national.way == "ckan" else f"Bearer {key}"
        credentials = HeaderCredentials("Authorization", proof) if key else None
        self._out = Outgoing(settings, credentials, total_s=TOTAL_S)
        self._national, self._root = national, root
        self._base = base_of(national.url)

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *exc: object) -> None:
        self._out.__exit__(*exc)

    @property
    def way(self) -> Way:
        """How the other side is spoken to."""
        return self._national.way

    def put(self, due: Due, entry: Entry, graph: bytes = b"") -> str:
        """Tell what is open now; gives the id that the other side knows it by. `graph`: the dataset as Turtle, for DCAT."""
        if self._national.way == "dcat":
            return self._put_graph(entry, graph)
        told = package_there(self._national, entry, self._root)
        given = due.remote_id or str(told["name"])
        found = self._act("package_update", {**told, "id": given}, due, absent=frozenset({403, 404}))
        if found is None:
            found = self._act("package_create", told, due)
        return str(_field(found, "id") or told["name"])

    def withdraw(self, due: Due) -> None:
        """Tell that it is no longer open; that the other side never had it is as good."""
        if self._national.way == "dcat":
            return self._graph_store("DELETE", due.remote_id or self._page(due.name), b"", absent=frozenset({404, 410}))
        given = due.remote_id or name_there(self._national, due.name)
        self._act("package_delete", {"id": given}, due, absent=frozenset({404, 410}))
        return None

    def _act(self, action: str, sent: dict[str, Any], due: Due, absent: frozenset[int] = frozenset()) -> Any:
        """The result of an action; None for a status in `absent`."""
        answer = self._out.send(
            "POST",
            f"{self._base}/api/3/action/{action}",
            msgspec.json.encode(sent),
            headers={"Content-Type": "application/json"},
            max_bytes=MOST_BYTES,
            also=frozenset({400, 404, 409, 410, 413, 422, *absent}),
        )
        told = _told(answer)
        if answer.status in absent:
            return None
        if answer.status in (404, 410):
            raise AnswerStrange(why=f"{action}: {answer.status}")
        if not told.success:
            raise Refused(name=due.name, why=_why(told.error))
        return told.result if told.result is not None else {}

    def _put_graph(self, entry: Entry, graph: bytes) -> str:
        page = self._page(entry.name)
        try:
            self._graph_store("PUT", page, graph)
        except RequestRefused as error:
            raise Refused(name=entry.name, why=str(error.values["code"])) from error
        return page

    def _graph_store(self, method: str, page: str, body: bytes, absent: frozenset[int] = frozenset()) -> None:
        kind = {"Content-Type": "text/turtle"} if body else {}
        self._out.send(
            method, self._national.url, body, params={"graph": page}, headers=kind, max_bytes=MOST_BYTES, also=absent
        )

    def _page(self, name: str) -> str:
        return f"{self._root}/dataset/{name}"


def _told(answer: Answer) -> _Told:
    try:
        return msgspec.json.decode(answer.content, type=_Told)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise AnswerStrange(why=answer.media_type or str(answer.status)) from error


def _field(found: Any, name: str) -> str:
    value = found.get(name) if isinstance(found, dict) else found
    return value if isinstance(value, str) else ""


def _why(error: Any) -> str:
    """CKAN's reasons: a message, or lists of them by field."""
    if not isinstance(error, dict):
        return str(error)[:300]
    parts = [f"{field}: {error[field]}" for field in error if field != "__type"]
    return "; ".join(parts)[:300] or str(error.get("__type", ""))


AWAY = (OutgoingError, AnswerStrange)
"""After these nothing else is sent until the next try."""
