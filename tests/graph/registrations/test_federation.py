"""Two brokers in one test: ours with its database, and a source on loopback that notes what it is asked."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import orjson
import pytest

from nhip.db.database import Database
from nhip.graph.contexts.compile import compile_context
from nhip.graph.contexts.service import Contexts
from nhip.graph.document.expand import expand_entity
from nhip.graph.document.pack import unpack
from nhip.graph.errors import AlreadyExists, Conflict, LoopDetected, ResourceNotFound
from nhip.graph.model import Operation
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.registrations import batches, reads, store, writes
from nhip.graph.registrations.client import Client
from nhip.graph.registrations.forwarding import Federation, Origin
from nhip.graph.registrations.service import Registrations
from nhip.graph.service import Graph
from nhip.settings import Settings

SETTINGS = Settings(data_dir=Path(tempfile.mkdtemp(prefix="nhip-sources-")), outgoing_private="127.0.0.0/8")
CONTEXT = compile_context(
    [{"Bus": "https://example.org/Bus", "speed": "https://example.org/speed", "name": "https://example.org/name"}]
)
SPEED, NAME = "https://example.org/speed", "https://example.org/name"
_number = itertools.count()


class Source:
    """A broker that answers as it is told and remembers each request."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.status = 204
        self.body: Any = None
        source = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                text = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                source.asked.append((self.command, self.path, headers, orjson.loads(text) if text else None))
                told = (
                    source.body
                    if isinstance(source.body, bytes)
                    else b""
                    if source.body is None
                    else orjson.dumps(source.body)
                )
                self.send_response(source.status)
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_one

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def source() -> Iterator[Source]:
    made = Source()
    yield made
    made.stop()


@pytest.fixture(scope="module")
async def federation(graph: Graph, graph_url: str) -> AsyncIterator[Federation]:
    db = Database(graph_url, size=2)
    await db.open()
    registrations, contexts = Registrations(graph, db, SETTINGS), Contexts(SETTINGS, db)
    await registrations.open()
    made = Federation(SETTINGS, registrations, contexts)
    yield made
    made.close()
    await registrations.close()
    await contexts.close()
    await db.close()


def origin(tenant: int, *via: str) -> Origin:
    return Origin(tenant, CONTEXT, "us", via, {"user": "lan"})


async def register(federation: Federation, number: int, source: Source, /, **more: Any) -> str:
    information = more.pop("information", [{"entities": [{"type": "Bus"}]}])
    payload = {"type": "ContextSourceRegistration", "endpoint": source.url, "information": information, **more}
    return await federation.registrations.create(number, payload, CONTEXT)


def bus(**attributes: Any) -> dict[str, Any]:
    return expand_entity({"id": f"urn:ngsi-ld:Bus:{next(_number)}", "type": "Bus", **attributes}, CONTEXT)


async def create(federation: Federation, graph: Graph, tenant: int, doc: dict[str, Any], *via: str) -> Any:
    operation = Operation(name="create", id=doc["id"], doc=doc)
    return await writes.write(federation, origin(tenant, *via), graph, operation, doc["type"], {})


async def here(graph: Graph, tenant: int, id: str) -> dict[str, Any] | None:
    row = await graph.get(tenant, id)
    return None if row is None else unpack(row.doc)


async def test_a_source_is_asked_with_what_it_needs(federation: Federation, tenant: int, source: Source) -> None:
    info = [
        {"key": "user", "value": "urn:ngsi-ld:request"},
        {"key": "X-Key", "value": "k"},
        {"key": "Via", "value": "evil"},
    ]
    await register(federation, tenant, source, contextSourceInfo=info, tenant="hue", management={"localOnly": True})
    source.status, source.body = (
        200,
        {"id": "urn:ngsi-ld:Bus:x", "type": "https://example.org/Bus", SPEED: {"value": 5}},
    )
    heard = await reads.retrieve(federation, origin(tenant, "1.1 them"), "urn:ngsi-ld:Bus:x", frozenset({SPEED}))
    ((method, path, headers, _body),) = source.asked
    assert (method, path) == ("GET", "/ngsi-ld/v1/entities/urn:ngsi-ld:Bus:x?attrs=speed&local=true")
    assert headers["via"] == "1.1 them, 1.1 us"
    assert (headers["user"], headers["x-key"], headers["ngsild-tenant"]) == ("lan", "k", "hue")
    assert heard.docs[0][SPEED] == [{"type": "Property", "value": 5}]


