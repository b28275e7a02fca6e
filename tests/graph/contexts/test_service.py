"""@contexts found, fetched, counted, hosted; several tenants, several processes."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from nhip.db.database import Database
from nhip.db.embedded import EmbeddedServer
from nhip.graph.contexts import core, store
from nhip.graph.contexts.addresses import PATH
from nhip.graph.contexts.hosting import Hosting
from nhip.graph.contexts.service import Contexts
from nhip.graph.errors import BadRequestData, LdContextNotAvailable, OperationNotSupported, ResourceNotFound
from nhip.settings import Settings
from nhip.testing.fakeserver import FakeServer, Reply, Request, json_reply

BASE = "http://city.example"
LOOPBACK = Settings(outgoing_private="127.0.0.0/8")
_names = itertools.count()


class Web:
    """A server of documents, by path."""

    def __init__(self) -> None:
        self.documents: dict[str, Any] = {}
        self.asked: list[str] = []
        self._server = FakeServer(self._answer)
        self.url = self._server.start()

    def _answer(self, request: Request) -> Reply | None:
        self.asked.append(request.path)
        found = self.documents.get(request.path)
        return found if found is None or isinstance(found, Reply) else json_reply(found)

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    yield made
    made.stop()


@pytest.fixture(scope="module")
async def db(postgres: EmbeddedServer, template_database: str) -> AsyncIterator[Database]:
    name = f"contexts_{next(_names)}_{template_database}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template_database}" strategy file_copy')
    opened = Database(postgres.url(name), size=3)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def tenant(db: Database) -> int:
    async with db.tx() as tx:
        row = await (
            await tx.execute("insert into graph.tenant (name) values (%s) returning id", (f"t{next(_names)}",))
        ).fetchone()
    assert row
    return int(row[0])


@pytest.fixture
async def contexts(db: Database) -> AsyncIterator[Contexts]:
    made = Contexts(LOOPBACK, db)
    yield made
    await made.close()


async def told(contexts: Contexts, tenant: int, name: str) -> dict[str, Any]:
    return await Hosting(contexts, BASE).serve(tenant, name, details=True)


async def test_documents_are_followed_and_asked_for_once(contexts: Contexts, tenant: int, web: Web) -> None:
    web.documents = {
        "/a.jsonld": {"@context": ["b.jsonld", {"x": "https://example.org/x"}]},
        "/b.jsonld": {"@context": {"x": "urn:b:x", "y": "urn:b:y"}},
    }
    url = f"{web.url}/a.jsonld"
    context = await contexts.resolve(tenant, [url, core.CORE_URL])
    assert (context.expand("x"), context.expand("y"), context.echo) == ("https://example.org/x", "urn:b:y", url)
    assert contexts.cached([url, core.CORE_URL], tenant) is context
    await contexts.resolve(tenant, url)
    assert sorted(web.asked) == ["/a.jsonld", "/b.jsonld"]


async def test_json_ld_names_the_core_context_once(contexts: Contexts, tenant: int, web: Web) -> None:
    web.documents = {
        "/own.jsonld": {"@context": {"x": "urn:b:x"}},
        "/both.jsonld": {"@context": ["own.jsonld", core.CORE_URL]},
    }
    own, both = (f"{web.url}/{name}.jsonld" for name in ("own", "both"))
    inline = {"x": "urn:b:x"}
    for given, whole in (
        (None, core.CORE_URL),
        (core.CORE_URL, core.CORE_URL),
        (own, [own, core.CORE_URL]),
        ([own, core.CORE_URL], [own, core.CORE_URL]),
        ([own, inline], [own, inline, core.CORE_URL]),
        (inline, [inline, core.CORE_URL]),
        (both, both),
    ):
        assert (await contexts.resolve(tenant, given)).whole == whole


async def test_a_new_process_uses_the_copies_of_the_last(
    contexts: Contexts, tenant: int, web: Web, db: Database
) -> None:
    web.documents = {"/a.jsonld": {"@context": {"x": "https://example.org/x"}}}
    await contexts.resolve(tenant, f"{web.url}/a.jsonld")
    other = Contexts(LOOPBACK, db)
    assert (await other.resolve(tenant, f"{web.url}/a.jsonld")).expand("x") == "https://example.org/x"
    await other.close()
    assert web.asked == ["/a.jsonld"]


async def test_what_cannot_be_read(contexts: Contexts, tenant: int, web: Web) -> None:
    web.documents = {
        "/cycle.jsonld": {"@context": "cycle.jsonld"},
        "/large.jsonld": Reply(body=b'{"@context": {}, "x": "' + b"x" * (3 << 20) + b'"}'),
    }
    for path in [*web.documents, "/missing.jsonld"]:
        with pytest.raises(LdContextNotAvailable):
            await contexts.resolve(tenant, web.url + path)


@pytest.mark.parametrize("body", [b'["x"]', b"<html>", b"[" * 100_000, b'{"@context": 5}', b'{"@context": {"a": 5}}'])
async def test_what_was_read_and_is_no_context(contexts: Contexts, tenant: int, web: Web, body: bytes) -> None:
    web.documents = {"/a.jsonld": Reply(body=body)}
    with pytest.raises(BadRequestData):
        await contexts.resolve(tenant, f"{web.url}/a.jsonld")
    with pytest.raises(ResourceNotFound):
        await told(contexts, tenant, f"{web.url}/a.jsonld")


async def test_a_failure_is_not_asked_for_again_at_once(contexts: Contexts, tenant: int, web: Web) -> None:
    for _time in range(3):
        with pytest.raises(LdContextNotAvailable):
            await contexts.resolve(tenant, f"{web.url}/missing.jsonld")
    assert web.asked == ["/missing.jsonld"]


async def test_private_addresses_are_refused(tenant: int, web: Web) -> None:
    web.documents = {"/a.jsonld": {"@context": {}}}
    guarded = Contexts(Settings())
    for url in [
        f"{web.url}/a.jsonld",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/x",
        "http://10.0.0.1/x",
    ]:
        with pytest.raises(LdContextNotAvailable):
            await guarded.resolve(tenant, url)
    assert web.asked == []
    await guarded.close()


@pytest.mark.parametrize(
    "given", ["file:///etc/passwd", "x", [["https://example.org/x"]], 5, [5], {"a": {"@context": {}}}]
)
async def test_impossible_contexts(contexts: Contexts, tenant: int, given: Any) -> None:
    with pytest.raises(BadRequestData):
        await contexts.resolve(tenant, given)


async def test_preloaded_documents_need_no_network(tmp_path: Path, tenant: int) -> None:
    (tmp_path / "city.jsonld").write_bytes(orjson.dumps({"@context": {"x": "https://example.org/x"}}))
    alone = Contexts(Settings(), preloaded={"https://city.invalid/city.jsonld": tmp_path / "city.jsonld"})
    assert (await alone.resolve(tenant, "https://city.invalid/city.jsonld")).expand("x") == "https://example.org/x"
    await alone.close()


async def test_every_core_version_is_ours_and_others_are_not(contexts: Contexts, tenant: int) -> None:
    for version in ("-v1.3", "-v1.9", ""):
        context = await contexts.resolve(
            tenant, f"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context{version}.jsonld"
        )
        assert context.is_core
    with pytest.raises(LdContextNotAvailable):
        await contexts.resolve(tenant, "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-non-existing.jsonld")


async def test_hosted_contexts_belong_to_their_tenant(contexts: Contexts, tenant: int) -> None:
    hosting = Hosting(contexts, BASE)
    document = {"@context": {"x": "https://example.org/x"}}
    path = await hosting.add(tenant, {**document, "more": "is discarded"})
    identifier = path.removeprefix(PATH)
    assert await hosting.serve(tenant, identifier) == document
    assert await hosting.list(tenant, "Hosted") == [BASE + path]
    for address in (path, BASE + path, "http://localhost:9090" + path):
        assert (await contexts.resolve(tenant, address)).expand("x") == "https://example.org/x"
    assert await hosting.list(1, "Hosted") == []
    for foreign in (hosting.serve(1, identifier), hosting.delete(1, identifier)):
        with pytest.raises(ResourceNotFound):
            await foreign
    with pytest.raises(LdContextNotAvailable):
        await contexts.resolve(1, "http://127.0.0.1:1" + path)


async def test_deleted_contexts_are_gone_at_once_here_and_soon_elsewhere(
    contexts: Contexts, tenant: int, db: Database
) -> None:
    hosting = Hosting(contexts, BASE)
    path = await hosting.add(tenant, {"@context": {"x": "https://example.org/x"}})
    other = Contexts(LOOPBACK, db)
    for process in (contexts, other):
        await process.resolve(tenant, "http://127.0.0.1:1" + path)
    await other.notice(db)
    await hosting.delete(tenant, path.removeprefix(PATH))
    assert contexts.cached("http://127.0.0.1:1" + path, tenant) is None
    await other.notice(db)
    assert other.cached("http://127.0.0.1:1" + path, tenant) is None
    await other.close()
    with pytest.raises(ResourceNotFound):
        await hosting.delete(tenant, path.removeprefix(PATH))


async def test_copies_are_told_of_but_not_served_and_can_be_loaded_again(
    contexts: Contexts, tenant: int, web: Web
) -> None:
    hosting, url = Hosting(contexts, BASE), f"{web.url}/a.jsonld"
    web.documents = {"/a.jsonld": {"@context": {"x": "https://old.example/x"}}}
    await contexts.resolve(tenant, url)
    assert (await told(contexts, tenant, url))["kind"] == "Cached"
    with pytest.raises(OperationNotSupported):
        await hosting.serve(tenant, url)
    web.documents = {}
    with pytest.raises(LdContextNotAvailable):
        await hosting.delete(tenant, url, reload=True)
    assert (await contexts.resolve(tenant, url)).expand("x") == "https://old.example/x"
    web.documents = {"/a.jsonld": {"@context": {"x": "https://new.example/x"}}}
    await hosting.delete(tenant, url, reload=True)
    assert (await contexts.resolve(tenant, url)).expand("x") == "https://new.example/x"
    await hosting.delete(tenant, url)
    with pytest.raises(ResourceNotFound):
        await told(contexts, tenant, url)


async def test_uses_are_counted(contexts: Contexts, tenant: int, web: Web) -> None:
    web.documents = {"/a.jsonld": {"@context": {}}}
    url = f"{web.url}/a.jsonld"
    path = await Hosting(contexts, BASE).add(tenant, {"@context": url})
    assert (await told(contexts, tenant, path.removeprefix(PATH)))["numberOfHits"] == 0
    for _time in range(3):
        await contexts.resolve(tenant, BASE + path)
    assert (await told(contexts, tenant, path.removeprefix(PATH)))["numberOfHits"] == 3
    copy = await told(contexts, tenant, url)
    assert copy["numberOfHits"] == 3
    assert copy["lastUsage"] >= copy["createdAt"]


async def test_a_list_gets_an_address(contexts: Contexts, tenant: int) -> None:
    hosting = Hosting(contexts, BASE)
    given = [{"x": "https://example.org/x"}, core.CORE_URL]
    url = await hosting.implicit(tenant, given)
    assert await hosting.implicit(tenant, given) == url
    assert await hosting.serve(tenant, url.removeprefix(BASE + PATH)) == {"@context": given}
    assert (await contexts.resolve(tenant, url)).expand("x") == "https://example.org/x"
    assert await hosting.implicit(tenant, "https://example.org/c") == "https://example.org/c"


@pytest.mark.parametrize(
    "document",
    [
        5,
        {},
        [],
        {"@context": 42},
        {"@context": True},
        {"@context": ["https://example.org/c", 7]},
        {"@context": {"a": 5}},
    ],
)
async def test_what_is_no_context_is_not_kept(contexts: Contexts, tenant: int, document: Any) -> None:
    with pytest.raises(BadRequestData):
        await Hosting(contexts, BASE).add(tenant, document)
    assert await Hosting(contexts, BASE).list(tenant, "Hosted") == []


async def test_the_core_context_stays(contexts: Contexts, tenant: int) -> None:
    hosting = Hosting(contexts, BASE)
    assert core.CORE_URL in await hosting.list(tenant)
    with pytest.raises(BadRequestData):
        await hosting.delete(tenant, core.CORE_URL)
    await hosting.delete(tenant, core.CORE_URL, reload=True)
    assert (await told(contexts, tenant, core.CORE_URL))["kind"] == "Cached"


@pytest.mark.parametrize("name", ["wrong", "urn:x\0y", "x" * 5000])
async def test_wrong_identifiers(contexts: Contexts, tenant: int, name: str) -> None:
    hosting = Hosting(contexts, BASE)
    for reload, error in ((True, BadRequestData), (False, ResourceNotFound)):
        with pytest.raises(error):
            await hosting.delete(tenant, name, reload=reload)


async def test_only_so_many_copies_are_kept(
    contexts: Contexts, tenant: int, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_UNASKED", 3)
    web.documents = {f"/{n}.jsonld": {"@context": {"x": f"https://example.org/{n}"}} for n in range(6)}
    hosting = Hosting(contexts, BASE)
    own = await hosting.add(tenant, {"@context": {"a": "urn:x:a"}})
    for n in range(5):
        await contexts.resolve(tenant, f"{web.url}/{n}.jsonld")
    copies = [url for url in await hosting.list(tenant, "Cached") if url.startswith(web.url)]
    assert sorted(copies) == [f"{web.url}/{n}.jsonld" for n in (2, 3, 4)]
    assert await hosting.list(tenant, "Hosted") == [f"{BASE}{own}"]
    other = Contexts(LOOPBACK, contexts.db)
    assert (await other.resolve(tenant, f"{web.url}/0.jsonld")).expand("x") == "https://example.org/0"
    await other.close()


async def test_only_so_much_is_kept_on_behalf_of_readers(
    contexts: Contexts, tenant: int, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_UNASKED", 3)
    hosting = Hosting(contexts, BASE)
    own = await hosting.add(tenant, {"@context": {"a": "urn:x:a"}})
    made = [await hosting.implicit(tenant, [{"x": f"https://example.org/{n}"}]) for n in range(3)]
    async with db.tx() as tx:
        for table, url in (("sub", made[0]), ("watch", made[1])):
            doc = orjson.dumps({"jsonldContext": url}).decode()
            await tx.execute(f"insert into graph.{table} (tenant, id, doc) values (%s, 'urn:x:s', %s)", (tenant, doc))
        await tx.execute("insert into graph.sub (tenant, id, doc) values (%s, 'urn:x:t', '{}')", (tenant,))
    later = [await hosting.implicit(tenant, [{"x": f"https://example.org/{n}"}]) for n in range(3, 9)]
    assert sorted(await hosting.list(tenant, "ImplicitlyCreated")) == sorted([*made[:2], *later[-3:]])
    assert await hosting.list(tenant, "Hosted") == [BASE + own]
    monkeypatch.setattr(store, "MOST_UNASKED_BYTES", 10_000)
    large = [await hosting.implicit(tenant, [{"x" * 6_000: f"https://example.org/{n}"}]) for n in range(2)]
    assert sorted(await hosting.list(tenant, "ImplicitlyCreated")) == sorted([*made[:2], large[-1]])
