"""What rights cost: one question, compiling them, and how much more a page costs for somebody signed in than for a stranger.

The page is the list of open datasets, `/datasets`. CPU of the whole server process is counted, without
the database server's.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from litestar.testing import AsyncTestClient

from bench import results
from nhip.db.installation import Installation, opened
from nhip.kernel.time import now
from nhip.parts import prepare_database
from nhip.security.parties.service import make_account, make_party
from nhip.security.permissions.catalogue import built_in_roles
from nhip.security.permissions.model import Rights
from nhip.security.permissions.service import compile_rights, give_role
from nhip.security.permissions.store import InForce
from nhip.security.service import begin_session
from nhip.security.sessions import cookie_name
from nhip.security.store import NewSession
from nhip.settings import Settings, load

AGENT = "nhip bench"
AGENCIES = 1_000
"""Organisations below the one that a role is limited to: more than any province has."""


def rights_of_an_officer() -> tuple[Rights, list[InForce], list[uuid.UUID]]:
    """Somebody with four roles, one of them for an organisation with a thousand units."""
    places = [uuid.UUID(int=n + 1) for n in range(AGENCIES)]
    made = now()
    given = [
        InForce(
            id=uuid.UUID(int=n),
            party_id=uuid.UUID(int=7),
            role=role,
            organisation_id=places[0] if limited else None,
            organisations=places if limited else [],
            from_at=made - timedelta(days=1),
        )
        for n, (role, limited) in enumerate(
            [("agency_officer", True), ("agency_leader", True), ("operator", False), ("citizen", False)]
        )
    ]
    return compile_rights(given, built_in_roles(), made), given, places


def per_call_us(call: Callable[[], Any], times: int) -> float:
    """CPU microseconds of one call: the best of five rounds of `times`."""
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        for _ in range(times):
            call()
        best = min(best, (time.process_time() - started) / times * 1e6)
    return round(best, 2)


def measure_checks(quick: bool) -> dict[str, float]:
    """Microseconds of the questions that a page asks, and of compiling."""
    rights, given, places = rights_of_an_officer()
    times = 20_000 if quick else 200_000
    roles = built_in_roles()
    far = uuid.uuid4()
    assert rights.may("dataset.correct", organisation=places[-1]) and not rights.may(
        "dataset.correct", organisation=far
    )
    return {
        "anywhere_us": per_call_us(lambda: rights.anywhere("dataset.correct"), times),
        "may_us": per_call_us(lambda: rights.may("dataset.correct", organisation=places[-1]), times),
        "may_not_us": per_call_us(lambda: rights.may("dataset.correct", organisation=far), times),
        "organisations_us": per_call_us(lambda: rights.organisations("dataset.correct"), times // 100),
        "compile_us": per_call_us(lambda: compile_rights(given, roles, now()), 200),
    }


async def _session(installation: Installation) -> str:
    async with installation.db.tx() as tx:
        party = await make_party(tx, "person", "Đo")
        account = await make_account(tx, party, f"do-{uuid.uuid4().hex[:8]}", None)
        await give_role(tx, party.id, "administrator")
        new = NewSession(
            method="passkey", level=2, ends_at=now() + timedelta(hours=1), address="testclient", agent=AGENT
        )
        return await begin_session(tx, account, new)


async def _page_ms(client: AsyncTestClient[Any], headers: dict[str, str], times: int) -> float:
    """CPU milliseconds of this process for one request."""
    for _ in range(20):
        await client.get("/datasets", headers=headers, follow_redirects=False)
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        for _ in range(times):
            answer = await client.get("/datasets", headers=headers, follow_redirects=False)
        best = min(best, (time.process_time() - started) / times * 1e3)
        assert answer.status_code == 200, answer.text[:300]
    return best


async def measure_page(settings: Settings, quick: bool) -> dict[str, float]:
    """A public page for a stranger and for somebody signed in."""
    from nhip.app import create_app

    async with opened(settings) as installation:
        await prepare_database(installation.db)
        token = await _session(installation)
    times = 50 if quick else 300
    async with AsyncTestClient(create_app(settings), base_url="http://testserver.local") as client:
        stranger = await _page_ms(client, {"user-agent": AGENT}, times)
        cookie = f"{cookie_name(settings)}={token}"
        signed_in = await _page_ms(client, {"user-agent": AGENT, "cookie": cookie}, times)
    return {
        "stranger_ms": round(stranger, 2),
        "signed_in_ms": round(signed_in, 2),
        "more_ms": round(signed_in - stranger, 2),
    }


def run(quick: bool) -> None:
    """Measure and record. Targets: a check 5 us, a page 2 ms more than for a stranger."""
    folder = results.WORK / "permissions"
    checks = measure_checks(quick)
    page = asyncio.run(measure_page(load({"data_dir": folder}), quick))
    results.record("permissions", {**checks, **page, "target_check_us": 5, "target_more_ms": 2})