async def test_parts_become_one_entity_the_latest_instance_wins(
    federation: Federation, graph: Graph, tenant: int, source: Source
) -> None:
    doc = bus(speed={"value": 1, "observedAt": "2026-01-01T00:00:00Z"}, name="Xe 29B")
    await create(federation, graph, tenant, doc)
    await register(federation, tenant, source)
    source.status = 200
    source.body = [
        {"id": doc["id"], "type": "https://example.org/Bus", SPEED: {"value": 2, "observedAt": "2026-01-02T00:00:00Z"}}
    ]
    asked = Asked(entities=[Selected(types="Bus")])
    heard = await reads.query(federation, origin(tenant), asked, build(asked, CONTEXT))
    assert heard is not None
    merged = heard.merged([doc])[doc["id"]]
    assert (merged[SPEED][0]["value"], merged[NAME][0]["value"]) == (2, "Xe 29B")
    assert source.asked[-1][1] == "/ngsi-ld/v1/entities?type=Bus"


@pytest.mark.parametrize(
    ("status", "body", "code"), [(403, None, "299"), (200, b"no json", "111"), (200, {"id": 5}, "111"), (404, None, "")]
)
async def test_what_goes_wrong_is_told(
    federation: Federation, tenant: int, source: Source, status: int, body: Any, code: str
) -> None:
    await register(federation, tenant, source)
    source.status, source.body = status, body
    heard = await reads.retrieve(federation, origin(tenant), "urn:ngsi-ld:Bus:x", frozenset())
    assert heard.docs == []
    assert [warning[:3] for warning in heard.warnings] == ([code] if code else [])


async def test_a_silent_source_does_not_hold_the_answer(federation: Federation, tenant: int, source: Source) -> None:
    source.stop()
    await register(federation, tenant, source)
    heard = await reads.retrieve(federation, origin(tenant), "urn:ngsi-ld:Bus:x", frozenset())
    assert [warning[:3] for warning in heard.warnings] == ["199"]


async def test_exclusive_attributes_are_kept_elsewhere(
    federation: Federation, graph: Graph, tenant: int, source: Source
) -> None:
    doc = bus(speed=5, name="Xe 29B")
    information = [{"entities": [{"id": doc["id"], "type": "Bus"}], "propertyNames": ["speed"]}]
    await register(federation, tenant, source, information=information, mode="exclusive", operations=["redirectionOps"])
    source.status = 201
    await create(federation, graph, tenant, doc)
    assert source.asked[-1][3] == {"id": doc["id"], "type": "Bus", "speed": {"type": "Property", "value": 5}}
    kept = await here(graph, tenant, doc["id"])
    assert kept is not None
    assert SPEED not in kept
    assert NAME in kept


async def test_what_a_source_does_not_offer_is_a_conflict(
    federation: Federation, graph: Graph, tenant: int, source: Source
) -> None:
    await register(federation, tenant, source, mode="redirect", operations=["retrieveOps"])
    doc = bus(speed=5)
    with pytest.raises(Conflict):
        await create(federation, graph, tenant, doc)
    assert source.asked == []
    assert await here(graph, tenant, doc["id"]) is None


