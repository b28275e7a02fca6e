"""Every route as every role, as strangers, as the suspended, compared with the table that `nhip permissions` prints."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.errors import Forbidden
from nhip.graph_layer import PermissionNeeded
from nhip.jobs.app import app as jobs
from nhip.jobs.permissions import list_jobs
from nhip.kernel.needs import SYSTEM
from nhip.kernel.time import now
from nhip.permission_commands import STRANGER, RouteRow, make_table, roles_with
from nhip.security.permissions.catalogue import PERMISSIONS, PUBLIC, SELF, built_in_roles
from nhip.security.permissions.current import begin_under
from nhip.security.permissions.model import Reach, Rights
from nhip.security.programs.model import Limits
from nhip.security.programs.service import issue_key, make_program
from nhip.settings import Settings
from tests.security.town import Town, leaks

Client = AsyncTestClient[Litestar]
ROLES = tuple(built_in_roles())
OUTSIDE = (STRANGER, "suspended", "nobody", "narrow key")
"""A stranger, one whose party may not act, one who was given nothing, a program whose key has one scope."""
SCOPE = "metrics.read"
SESSIONS: dict[str, dict[str, str]] = {}
"""The headers of each role's session."""
_PLACE = re.compile(r"\{(\w+)(?::(\w+))?\}")


def routes() -> list[RouteRow]:
    return make_table(Settings()).routes


def address(town: Town, row: RouteRow) -> str:
    """The route's address: of what is there where it only reads, of nothing where it changes something."""
    ids = town.ids if row.method == "GET" else {}
    nothing = {"uuid": str(uuid.UUID(int=7)), "int": "7", "path": "/khong-co"}
    return _PLACE.sub(lambda found: ids.get(found[1], nothing.get(found[2] or "", "khong-co")), row.path)


async def ended(client: Client, town: Town, row: RouteRow, role: str) -> str:
    """How the guard decided: `in`, `sign in` or `refused`; what the page itself answers afterwards does not matter."""
    asked = await _ask(client, town, row, role)
    if asked == "sign in" and expected(row, role) != asked:  # an earlier address ended this role's session, as it shall
        SESSIONS.pop(role)
        asked = await _ask(client, town, row, role)
    return asked


async def _ask(client: Client, town: Town, row: RouteRow, role: str) -> str:
    if role not in SESSIONS:
        SESSIONS[role] = await (
            narrow_key(town) if role == "narrow key" else town.headers(None if role == STRANGER else role)
        )
    headers = SESSIONS[role]
    answer = await client.request(row.method, address(town, row), headers=headers, follow_redirects=False)
    assert answer.status_code != 500, f"{row.method} {row.path} as {role}: {answer.text[:500]}"
    assert leaks(answer.text) + leaks(str(answer.headers)) == [], f"personal data: {row.path} as {role}"
    if answer.status_code < 400 or "json" not in answer.headers.get("content-type", ""):
        return "in"
    told = answer.json()
    if not isinstance(told, dict):  # CKAN says of an unknown action in a sentence
        return "in"
    error = told.get("key", told.get("title"))  # the graph tells its errors as NGSI-LD does: by title
    refused = dict.fromkeys((Forbidden.__name__, PermissionNeeded.__name__), "refused")
    return {"SignInNeeded": "sign in", "KeyNeeded": "sign in", **refused}.get(error, "in")


async def narrow_key(town: Town) -> dict[str, str]:
    """Headers of a program whose role could more than its key."""
    limits = Limits(scopes=(SCOPE,), expires_at=now() + timedelta(days=1), per_minute=100_000)
    async with town.installation.db.tx() as tx:
        issued = await issue_key(tx, (await make_program(tx, "Phần mềm thử")).id, "thử", limits)
    return {"authorization": f"Bearer {issued.text}", "accept": "application/json"}


def expected(row: RouteRow, role: str) -> str:
    if row.permission == PUBLIC:
        return "in"
    if role in (STRANGER, "suspended"):
        return "sign in"
    return "in" if row.permission in (SELF, SCOPE if role == "narrow key" else SELF) or role in row.roles else "refused"


@pytest.mark.parametrize("row", routes(), ids=lambda row: f"{row.method} {row.path}")
async def test_every_route_answers_every_role_as_the_table_says(served: Client, town: Town, row: RouteRow) -> None:
    asked = {role: await ended(served, town, row, role) for role in (*ROLES, *OUTSIDE)}
    assert asked == {role: expected(row, role) for role in asked}


