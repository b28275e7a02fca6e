"""The people of the model city: one a role, who can sign in with what was printed once."""

from __future__ import annotations

import shlex
import uuid
from pathlib import Path

import pytest

from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
from nhip.db.installation import Installation
from nhip.modelcity.agencies import AGENCIES
from nhip.modelcity.people import HELPED, make_people, told
from nhip.security.parties.store import find_party, find_subject
from nhip.security.permissions.catalogue import built_in_roles
from nhip.security.permissions.service import rights_of
from nhip.security.service import sign_in
from nhip.security.store import find_account
from nhip.security.subjects import subject_of
from tests.e2e.sample import deliver

NUMBER = "046188123456"
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:help
version: 1.0.0
status: active
schema:
  - name: chinh-sach-phu-bai
    properties:
      - {name: ho_ten, logicalType: string, classification: personal}
      - {name: so_dinh_danh, logicalType: string, classification: sensitive}
"""


@pytest.fixture
async def city(installation: Installation, tmp_path: Path) -> Installation:
    """The agencies, and somebody who is helped."""
    async with installation.db.tx() as tx:
        for agency in AGENCIES:
            await put_agency(tx, agency.code, agency.title, agency.title_en)
        code = next(agency.code for agency in AGENCIES if agency.slug == "p-phu-bai")
        await put_contract(tx, await put_dataset(tx, HELPED, code, "Bảo trợ"), CONTRACT, who="thử")
    body = f"ho_ten,so_dinh_danh\nKhông số,\nTrần Thị Mẫu,{NUMBER}\n"
    await deliver(installation, HELPED, tmp_path / "a.csv", body.encode())
    return installation


async def test_one_a_role_who_can_sign_in(city: Installation) -> None:
    users = await make_people(city)
    assert {user.role for user in users} == set(built_in_roles()), "nobody is missing"
    by_role = {user.role: user for user in users}
    for user in users:
        if user.role == "program":
            assert user.key and not user.password
            continue
        ended = await sign_in(city.db, user.account, user.password, "127.0.0.1", 1)
        assert ended.token, f"{user.account} cannot sign in"
    assert by_role["citizen"].name == "Trần Thị Mẫu"
    assert len({user.password for user in users if user.password}) == len(users) - 1
    async with city.db.read() as tx:
        account = await find_account(tx, by_role["citizen"].account)
        assert account is not None
        assert await find_subject(tx, account.party_id) == subject_of(city.settings, NUMBER)
        officer = await find_account(tx, by_role["agency_officer"].account)
        assert officer is not None and officer.password_hash and officer.password_hash.startswith("$argon2id$")
        party = await find_party(tx, officer.party_id)
        assert party is not None
        rights = await rights_of(tx, officer.party_id, -1)
        assert rights.may("dataset.read_personal", organisation=party.parent_id), "in the own agency"
        assert not rights.may("dataset.read", organisation=uuid.uuid4()), "and nowhere else"


async def test_secrets_are_told_once_and_kept_nowhere(city: Installation) -> None:
    first = await make_people(city)
    again = await make_people(city)
    assert [(user.account, user.name) for user in again] == [(user.account, user.name) for user in first]
    assert not any(user.password or user.key for user in again)
    at_first = told(first, "http://x", Path("/du-lieu"))
    command = told(again, "http://x", Path("/dữ liệu")).splitlines()[-1].split(": ", 1)[1]
    assert shlex.split(command)[1:] == ["--data-dir", "/dữ liệu", "password", "NAME", "--generate"], (
        "to be copied as it is"
    )
    assert "--generate" not in at_first and all(user.password in at_first for user in first)
    assert not any(user.password and user.password in repr(first) for user in first)
    async with city.db.read() as tx:
        tables = await (
            await tx.execute(
                "select schemaname || '.' || tablename from pg_tables where schemaname in ('security', 'ledger')"
            )
        ).fetchall()
        kept = ""
        for (table,) in tables:
            kept += str(await (await tx.execute(f"select string_agg(t::text, ' ') from {table} t")).fetchone())
    assert "quan-tri" in kept
    for user in first:
        assert not user.password or user.password not in kept
        assert not user.key or user.key not in kept