async def test_some_did_and_some_did_not(federation: Federation, graph: Graph, tenant: int, source: Source) -> None:
    await register(federation, tenant, source, operations=["redirectionOps"])
    source.status = 409
    doc = bus(speed=5)
    with pytest.raises(writes.Partial) as caught:
        await create(federation, graph, tenant, doc)
    told = caught.value.result()
    assert told["success"] == [doc["id"]]
    assert told["errors"][0]["error"]["status"] == 409
    with pytest.raises(writes.Partial) as caught:
        await create(federation, graph, tenant, doc)
    assert [type(error) for _registration, error in caught.value.errors] == [writes.SourceFailed, AlreadyExists]


@pytest.mark.parametrize("wrong", ["away", "none"])
async def test_a_registration_whose_context_cannot_be_read_spoils_only_its_own_part(
    federation: Federation, graph: Graph, tenant: int, source: Source, wrong: str
) -> None:
    offered = ["redirectionOps", "federationOps", "createBatch", "purgeEntity"]
    await register(federation, tenant, source, operations=offered)
    source.status, source.body = 200, {"no": "context"}
    url = source.url if wrong == "none" else "http://127.0.0.1:9/none.jsonld"
    told = [{"key": "jsonldContext", "value": url}]
    spoilt = await register(federation, tenant, source, operations=offered, contextSourceInfo=told)
    doc = bus(speed=5)
    with pytest.raises(writes.Partial) as caught:
        await create(federation, graph, tenant, doc)
    assert [id for id, _error in caught.value.errors] == [spoilt]
    assert await here(graph, tenant, doc["id"]) is not None
    other = bus(speed=6)
    many = [Operation(name="create", id=other["id"], doc=other)]
    (result,) = await batches.write_batch(federation, origin(tenant), graph, many, {}, {})
    assert [id for id, _error in result.errors] == [spoilt] and result.outcome is not None
    source.body = []
    asked = Asked(entities=[Selected(types="Bus")])
    heard = await reads.query(federation, origin(tenant), asked, build(asked, CONTEXT))
    assert heard is not None and [one for one in heard.warnings if spoilt in one] == heard.warnings != []
    failed = await writes.purge(federation, origin(tenant), build(asked, CONTEXT), {"type": "Bus"})
    assert [id for id, _error in failed] == [spoilt]


async def test_a_change_that_nobody_could_make(
    federation: Federation, graph: Graph, tenant: int, source: Source
) -> None:
    await register(federation, tenant, source, operations=["redirectionOps"])
    source.status = 404
    with pytest.raises(ResourceNotFound):
        await writes.write(
            federation, origin(tenant), graph, Operation(name="delete", id="urn:ngsi-ld:Bus:none"), [], {}
        )


async def test_what_only_a_source_holds_is_removed_there(
    federation: Federation, graph: Graph, tenant: int, source: Source
) -> None:
    """And that it was not here is told beside, as ETSI's suite has it (D002_02_02_inc)."""
    await register(federation, tenant, source, operations=["deleteEntity", "deleteBatch"])
    remove = Operation(name="delete", id="urn:ngsi-ld:Bus:there")
    with pytest.raises(writes.Partial) as caught:
        await writes.write(federation, origin(tenant), graph, remove, [], {})
    assert caught.value.done and [name for name, _error in caught.value.errors] == [""]
    (result,) = await batches.write_batch(federation, origin(tenant), graph, [remove], {}, {})
    assert result.outcome is not None and isinstance(result.outcome.error, ResourceNotFound) and result.errors == []
    assert [asked[:2] for asked in source.asked] == [
        ("DELETE", "/ngsi-ld/v1/entities/urn:ngsi-ld:Bus:there"),
        ("POST", "/ngsi-ld/v1/entityOperations/delete"),
    ]