SENSITIVE = [row for row in routes() if row.permission in PERMISSIONS and PERMISSIONS[row.permission].sensitive]


@pytest.mark.parametrize("row", SENSITIVE, ids=lambda row: f"{row.method} {row.path}")
async def test_sensitive_acts_ask_for_a_fresh_proof(served: Client, town: Town, row: RouteRow) -> None:
    """A session that was confirmed long ago, and one without a second factor, get no further."""
    role = next(role for role in row.roles if role in town.people)
    for token in (await town.token(role, ago=timedelta(hours=2)), await town.token(role, level=1)):
        answer = await served.request(
            row.method,
            address(town, row),
            headers=town.headers_of(token, accept="text/html", **{"accept-language": "en"}),
            follow_redirects=False,
        )
        led = answer.headers.get("location", "").startswith(("/confirm", "/account/second-factor"))
        asked = answer.status_code == 403 and "Confirm who you are" in answer.text
        assert led or asked, f"{answer.status_code} {answer.headers.get('location')} {role}"


def test_the_table_is_whole() -> None:
    table = make_table(Settings())
    assert len(table.routes) >= 350
    named = {(row.method, row.path): row.permission for row in table.routes}
    assert named["PATCH", "/ngsi-ld/v1/entities/{id:str}"] == "graph.write", "the graph's operations are in it too"
    for row in table.routes:
        assert row.permission in (PUBLIC, SELF) or row.permission in PERMISSIONS, row
    assert {role.name for role in table.roles} == set(ROLES)
    given = {name for role in table.roles for name in role.permissions}
    assert set(PERMISSIONS) <= given, "a permission that no role has"


def test_every_job_says_what_enqueues_it() -> None:
    lines = list(list_jobs(jobs.tasks))
    assert len(lines) >= 4
    for line in lines:
        assert line.permissions, f"{line.name}: say `@needs(…)` above the task"
        for name in line.permissions:
            assert name in PERMISSIONS or (name in (SYSTEM, PUBLIC) and len(line.permissions) == 1), line
    periodic = {task.task.name for task in jobs.periodic_registry.periodic_tasks.values()}
    assert periodic <= {line.name for line in lines if line.permissions == (SYSTEM,)}, (
        "what the clock starts is no person's"
    )


def ways() -> Iterator[tuple[Rights | None, str, bool]]:
    """Rights, a job, and whether they enqueue it."""
    for line in list_jobs(jobs.tasks):
        if line.permissions == (PUBLIC,):
            continue
        yield None, line.name, True
        yield Rights(), line.name, False
        for name in line.permissions:
            yield Rights({name: [Reach()]}), line.name, name != SYSTEM


async def test_a_job_is_enqueued_by_those_who_may_only(town: Town) -> None:
    from nhip.jobs.permissions import require

    try:
        for rights, name, may in ways():
            begin_under(rights)
            try:
                require(jobs.tasks[name])
            except Forbidden:
                assert not may, name
            else:
                assert may, name
    finally:
        begin_under(None)


async def test_enqueueing_asks(town: Town) -> None:
    from nhip.datasets.jobs import run_source
    from nhip.jobs.app import enqueue

    begin_under(Rights({"dataset.read": [Reach()]}))
    try:
        with pytest.raises(Forbidden):
            async with town.installation.db.tx() as tx:
                await enqueue(tx, run_source, source_id=str(uuid.uuid4()))
    finally:
        begin_under(None)


async def test_a_page_leads_strangers_to_the_sign_in_and_tells_others_no(served: Client, town: Town) -> None:
    answer = await served.get(
        "/console/sources", headers=await town.headers(None, accept="text/html"), follow_redirects=False
    )
    assert answer.status_code == 303 and answer.headers["location"] == "/signin?next=/console/sources"
    answer = await served.get("/console/sources", headers=await town.headers("leader", accept="text/html"))
    assert answer.status_code == 403 and "thu-muc" not in answer.text


def test_roles_of_ones_own_are_in_the_table() -> None:
    roles: dict[str, Any] = built_in_roles()
    assert roles_with(["metrics.read"], roles) == ["administrator", "program"]
    assert roles_with([SYSTEM], roles) == []
    assert roles_with([PUBLIC], roles)[0] == STRANGER
