"""The people of the model city: one for each built-in role, with a password that is printed once and kept nowhere in clear."""

from __future__ import annotations

import shlex
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from nhip.datasets.findings import list_rows
from nhip.datasets.personal import Sight
from nhip.datasets.store import find_version_in_force, get_dataset
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.kernel import random
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.modelcity.agencies import AGENCIES
from nhip.security.parties.service import get_party, make_party
from nhip.security.parties.store import find_by_code, set_subject
from nhip.security.permissions.catalogue import ROLE_TITLES
from nhip.security.permissions.service import give_role
from nhip.security.programs.model import Limits
from nhip.security.programs.service import issue_key, list_keys, make_program, revoke_key
from nhip.security.service import make_user
from nhip.security.store import find_account, find_administrator
from nhip.security.subjects import subject_of
from nhip.web.i18n import catalogue

HELPED: Final = "chinh-sach-phu-bai"
"""The dataset of which the citizen is one: who is helped by the ward."""


class PersonPlan(msgspec.Struct, frozen=True):
    """Somebody to make, with the agency (its slug) that they belong to; `limited`: the role holds there only."""

    account: str
    name: str
    role: str
    agency: str
    limited: bool = False


PEOPLE: Final = (
    PersonPlan("quan-tri", "Hoàng Thị Minh An", "administrator", "tt-ioc"),
    PersonPlan("du-lieu", "Lê Quang Bách", "data_steward", "so-khcn"),
    PersonPlan("phu-bai", "Nguyễn Thị Diệu Hiền", "agency_officer", "p-phu-bai", limited=True),
    PersonPlan("du-lich", "Trần Hữu Khoa", "agency_leader", "so-dl", limited=True),
    PersonPlan("lanh-dao", "Phan Thanh Lâm", "leader", "vp-ubnd"),
    PersonPlan("truc-ban", "Võ Ngọc Mai", "operator", "tt-ioc"),
    PersonPlan("bao-ve-du-lieu", "Đặng Thùy Nga", "privacy_officer", "so-tp"),
    PersonPlan("kiem-tra", "Bùi Văn Phúc", "auditor", "vp-ubnd"),
)
CITIZEN: Final = PersonPlan("nguoi-dan", "Công dân mẫu", "citizen", "")
PROGRAM: Final = PersonPlan("", "Phần mềm của Công ty Vận tải", "program", "ct-xe-buyt", limited=True)
SCOPES: Final = ("dataset.read", "dataset.export", "dataset.deliver", "graph.read", "graph.write")
LIVE: Final = "Mô phỏng trực tiếp (dữ liệu mẫu)"
"""The program that plays the buses and the gauges."""


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the model city and how they sign in; secrets are there only when they were made just now."""

    role: str
    title: str
    name: str
    agency: str = ""
    account: str = ""
    password: str = ""
    key: str = ""
    """The API key of a program."""

    def __repr__(self) -> str:
        """Without the secrets, so that they cannot reach a log."""
        return f"User({self.account!r}, {self.role!r})"


async def make_people(installation: Installation) -> list[User]:
    """Make everybody; those who are there already stay as they are and come without their secrets."""
    codes = {agency.slug: (agency.code, agency.title) for agency in AGENCIES}
    async with installation.db.tx() as tx:
        if await find_account(tx, PEOPLE[0].account) is not None:
            return [_user(plan, codes, await _called(tx, plan)) for plan in (*PEOPLE, CITIZEN, PROGRAM)]
        users = [await _make(tx, plan, codes) for plan in PEOPLE]
        users.append(await _make_citizen(tx, installation, codes))
        users.append(await _make_program(tx, codes))
        assert await find_administrator(tx) is not None
    return users


Codes = dict[str, tuple[str, str]]


def _user(plan: PersonPlan, codes: Codes, name: str = "", password: str = "", key: str = "") -> User:
    title = str(catalogue("vi").gettext(ROLE_TITLES[plan.role][0]))
    agency = codes.get(plan.agency, ("", ""))[1]
    person = name or plan.name
    return User(
        role=plan.role, title=title, name=person, agency=agency, account=plan.account, password=password, key=key
    )


async def _called(tx: Connection, plan: PersonPlan) -> str:
    """The name under which somebody was made: the citizen is somebody else in each city."""
    account = await find_account(tx, plan.account) if plan.account else None
    return (await get_party(tx, account.party_id)).name if account else ""


async def _make(tx: Connection, plan: PersonPlan, codes: Codes, name: str = "", subject: bytes | None = None) -> User:
    place = await find_by_code(tx, codes[plan.agency][0]) if plan.agency else None
    party = await make_party(tx, "person", name or plan.name, parent_id=place.id if place else None)
    if subject is not None:
        await set_subject(tx, party.id, subject)
    password = random.password()
    await make_user(tx, party, plan.account, password)
    await give_role(tx, party.id, plan.role, organisation_id=place.id if place and plan.limited else None)
    return _user(plan, codes, name, password)


async def _make_citizen(tx: Connection, installation: Installation, codes: Codes) -> User:
    """The citizen is somebody of whom the city holds data, so that the page on who used them has something to tell."""
    name, subject = await _somebody(tx, installation)
    return await _make(tx, CITIZEN, codes, name, subject)


async def _somebody(tx: Connection, installation: Installation) -> tuple[str, bytes | None]:
    version = await find_version_in_force(tx, await get_dataset(tx, HELPED))
    if version is None:
        return "", None
    data = await list_rows(installation, version, Sight(dataset=HELPED, internal=True), most=50)
    names, numbers = data.columns.index("ho_ten"), data.columns.index("so_dinh_danh")
    for _number, cells in data.rows:
        subject = subject_of(installation.settings, cells[numbers] or "")
        if subject is not None and cells[names]:
            return str(cells[names]), subject
    return "", None


async def _make_program(tx: Connection, codes: Codes) -> User:
    place = await find_by_code(tx, codes[PROGRAM.agency][0])
    program = await make_program(tx, PROGRAM.name, place.id if place else None)
    limits = Limits(scopes=SCOPES, expires_at=now() + timedelta(days=365))
    issued = await issue_key(tx, program.id, "nhip demo", limits)
    return _user(PROGRAM, codes, key=issued.text)


async def issue_live_key(installation: Installation) -> str:
    """A new key of the simulator, which reads and writes things; its last one opens nothing any more."""
    async with installation.db.tx() as tx:
        old = [key for key in await list_keys(tx, ended=True) if key.program == LIVE]
        for key in old:
            if key.revoked_at is None:
                await revoke_key(tx, key.id)
        party_id = old[0].party_id if old else (await make_program(tx, LIVE)).id
        limits = Limits(scopes=("graph.read", "graph.write"), expires_at=now() + timedelta(days=30))
        return (await issue_key(tx, party_id, "nhip demo", limits)).text


def _command() -> str:
    """How this shell calls `nhip`: by its name where it finds it, else by the program that runs now."""
    return "nhip" if shutil.which("nhip") else shlex.quote(sys.argv[0])


def told(users: list[User], address: str, folder: Path) -> str:
    """How to sign in as each of them, in lines for a terminal; without passwords, how to get new ones in this `folder`."""
    width = max(len(user.account) for user in users)
    lines = [f"    {address}/signin"]
    for user in users:
        secret = user.password or user.key
        lines.append(f"    {user.account:<{width}}  {secret:<23}  {user.title}: {user.name}".rstrip())
    if not any(user.password for user in users):
        lines.append(
            "    "
            + str(catalogue("vi").gettext(_("Passwords were printed at the first start; a new one: {command}"))).format(
                command=f"{_command()} --data-dir {shlex.quote(str(folder))} password NAME --generate"
            )
        )
    return "\n".join(lines)
