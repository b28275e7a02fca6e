"""Whoever administers one agency stays in it, and becomes nobody's master by resetting passwords."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from litestar.testing import AsyncTestClient

from nhip.app import create_app
from nhip.db.installation import Installation
from nhip.security.model import Party
from nhip.security.parties.service import make_account, make_party
from nhip.security.permissions.model import Role
from nhip.security.permissions.service import give_role, put_role
from nhip.security.service import begin_session, set_administrator_password
from nhip.security.sessions import cookie_name
from nhip.security.store import NewSession, find_account

AGENT = "managing"
PEOPLE = "/console/admin/people"
LOCAL = Role(
    name="local_admin",
    title="Quản trị đơn vị",
    permissions=frozenset(
        {
            "party.read",
            "party.edit",
            "role.edit",
            "key.edit",
            "session.read",
            "session.end",
            "secret.set",
            "setting.read",
        }
    ),
)


class Place:
    """Two agencies; the administrator of the first, an officer of each, and the administrator of all, who works in the first."""

    def __init__(self) -> None:
        self.people: dict[str, Party] = {}
        self.agencies: dict[str, Party] = {}
        self.assignments: dict[str, uuid.UUID] = {}


@pytest.fixture
async def place(installation: Installation) -> Place:
    made = Place()
    async with installation.db.tx() as tx:
        await set_administrator_password(tx)
        await put_role(tx, LOCAL)
        for code in ("A", "B"):
            made.agencies[code] = await make_party(tx, "organisation", f"Sở {code}", code=code)
        for name, where in (("local", "A"), ("officer", "A"), ("other", "B"), ("chief", "A")):
            made.people[name] = await make_party(tx, "person", name, parent_id=made.agencies[where].id)
            await make_account(tx, made.people[name], f"acc-{name}", None)
        await give_role(tx, made.people["local"].id, "local_admin", organisation_id=made.agencies["A"].id)
        for name, where in (("officer", "A"), ("other", "B")):
            given = await give_role(tx, made.people[name].id, "agency_leader", organisation_id=made.agencies[where].id)
            made.assignments[name] = given.id
        await give_role(tx, made.people["chief"].id, "administrator")
    return made


@pytest.fixture
async def local(installation: Installation, place: Place):
    import msgspec

    settings = msgspec.structs.replace(installation.settings, second_factor="offered")
    async with AsyncTestClient(create_app(settings), base_url="http://testserver.local") as client:
        async with installation.db.tx() as tx:
            account = await find_account(tx, "acc-local")
            assert account
            ends = datetime(2100, 1, 1, tzinfo=UTC)
            token = await begin_session(tx, account, NewSession(method="password", level=1, ends_at=ends, agent=AGENT))
        client.cookies.set(cookie_name(settings), token)
        client.headers.update({"user-agent": AGENT, "accept": "text/html", "origin": "http://testserver.local"})
        yield client


async def test_lists_end_at_the_agency(local, place: Place) -> None:
    text = (await local.get(PEOPLE)).text
    assert str(place.people["officer"].id) in text
    assert str(place.people["other"].id) not in text
    assert "Sở B" not in (await local.get("/console/admin/organisations")).text


@pytest.mark.parametrize("path", ["", "/change"])
async def test_people_of_others_are_not_there(local, place: Place, path: str) -> None:
    assert (await local.get(f"{PEOPLE}/{place.people['officer'].id}{path}")).status_code == 200
    assert (await local.get(f"{PEOPLE}/{place.people['other'].id}{path}")).status_code == 404


@pytest.mark.parametrize("act", ["suspend", "end", "invite", "change", "roles"])
async def test_nothing_happens_to_people_of_others(local, place: Place, act: str) -> None:
    form = {"name": "x", "role": "agency_leader"}
    answer = await local.post(f"{PEOPLE}/{place.people['other'].id}/{act}", data=form, follow_redirects=False)
    assert answer.status_code in (404, 422), answer.text[:300]


@pytest.mark.parametrize("act", ["suspend", "end", "invite", "change"])
async def test_nor_to_whoever_may_more(local, place: Place, act: str) -> None:
    """The administrator of all works in this agency: a link to set their password would make its holder one."""
    form = {"name": "x", "organisation": str(place.agencies["A"].id)}
    answer = await local.post(f"{PEOPLE}/{place.people['chief'].id}/{act}", data=form, follow_redirects=False)
    assert answer.status_code == 403
    assert "recover?code" not in answer.text


async def test_roles_of_others_are_not_taken(local, place: Place) -> None:
    away = f"{PEOPLE}/{place.people['officer'].id}/roles/{place.assignments['other']}/take"
    assert (await local.post(away, follow_redirects=False)).status_code == 404
    own = f"{PEOPLE}/{place.people['officer'].id}/roles/{place.assignments['officer']}/take"
    assert (await local.post(own, follow_redirects=False)).status_code == 303


async def test_nobody_is_moved_or_made_elsewhere(local, place: Place) -> None:
    form = {"name": "Người mới", "account": "nguoi.moi", "organisation": str(place.agencies["B"].id)}
    assert (await local.post(f"{PEOPLE}/new", data=form, follow_redirects=False)).status_code in (403, 422)
    form = {"name": "officer", "organisation": str(place.agencies["B"].id)}
    moved = await local.post(f"{PEOPLE}/{place.people['officer'].id}/change", data=form, follow_redirects=False)
    assert moved.status_code == 403
    program = {"name": "Phần mềm", "role": "administrator", "organisation": str(place.agencies["A"].id)}
    made = await local.post("/console/admin/programs/new", data=program, follow_redirects=False)
    assert made.status_code == 422, "no role beyond one's own"


@pytest.mark.parametrize(
    "path", ["/console/admin/settings", "/console/admin/providers", "/console/admin/secrets", "/console/admin/sign-ins"]
)
async def test_the_whole_installation_is_not_an_agency_s(local, path: str) -> None:
    assert (await local.get(path)).status_code == 403
