"""The ledger over HTTP and on the command line: what an auditor does with nothing but an address."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from litestar.testing import AsyncTestClient

from nhip.cli import main
from nhip.db.installation import Installation
from nhip.jobs.app import app as jobs
from nhip.jobs.app import run_worker
from nhip.kernel.actor import Actor, act_as
from nhip.ledger import heads_file, store
from nhip.ledger.api import ROUTES
from nhip.ledger.checkpoint import is_signed, read_keys, read_note
from nhip.ledger.heads import sign_head
from nhip.ledger.model import Event
from nhip.ledger.proofs import extends, includes, leaf_hash
from nhip.ledger.service import note
from nhip.web.app import build


async def grow(installation: Installation, count: int) -> None:
    with act_as(Actor(name="Lê Thị Thử", organisation="so-gtvt", via="key")):
        async with installation.db.tx() as tx:
            for n in range(count):
                await note(tx, Event(kind="version.published", what=f"dataset:d-{n % 3}", why="Luật 91/2025"))


@pytest.fixture
async def client(installation: Installation) -> AsyncIterator[AsyncTestClient]:
    @asynccontextmanager
    async def opened(app):
        app.state.db = installation.db
        yield

    async with AsyncTestClient(build(installation.settings, routes=ROUTES, templates={}, lifespan=[opened])) as client:
        yield client


async def test_an_auditor_checks_an_event_and_the_growth_offline(installation: Installation, client) -> None:
    await grow(installation, 5)
    await sign_head(installation.db, installation.settings)
    first = (await client.get("/ledger/head")).json()
    await grow(installation, 300)
    await sign_head(installation.db, installation.settings)
    newest = (await client.get("/ledger/head")).json()
    published = (await client.get("/ledger/key")).json()
    keys = read_keys(published["origin"], published["keys"])
    for told in (first, newest):
        origin, head = read_note(told["checkpoint"])
        assert is_signed(origin, head, keys) and head.size == told["size"] and head.root.hex() == told["root"]
    growth = (await client.get("/ledger/consistency", params={"from": 5})).json()
    roots = [bytes.fromhex(told["root"]) for told in (first, newest)]
    assert extends(roots[0], 5, roots[1], 305, [bytes.fromhex(part) for part in growth["path"]])
    proof = (await client.get("/ledger/proof", params={"seq": 3})).json()
    path = [bytes.fromhex(part) for part in proof["path"]]
    assert includes(roots[1], 305, 3, leaf_hash(proof["body"].encode()), path)
    older = (await client.get("/ledger/proof", params={"seq": 3, "size": 5})).json()
    assert includes(roots[0], 5, 3, bytes.fromhex(older["leaf"]), [bytes.fromhex(part) for part in older["path"]])
    listed = (await client.get("/ledger/heads", params={"limit": 1})).json()
    assert listed == [newest]
    assert (await client.get("/ledger/heads", params={"before": 305})).json() == [first]


async def test_wrong_questions(client) -> None:
    expected = {
        "/ledger/head": 404,
        "/ledger/proof?seq=0": 404,
        "/ledger/proof?seq=-1": 400,
        "/ledger/proof": 400,
        "/ledger/proof?seq=99999999999999999999": 400,
        "/ledger/consistency?from=1": 404,
        "/ledger/consistency?from=0": 400,
        "/ledger/heads?limit=0": 400,
        "/ledger/heads?limit=1001": 400,
        "/ledger/heads?before=abc": 400,
    }
    answers = {path: await client.get(path) for path in expected}
    assert {path: answer.status_code for path, answer in answers.items()} == expected
    assert {answer.headers["content-type"] for answer in answers.values()} == {"application/problem+json"}


async def test_what_is_not_signed_yet_is_not_proven(installation: Installation, client) -> None:
    await grow(installation, 2)
    await sign_head(installation.db, installation.settings)
    await grow(installation, 1)
    assert (await client.get("/ledger/proof?seq=2")).json()["key"] == "NoSuchEvent"
    assert (await client.get("/ledger/proof?seq=0&size=3")).json()["key"] == "NoSuchHead"
    assert (await client.get("/ledger/consistency?from=2&to=1")).json()["key"] == "NoSuchHead"


async def test_the_worker_signs(installation: Installation) -> None:
    import nhip.parts  # noqa: F401  binds the job

    await grow(installation, 4)
    await run_job(installation)
    async with installation.db.read() as tx:
        head = await store.find_head(tx)
    assert head is not None and head.size == 4


async def run_job(installation: Installation) -> None:
    async with installation.db.tx() as tx:
        await jobs.tasks["ledger:sign"].configure(connection=tx).defer_async(timestamp=0)
    await run_worker(installation, concurrency=1, wait=False)


def run(capsys: pytest.CaptureFixture[str], installation: Installation, *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["--data-dir", str(installation.settings.data_dir), "ledger", *words])
    return int(ended.value.code or 0), capsys.readouterr().out


@pytest.fixture
def outside(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setenv("NHIP_DATABASE_URL", installation.settings.database_url)
    return installation


async def test_verify_says_whether_all_is_well(outside: Installation, capsys, tmp_path: Path) -> None:
    await grow(outside, 7)
    await sign_head(outside.db, outside.settings)
    code, out = await asyncio.to_thread(run, capsys, outside, "verify", "--json")
    told = json.loads(out)
    assert code == 0 and told["ok"] and (told["events"], told["heads"], told["faults"]) == (7, 1, [])
    assert set(told) == {"events", "heads", "ok", "faults", "root", "rows_per_s", "cpu_s"}
    code, out = await asyncio.to_thread(run, capsys, outside, "list", "--kind", "ledger.verified", "--json")
    assert json.loads(out)[0]["body"]["data"] == {"events": 7, "heads": 1, "root": told["root"]}
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(heads_file.path_of(outside.settings).read_bytes())
    async with outside.db.tx() as tx:
        await tx.execute("set local session_replication_role = replica")
        await tx.execute("update ledger.event set body = replace(body, 'd-1', 'd-9') where seq = 4")
    code, out = await asyncio.to_thread(run, capsys, outside, "verify", "--json", "--heads", str(copy))
    assert code == 1 and [(f["kind"], f["seq"]) for f in json.loads(out)["faults"]] == [("edited", 4)]
    code, out = await asyncio.to_thread(run, capsys, outside, "verify")
    assert code == 1 and "changed afterwards" in out and "8 events" in out


async def test_list_narrows(outside: Installation, capsys) -> None:
    await grow(outside, 9)

    async def seqs(*words: str) -> list[int]:
        _, out = await asyncio.to_thread(run, capsys, outside, "list", "--json", *words)
        return [row["seq"] for row in json.loads(out)]

    assert await seqs() == list(range(8, -1, -1))
    assert await seqs("--what", "dataset:d-1", "--limit", "2") == [7, 4]
    assert await seqs("--kind", "role.given") == []
    assert await seqs("--since", "2199-01-01") == [] and len(await seqs("--since", "2020-01-01 08:00:00")) == 9
    _, out = await asyncio.to_thread(run, capsys, outside, "list")
    assert "Lê Thị Thử" in out and "so-gtvt" in out


async def test_head_proof_and_key(outside: Installation, capsys) -> None:
    code, _ = await asyncio.to_thread(run, capsys, outside, "head")
    assert code == 2
    await grow(outside, 3)
    _, text = await asyncio.to_thread(run, capsys, outside, "head", "--now")
    assert read_note(text)[1].size == 3
    _, out = await asyncio.to_thread(run, capsys, outside, "proof", "1")
    assert json.loads(out)["head"]["checkpoint"] == text
    code, _ = await asyncio.to_thread(run, capsys, outside, "proof", "3")
    assert code == 2
    _, line = await asyncio.to_thread(run, capsys, outside, "change-key")
    assert len(read_keys(read_note(text)[0], [line])) == 1
    assert (await asyncio.to_thread(run, capsys, outside, "verify"))[0] == 0