@pytest.mark.parametrize("can", [True, False])
async def test_only_what_failed_is_told_as_not_updated(
    federation: Federation, graph: Graph, tenant: int, source: Source, can: bool
) -> None:
    """A change whose one half is a source's and whose other half nobody holds, or which the source cannot do."""
    doc = bus(speed=5, name="Xe 29B")
    information = [{"entities": [{"id": doc["id"], "type": "Bus"}], "propertyNames": ["speed"]}]
    operations = ["mergeEntity" if can else "retrieveEntity"]
    await register(federation, tenant, source, information=information, mode="exclusive", operations=operations)
    if not can:
        await graph.write(tenant, [Operation(name="create", id=doc["id"], doc={**doc, SPEED: doc[NAME]})])
    merge = Operation(name="merge", id=doc["id"], doc=doc)
    with pytest.raises(writes.Partial) as caught:
        await writes.write(federation, origin(tenant), graph, merge, doc["type"], {})
    told = caught.value.result()
    done, failed = (SPEED, NAME) if can else (NAME, SPEED)
    assert (told["updated"], [one["attributeName"] for one in told["notUpdated"]]) == ([done], [failed])


async def test_loops_end(federation: Federation, graph: Graph, tenant: int, source: Source) -> None:
    await register(federation, tenant, source, mode="redirect", operations=["redirectionOps"])
    with pytest.raises(LoopDetected):
        await create(federation, graph, tenant, bus(speed=5), "1.1 us", "1.1 them")
    heard = await reads.retrieve(federation, origin(tenant, "1.1 us"), "urn:ngsi-ld:Bus:x", frozenset())
    assert [warning[:3] for warning in heard.warnings] == ["199"]
    assert source.asked == []


async def test_a_batch_is_one_request_to_each_source(
    federation: Federation, graph: Graph, tenant: int, source: Source
) -> None:
    await register(federation, tenant, source, operations=["createBatch"])
    docs = [bus(speed=number) for number in range(3)]
    source.status, source.body = 207, {"success": [], "errors": [{"entityId": docs[1]["id"]}]}
    operations = [Operation(name="create", id=doc["id"], doc=doc) for doc in docs]
    results = await batches.write_batch(federation, origin(tenant), graph, operations, {}, {})
    ((method, path, _headers, body),) = source.asked
    assert (method, path, len(body)) == ("POST", "/ngsi-ld/v1/entityOperations/create", 3)
    assert [bool(result.errors) for result in results] == [False, True, False]
    assert all(result.outcome is not None and result.outcome.error is None for result in results)


async def test_registrations_conflict_with_what_is_here(
    federation: Federation, graph: Graph, tenant: int, source: Source
) -> None:
    doc = bus(speed=5)
    await create(federation, graph, tenant, doc)
    with pytest.raises(Conflict):
        await register(federation, tenant, source, mode="redirect")
    information = [{"entities": [{"id": doc["id"]}], "propertyNames": ["speed"]}]
    with pytest.raises(Conflict):
        await register(federation, tenant, source, mode="exclusive", information=information)
    information = [{"entities": [{"id": doc["id"]}], "propertyNames": ["name"]}]
    await register(federation, tenant, source, mode="exclusive", information=information)
    with pytest.raises(Conflict):
        await register(federation, tenant, source, mode="exclusive", information=information)


async def test_counters_and_changes_are_seen_by_other_processes(
    federation: Federation, graph: Graph, graph_url: str, tenant: int, source: Source
) -> None:
    id = await register(federation, tenant, source)
    db = Database(graph_url, size=2)
    await db.open()
    other = Registrations(graph, db, SETTINGS)
    await other.refresh()
    assert other.get(tenant, id).doc["endpoint"] == source.url
    source.status = 500
    await reads.retrieve(federation, origin(tenant), "urn:ngsi-ld:Bus:x", frozenset())
    await federation.registrations.write_counts()
    told = federation.registrations.get(tenant, id).counters
    assert (told["status"], told["timesSent"], told["timesFailed"]) == ("failed", 1, 1)
    await federation.registrations.update(tenant, id, {"endpoint": "http://moved.example"}, CONTEXT)
    await other.refresh()
    assert other.get(tenant, id).doc["endpoint"] == "http://moved.example"
    await federation.registrations.delete(tenant, id)
    await other.refresh()
    with pytest.raises(ResourceNotFound):
        other.get(tenant, id)
    await db.close()


