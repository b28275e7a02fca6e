"""Dead letters over HTTP and on the command line."""

from __future__ import annotations

import json
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner
from litestar.testing import AsyncTestClient

from nhip.app import create_app
from nhip.graph.query import narrowing
from nhip.graph.query.model import Name
from nhip.graph.query.narrowing import Clause
from nhip.graph_commands import graph
from nhip.settings import Settings
from tests.graph.api.test_layer import keys

_SUBSCRIBED = (
    "insert into graph.sub (tenant, id, doc, certain, retry_at) values (1, 'urn:x:sub', '{}', true, now() + '1 h')"
)
_DIED = """insert into graph.letter (tenant, sub, heard, notification, tries, problem, dead_at)
    values (1, 'urn:x:sub', '{"id": "urn:x:bus:1"}', %s, 300, '503', now())"""


async def test_over_http_by_who_may_write(settings: Settings) -> None:
    headers = {name: {"authorization": told} for name, told in (await keys(settings)).items()}
    first, second = uuid4(), uuid4()
    async with AsyncTestClient(create_app(settings), base_url="http://testserver.local") as client:
        with psycopg.connect(str(settings.database_url), autocommit=True) as connection:
            connection.execute(_SUBSCRIBED)
            for id in (first, second):
                connection.execute(_DIED, [id])
        assert (await client.get("/graph/letters")).status_code == 401
        assert (await client.get("/graph/letters", headers=headers["reader"])).status_code == 403
        here = headers["writer"]
        found = (await client.get("/graph/letters", headers=here)).json()
        assert {one["id"] for one in found["dead"]} == {str(first), str(second)} and found["waiting"] == []
        shown = (await client.get(f"/graph/letters/{first}", headers=here)).json()
        assert shown["changes"] == [{"id": "urn:x:bus:1"}] and shown["letter"]["problem"] == "503"
        assert (await client.post(f"/graph/letters/{first}/retry", headers=here)).status_code == 204
        assert (await client.delete(f"/graph/letters/{second}", headers=here)).status_code == 204
        for method, path in (("GET", ""), ("POST", "/retry"), ("DELETE", "")):
            assert (await client.request(method, f"/graph/letters/{second}{path}", headers=here)).status_code == 404
        assert (await client.get("/graph/letters", headers=here)).json()["dead"] == []


async def test_a_letter_tells_of_what_whoever_reads_it_may_see(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"authorization": (await keys(settings))["writer"]}
    buses = Clause(types=Name("urn:type:bus"))
    id, told = uuid4(), {"id": "urn:x:1", "before": None, "after": {"id": "urn:x:1", "type": ["urn:type:bus"]}}
    hidden = {**told, "before": {"id": "urn:x:1", "type": ["urn:type:tram"]}}
    async with AsyncTestClient(create_app(settings), base_url="http://testserver.local") as client:
        with psycopg.connect(str(settings.database_url), autocommit=True) as connection:
            connection.execute(_SUBSCRIBED)
            for change in (told, hidden, {"at": "", "entities": [{"id": "urn:x:1", "type": "bus"}]}):
                connection.execute(_DIED, [id])
                connection.execute(
                    'update graph.letter set heard = %s where heard = \'{"id": "urn:x:bus:1"}\'', [json.dumps(change)]
                )
        assert len((await client.get(f"/graph/letters/{id}", headers=headers)).json()["changes"]) == 3
        monkeypatch.setattr(narrowing, "narrowing", lambda asker: (buses,) if asker.who else ())
        assert (await client.get(f"/graph/letters/{id}", headers=headers)).json()["changes"] == [told]


def test_on_the_command_line(settings: Settings) -> None:
    def run(*words: object) -> str:
        done = CliRunner().invoke(graph, ["letters", *map(str, words)], obj=settings, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    first, second = uuid4(), uuid4()
    run("list")
    with psycopg.connect(str(settings.database_url), autocommit=True) as connection:
        connection.execute(_SUBSCRIBED)
        for id in (first, second):
            connection.execute(_DIED, [id])
    assert {one["id"] for one in json.loads(run("list", "--json"))["dead"]} == {str(first), str(second)}
    assert "503" in run("list")
    assert json.loads(run("show", first))["changes"] == [{"id": "urn:x:bus:1"}]
    run("retry", first)
    run("drop", second)
    left = json.loads(run("list", "--json"))
    assert left["dead"] == [] and [one["subscription"] for one in left["waiting"]] == ["urn:x:sub"]
