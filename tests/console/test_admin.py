"""Administration: each page for those who may, and what its forms do."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.db.installation import Installation
from nhip.ledger.store import list_rows
from nhip.security.parties.store import list_parties
from nhip.security.permissions.store import list_of_party
from nhip.security.service import begin_session
from nhip.security.sessions import cookie_name
from nhip.security.store import NewSession, find_account
from nhip.testing.sector import AGENT

Client = AsyncTestClient[Litestar]
PAGES = (
    "people", "people/new", "organisations", "organisations/new", "roles", "roles/new", "roles/agency_officer", "sessions",
    "sign-ins", "programs", "programs/new", "providers", "providers/new?profile=vneid", "secrets",
    "jobs", "jobs?state=todo", "storage", "backups", "settings",
)  # fmt: skip
FORM = {"Origin": "http://testserver.local"}


@pytest.fixture(autouse=True)
def english(officer: Client) -> None:
    officer.headers.update({"Accept-Language": "en", **FORM})


@pytest.mark.parametrize("path", PAGES)
async def test_the_administrator_sees(officer: Client, path: str) -> None:
    answer = await officer.get(f"/console/admin/{path}")
    assert answer.status_code == 200, answer.text[-2000:]
    assert "<h1" in answer.text


async def test_the_ledger_is_read_by_those_who_may(officer: Client) -> None:
    text = (await officer.get("/console/admin/ledger?kind=role.given")).text
    assert "Role given" in text and "party:" in text


async def _post(client: Client, path: str, **form: Any) -> Any:
    return await client.post(f"/console/admin/{path}", data=form, follow_redirects=False)


async def test_a_person_comes_works_and_goes(officer: Client, city: Installation) -> None:
    made = await _post(officer, "people/new", name="Lê Thị Hoa", account="le.hoa", email="hoa@example.vn")
    assert made.status_code == 303, made.text
    home = made.headers["location"].removeprefix("/console/admin/")
    twice = await _post(officer, "people/new", name="Ai đó", account="le.hoa")
    assert twice.status_code == 422 and "is taken" in twice.text
    async with city.db.read() as tx:
        agency = next(p for p in await list_parties(tx, ("organisation",)))
    given = await _post(officer, f"{home}/roles", role="agency_officer", organisation=str(agency.id), note="QĐ 12/2026")
    assert given.status_code == 303, given.text
    shown = (await officer.get(f"/console/admin/{home}")).text
    assert agency.name_en in shown and "QĐ 12/2026" in shown and "dataset.correct" in shown
    async with city.db.tx() as tx:
        account = await find_account(tx, "le.hoa")
        assert account
        new = NewSession(method="password", level=1, ends_at=datetime(2100, 1, 1, tzinfo=UTC), agent=AGENT)
        token = await begin_session(tx, account, new)
        [assignment] = await list_of_party(tx, account.party_id)
    hers = {"cookie": f"{cookie_name(city.settings)}={token}", "user-agent": AGENT, "accept": "text/html"}
    asked = officer.build_request("GET", "/console/upload", headers=hers)
    asked.headers["cookie"] = hers["cookie"]
    assert (await officer.send(asked)).status_code == 200
    assert (await _post(officer, f"{home}/roles/{assignment.id}/take")).status_code == 303
    refused = await officer.send(asked)
    assert refused.status_code == 403, "felt at the next click"
    assert "Ask an administrator for the right" in refused.text and 'href="/signin"' not in refused.text
    assert (await _post(officer, f"{home}/suspend")).status_code == 303
    assert (await officer.send(asked, follow_redirects=False)).status_code == 303, "signed out"
    assert (await _post(officer, f"{home}/nonsense")).status_code == 404
    assert (await _post(officer, f"{home}/end")).status_code == 303
    async with city.db.read() as tx:
        kinds = [row.body.kind for row in await list_rows(tx, what=f"party:{account.party_id}")]
    for kind in ("party.made", "role.given", "role.taken", "party.suspended", "party.ended"):
        assert kind in kinds


async def test_bad_input_is_told_and_kept(officer: Client) -> None:
    answer = await _post(officer, "people/new", name="", account="có khoảng trắng", email="không")
    assert answer.status_code == 422
    assert "Enter the name." in answer.text and "Write an e-mail address." in answer.text
    assert 'value="có khoảng trắng"' in answer.text


async def test_a_role_of_one_s_own(officer: Client, city: Installation) -> None:
    nothing = await _post(officer, "roles/new", name="nothing", title="Không gì")
    assert nothing.status_code == 422 and "at least one" in nothing.text
    made = await _post(officer, "roles/new", name="reader", title="Người xem", permissions=["dataset.read", "invented"])
    assert made.status_code == 303
    shown = (await officer.get("/console/admin/roles/reader")).text
    assert "Người xem" in shown and "invented" not in shown
    assert (await _post(officer, "roles/agency_officer", title="Mới", permissions=["dataset.read"])).status_code == 422
    assert (await _post(officer, "roles/reader/end")).status_code == 303
    assert (await officer.get("/console/admin/roles/reader")).status_code == 404


async def test_organisations_and_units(officer: Client, city: Installation) -> None:
    assert (await _post(officer, "organisations/new", name="Sở Thử nghiệm", code="000.00.77.H57")).status_code == 303
    async with city.db.read() as tx:
        [agency] = [p for p in await list_parties(tx, ("organisation",)) if p.code == "000.00.77.H57"]
    unit = {"name": "Phòng Dữ liệu", "code": "000.01.77.H57", "parent": str(agency.id)}
    assert (await _post(officer, "organisations/new", **unit)).status_code == 303
    shown = (await officer.get("/console/admin/organisations")).text
    assert re.search(r"└ </span>.{0,200}Phòng Dữ liệu", shown, re.S)
    async with city.db.read() as tx:
        [below] = [p for p in await list_parties(tx, ("unit",)) if p.code == unit["code"]]
    circle = await _post(officer, f"organisations/{agency.id}", name=agency.name, parent=str(below.id))
    assert circle.status_code == 400 and "cannot belong to itself" in circle.text


async def test_settings_show_no_password(officer: Client) -> None:
    text = (await officer.get("/console/admin/settings")).text
    assert "set, not shown" in text
    assert "postgresql://" not in text
    assert "Folder that holds the embedded database" in text


async def test_a_session_is_ended_by_the_administrator(officer: Client, city: Installation) -> None:
    async with city.db.tx() as tx:
        account = await find_account(tx, "admin")
        assert account
        new = NewSession(method="password", level=1, ends_at=datetime(2100, 1, 1, tzinfo=UTC), agent="Trình duyệt khác")
        await begin_session(tx, account, new)
    text = (await officer.get("/console/admin/sessions")).text
    assert "Trình duyệt khác" in text
    other = re.search(r"Trình duyệt khác.*?sessions/([0-9a-f-]{36})/end", text, re.S)
    assert other
    assert (await _post(officer, f"sessions/{other[1]}/end")).status_code == 303
    assert "Trình duyệt khác" not in (await officer.get("/console/admin/sessions")).text
    assert (await _post(officer, f"sessions/{other[1]}/end")).status_code == 404


async def test_a_program_gets_a_key_that_is_shown_once_and_revoked(officer: Client, city: Installation) -> None:
    made = await _post(officer, "programs/new", name="Phần mềm camera", role="program")
    assert made.status_code == 303, made.text
    home = made.headers["location"].removeprefix("/console/admin/")
    without = await _post(officer, f"{home}/keys", title="Thử", kind="key")
    assert without.status_code == 422 and "at least one scope" in without.text
    issued = await _post(officer, f"{home}/keys", title="Máy chủ A", kind="key", scopes=["dataset.read"])
    assert issued.status_code == 200, issued.text
    text = re.search(r"nhip_[A-Za-z0-9_\-]+", issued.text)
    assert text
    assert text[0] not in (await officer.get(f"/console/admin/{home}")).text
    bearer = {"authorization": f"Bearer {text[0]}", "accept": "application/json"}
    plain = officer.build_request("GET", "/console/datasets", headers=bearer)
    plain.headers.pop("cookie", None)
    assert (await officer.send(plain)).status_code == 200
    key = re.search(r"/keys/([0-9a-f-]{36})/revoke", (await officer.get(f"/console/admin/{home}")).text)
    assert key and (await _post(officer, f"{home}/keys/{key[1]}/revoke")).status_code == 303
    assert (await officer.send(plain)).status_code == 401


async def test_a_link_to_set_a_password_is_shown_once(officer: Client) -> None:
    made = await _post(officer, "people/new", name="Phan Văn Đức", account="phan.duc")
    home = made.headers["location"].removeprefix("/console/admin/")
    shown = await _post(officer, f"{home}/invite")
    assert shown.status_code == 200 and re.search(r"/recover\?code=[a-z0-9-]{25,}", shown.text)
    assert shown.headers["cache-control"] == "no-store"


async def test_a_provider_is_added_and_its_secret_never_shown(officer: Client) -> None:
    fields = {
        "name": "tinh",
        "issuer": "https://id.example.vn/realms/hue",
        "client_id": "nhip",
        "auth": "client_secret_basic",
    }
    secret = "bi-mat-khong-ai-thay"
    wrong = await _post(
        officer, "providers/new", **fields, client_secret=secret, acr_levels="gold: 2", minimum_level="1"
    )
    assert wrong.status_code == 422 and "gold = 2" in wrong.text
    more = {
        "client_secret": secret,
        "acr_levels": "gold = 2",
        "claim-subject": "sub",
        "minimum_level": "1",
        "enabled": "on",
    }
    made = await _post(officer, "providers/new", **fields, **more)
    assert made.status_code == 303, made.text
    shown = (await officer.get("/console/admin/providers/tinh")).text
    assert secret not in shown and "/openid/tinh/callback" in shown and "gold = 2" in shown
    assert (await _post(officer, "providers/tinh/remove")).status_code == 303
