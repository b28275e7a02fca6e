"""Rights: what roles add up to, where they reach, when they lapse; and how quickly a change is felt."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.db.installation import Installation
from nhip.kernel.actor import Actor, act_as
from nhip.security.parties.service import change_party, end, make_party, suspend
from nhip.security.permissions import store
from nhip.security.permissions.catalogue import PERMISSIONS, built_in_roles
from nhip.security.permissions.errors import LastAdministrator, MoreThanOwn, NotYourself
from nhip.security.permissions.model import Reach, Rights, Role
from nhip.security.permissions.service import compile_rights, give_role, put_role, rights_of, take_role
from nhip.security.permissions.store import InForce

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
A, B, C = (uuid.UUID(int=n) for n in (1, 2, 3))
ROLES = built_in_roles()


def _given(role: str, **more) -> InForce:
    organisations = more.pop("organisations", [])
    where = {"organisation_id": organisations[0]} if organisations else {}
    base = {"id": uuid.uuid4(), "party_id": A, "role": role, "from_at": NOW - timedelta(days=1)}
    return InForce(**base, **where, **more, organisations=organisations)


def test_nothing_is_given_to_whoever_was_given_nothing() -> None:
    nobody = compile_rights([], ROLES, NOW)
    for name in PERMISSIONS:
        assert not nobody.anywhere(name)
        assert not nobody.may(name)
        assert nobody.organisations(name) == frozenset()


def test_an_unknown_role_gives_nothing() -> None:
    assert compile_rights([_given("emperor")], ROLES, NOW).names() == frozenset()


def test_a_role_of_one_agency_ends_at_its_border() -> None:
    officer = compile_rights([_given("agency_officer", organisations=[A, B])], ROLES, NOW)
    assert officer.anywhere("dataset.correct")
    assert officer.may("dataset.correct", organisation=A)
    assert officer.may("dataset.correct", organisation=B)
    assert not officer.may("dataset.correct", organisation=C)
    assert not officer.may("dataset.correct"), "an object of nobody is not within an agency"
    assert officer.organisations("dataset.correct") == {A, B}
    assert not officer.anywhere("party.edit")


def test_roles_add_up_but_their_reaches_do_not_mix() -> None:
    both = compile_rights([_given("agency_officer", organisations=[A]), _given("leader")], ROLES, NOW)
    assert both.may("dataset.read", organisation=C), "a leader reads everywhere"
    assert both.organisations("dataset.read") is None
    assert not both.may("dataset.correct", organisation=C), "but corrects only what the other role reaches"


def test_area_and_sector_narrow_too() -> None:
    ward = compile_rights([_given("agency_officer", area="19753", sector="reports")], ROLES, NOW)
    assert ward.may("dataset.correct", areas=("19753", "46"), sector="reports")
    assert not ward.may("dataset.correct", areas=("19753", "46"), sector="transit")
    assert not ward.may("dataset.correct", areas=("46",), sector="reports"), "the province is wider than the ward"
    assert ward.organisations("dataset.correct") == frozenset(), "objects without place are not within"


def test_time_limits_hold() -> None:
    soon = _given("leader", until_at=NOW + timedelta(hours=1))
    later = _given("operator").__class__(**{**_asdict(_given("operator")), "from_at": NOW + timedelta(minutes=5)})
    rights = compile_rights([soon, later], ROLES, NOW)
    assert rights.anywhere("dataset.read")
    assert not rights.anywhere("alert.settle")
    assert rights.until == NOW + timedelta(minutes=5), "to be compiled again when the next one begins"
    assert not compile_rights([soon], ROLES, NOW + timedelta(hours=1)).anywhere("dataset.read")


def _asdict(value):
    import msgspec

    return msgspec.structs.asdict(value)


@given(st.lists(st.sampled_from(sorted(PERMISSIONS)), max_size=6), st.sampled_from(sorted(ROLES)))
def test_a_key_never_adds(scopes: list[str], role: str) -> None:
    rights = compile_rights([_given(role, organisations=[A])], ROLES, NOW)
    limited = rights.limited(scopes)
    assert limited.names() == rights.names() & set(scopes)
    for name in PERMISSIONS:
        assert limited.may(name, organisation=A) <= rights.may(name, organisation=A)


@given(
    st.lists(st.tuples(st.sampled_from("rw"), st.sets(st.sampled_from([A, B, C])) | st.none()), max_size=5),
    st.sampled_from([A, B, C, None]),
)
def test_the_compiled_answer_is_the_plain_one(given_, organisation) -> None:
    """Against the definition: some assignment with the permission reaches the object."""
    reaches: dict[str, list[Reach]] = {}
    for name, where in given_:
        reaches.setdefault(name, []).append(Reach(None if where is None else frozenset(where)))
    rights = Rights(reaches)
    for name in "rw":
        plain = any(n == name and (where is None or organisation in where) for n, where in given_)
        assert rights.may(name, organisation=organisation) == plain


def test_every_permission_is_somebody_s_and_every_role_has_a_line() -> None:
    for permission in PERMISSIONS.values():
        assert permission.roles, permission.name
        assert set(permission.roles) <= ROLES.keys()
    assert "dataset.read_personal" not in ROLES["administrator"].permissions, (
        "who gives rights does not read people's data"
    )


async def _epoch(installation: Installation) -> int:
    async with installation.db.read() as tx:
        row = await (await tx.execute(store.queries.find_epoch)).fetchone()
        assert row
        return int(row[0])


async def _rights(installation: Installation, party: uuid.UUID) -> Rights:
    async with installation.db.read() as tx:
        return await rights_of(tx, party, await _epoch(installation))


async def test_a_change_is_felt_at_once(installation: Installation) -> None:
    async with installation.db.tx() as tx:
        agency = await make_party(tx, "organisation", "Sở Xây dựng", code="SXD")
        unit = await make_party(tx, "unit", "Phòng Quản lý đô thị", code="SXD-1", parent_id=agency.id)
        person = await make_party(tx, "person", "Nguyễn Thị Lan", parent_id=unit.id)
        made = await give_role(tx, person.id, "agency_officer", organisation_id=agency.id)
    rights = await _rights(installation, person.id)
    assert rights.may("dataset.correct", organisation=unit.id), "an agency's role reaches its units"
    async with installation.db.tx() as tx:
        await change_party(tx, unit, name=unit.name, parent_id=None)
    assert not (await _rights(installation, person.id)).may("dataset.correct", organisation=unit.id)
    async with installation.db.tx() as tx:
        await take_role(tx, made.id)
    assert (await _rights(installation, person.id)).names() == frozenset()


async def test_a_role_of_an_agency_that_is_no_more_reaches_nothing(installation: Installation) -> None:
    async with installation.db.tx() as tx:
        chief = await make_party(tx, "person", "Trưởng")
        await give_role(tx, chief.id, "administrator")
        agency = await make_party(tx, "organisation", "Sở cũ", code="CU")
        person = await make_party(tx, "person", "Người cũ", parent_id=agency.id)
        await give_role(tx, person.id, "agency_officer", organisation_id=agency.id)
        await end(tx, agency)
    assert (await _rights(installation, person.id)).names() == frozenset()


async def test_the_last_administrator_stays(installation: Installation) -> None:
    async with installation.db.tx() as tx:
        chief = await make_party(tx, "person", "Trưởng")
        made = await give_role(tx, chief.id, "administrator")
    for undo in (lambda tx: take_role(tx, made.id), lambda tx: suspend(tx, chief, True), lambda tx: end(tx, chief)):
        with pytest.raises(LastAdministrator):
            async with installation.db.tx() as tx:
                await undo(tx)
    assert (await _rights(installation, chief.id)).may("role.edit")


async def test_nobody_climbs_by_giving(installation: Installation) -> None:
    async with installation.db.tx() as tx:
        agency = await make_party(tx, "organisation", "Sở Y tế", code="SYT")
        local = await make_party(tx, "person", "Quản trị sở")
        other = await make_party(tx, "person", "Người khác")
        await put_role(tx, Role(name="local_admin", title="Quản trị đơn vị", permissions=frozenset({"role.edit"})))
        await give_role(tx, local.id, "local_admin", organisation_id=agency.id)
    giver = await _rights(installation, local.id)
    with act_as(Actor(local.id, "Quản trị sở")):
        async with installation.db.tx() as tx:
            await give_role(tx, other.id, "agency_officer", organisation_id=agency.id, giver=giver)
        for role, where in (("agency_officer", None), ("administrator", agency.id), ("administrator", None)):
            with pytest.raises(MoreThanOwn):
                async with installation.db.tx() as tx:
                    await give_role(tx, other.id, role, organisation_id=where, giver=giver)
        with pytest.raises(NotYourself):
            async with installation.db.tx() as tx:
                await give_role(tx, local.id, "agency_officer", organisation_id=agency.id, giver=giver)