async def test_a_question_is_put_again_when_its_connection_is_lost(
    federation: Federation, tenant: int, source: Source
) -> None:
    """As with a source that was started anew while a connection to it was kept."""
    lost = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal lost
        await reader.readuntil(b"\r\n\r\n")
        if not lost:
            lost += 1
        else:
            body = orjson.dumps({"id": "urn:ngsi-ld:Bus:x", "type": "Bus"})
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    source.stop()
    await register(federation, tenant, source, endpoint=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    heard = await reads.retrieve(federation, origin(tenant), "urn:ngsi-ld:Bus:x", frozenset())
    server.close()
    assert ([doc["id"] for doc in heard.docs], heard.warnings, lost) == (["urn:ngsi-ld:Bus:x"], [], 1)


async def test_a_source_that_one_tenant_lets_rest_is_asked_by_another(
    federation: Federation, graph: Graph, tenant: int, source: Source
) -> None:
    """Registrations of two tenants may have the same id."""
    other = await graph.tenant(f"resting{next(_number)}", create=True)
    for one in (tenant, other):
        await register(federation, one, source, id="urn:x:reg:resting", management={"cooldown": 600_000})
    source.status = 503
    for _again in range(2):
        await reads.retrieve(federation, origin(tenant), "urn:ngsi-ld:Bus:x", frozenset())
    assert len(source.asked) == 1
    source.status, source.body = 200, {"id": "urn:ngsi-ld:Bus:x", "type": "https://example.org/Bus"}
    heard = await reads.retrieve(federation, origin(other), "urn:ngsi-ld:Bus:x", frozenset())
    assert [doc["id"] for doc in heard.docs] == ["urn:ngsi-ld:Bus:x"]


async def test_counters_that_cannot_be_written_now_are_written_later(
    federation: Federation, tenant: int, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    registrations = federation.registrations
    id = await register(federation, tenant, source)
    source.status = 200
    await reads.retrieve(federation, origin(tenant), "urn:ngsi-ld:Bus:x", frozenset())
    await registrations.write_counts()
    succeeded = registrations.get(tenant, id).counters["lastSuccess"]
    source.status = 503
    with monkeypatch.context() as broken:
        broken.setitem(store.queries._texts, "count", "select 1 / 0")
        for _again in range(2):
            await reads.retrieve(federation, origin(tenant), "urn:ngsi-ld:Bus:x", frozenset())
            with pytest.raises(Exception):  # noqa: B017  whatever the database says
                await registrations.write_counts()
    await registrations.write_counts()
    told = registrations.get(tenant, id).counters
    assert (told["timesSent"], told["timesFailed"], told["status"]) == (3, 2, "failed")
    assert told["lastSuccess"] == succeeded < told["lastFailure"]
    await registrations.write_counts()
    assert registrations.get(tenant, id).counters == told
    await registrations.update(tenant, id, {"description": "changed"}, CONTEXT)
    assert registrations.get(tenant, id).counters == told


async def test_silent_sources_of_one_tenant_do_not_keep_those_of_another_waiting(source: Source) -> None:
    held: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _reader, writer: held.append(writer), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/"
    client, source.status = Client(SETTINGS), 200
    try:
        asked = [asyncio.create_task(client.ask("GET", url, {}, timeout_s=120, owner="one")) for _turn in range(80)]
        async with asyncio.timeout(60):
            while len(held) < 8:
                await asyncio.sleep(0.01)
            assert (await client.ask("GET", source.url, {}, timeout_s=60, owner="other")).status == 200
        assert not any(task.done() for task in asked)
    finally:
        silent.close()  # nobody is taken in any more: who lost a connection does not come again
        for writer in held:
            writer.close()
        await asyncio.gather(*asked)
        client.close()
