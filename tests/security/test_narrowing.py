"""An officer meets the data of their own agency only: in lists, counts and single addresses, by no parameter and no trick."""

from __future__ import annotations

import uuid

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.datasets.access import access_agency, access_alert, access_dataset, access_delivery, access_source
from nhip.datasets.errors import DatasetNotFound
from nhip.datasets.health import get_city_health
from nhip.datasets.query import ask
from nhip.datasets.store import (
    find_contract,
    get_dataset,
    get_source,
    list_agencies,
    list_alerts,
    list_corrections,
    list_datasets,
    list_deliveries,
    list_sources,
)
from nhip.errors import Forbidden, NotFound
from nhip.kernel.actor import Actor, act_as
from nhip.security.parties.service import end, make_account, make_party
from nhip.security.permissions.current import begin_under
from nhip.security.permissions.model import NOTHING, Reach, Rights
from nhip.security.permissions.service import give_role
from tests.e2e import sample
from tests.security.town import CONTRACT, HELP, HELP_AGENCY, HELP_SOURCE, HELP_TITLE, Person, Town, ids

Client = AsyncTestClient[Litestar]
OTHER = "truong-hoc"
"""A dataset of the other agency."""
OTHERS = [title for agency, title, _en in sample.TITLES.values() if agency != HELP_AGENCY]
LISTS = ["/console", "/console/datasets", "/console/feeds", "/console/queue", "/console/sources", "/console/upload"]


@pytest.fixture(scope="module")
async def other_ids(town: Town) -> dict[str, str]:
    """Ids of the dataset of the other agency."""
    return await ids(town.installation, OTHER)


@pytest.mark.parametrize("role", ["agency_officer", "agency_leader"])
async def test_lists_hold_the_own_agency_only(served: Client, town: Town, role: str) -> None:
    headers = await town.headers(role, accept="text/html")
    for path in LISTS:
        text = (await served.get(path, headers=headers)).text
        for title in (*OTHERS, *sample.TITLES, *(vi for vi, _en in sample.AGENCIES.values()), sample.SOURCE):
            assert title not in text.replace("/console/datasets", ""), f"{path} tells of {title}"
    assert HELP_TITLE in (await served.get("/console/datasets", headers=headers)).text
    assert "1 bộ dữ liệu" in (await served.get("/console/datasets", headers=headers | {"accept-language": "vi"})).text


@pytest.mark.parametrize("role", ["administrator", "data_steward", "leader", "operator", "auditor", "privacy_officer"])
async def test_the_province_sees_all(served: Client, town: Town, role: str) -> None:
    headers = await town.headers(role, accept="text/html")
    text = (await served.get("/console/datasets", headers=headers)).text
    assert HELP_TITLE in text and all(title in text for title in OTHERS)


async def test_queries_are_narrowed_in_sql(town: Town) -> None:
    mine = Rights({"dataset.read": [Reach(frozenset({town.agencies[HELP_AGENCY]}))]})
    async with town.installation.db.read() as tx:
        everything = (len(await list_datasets(tx)), len(await list_agencies(tx)), len(await list_sources(tx)))
        assert everything[0] >= 7 and everything[1] >= 3 and everything[2] >= 2
        try:
            begin_under(mine)
            assert [d.name for d in await list_datasets(tx)] == [HELP]
            assert await list_datasets(tx, permission="dataset.deliver") == []
            assert [a.code for a in await list_agencies(tx)] == [HELP_AGENCY]
            assert await list_sources(tx) == [], "source.read is not held"
            assert {a.dataset_name for a in await list_alerts(tx)} == {HELP}
            assert [d.dataset.name for d in (await get_city_health(tx)).datasets] == [HELP]
            begin_under(NOTHING)
            assert await list_datasets(tx) == [] and await list_agencies(tx) == [] and await list_alerts(tx) == []
        finally:
            begin_under(None)


async def test_sectors_ask_within_the_reach_only(town: Town) -> None:
    try:
        begin_under(Rights({"dataset.read": [Reach(frozenset({town.agencies[HELP_AGENCY]}))]}))
        with pytest.raises(DatasetNotFound):
            await ask(town.installation, f'select count(*) from "{OTHER}"', [OTHER])
        assert await ask(town.installation, f'select count(*) n from "{HELP}"', [HELP])
    finally:
        begin_under(None)


async def test_absent_and_forbidden_answer_alike(served: Client, town: Town, other_ids: dict[str, str]) -> None:
    headers = await town.headers("agency_officer")
    pairs = [
        (f"/console/datasets/{OTHER}{rest}", f"/console/datasets/khong-co-gi{rest}")
        for rest in (
            "", "/rows", "/rows/3", "/findings", "/findings.csv", "/versions", "/versions/1", "/versions/1/export.csv",
            "/contract", "/contract.xlsx", "/virtues/clean", "/personal", "/conflicts/bao-tro",
        )
    ]  # fmt: skip
    nothing = str(uuid.UUID(int=9))
    delivery = other_ids["delivery_id"]
    pairs += [
        (f"/console/deliveries/{delivery}{rest}", f"/console/deliveries/{nothing}{rest}") for rest in ("", "/raw")
    ]
    pairs += [(f"/console/agencies/{sample.SCHOOLS_AGENCY}", "/console/agencies/KHONG")]
    pairs += [(f"/console/sources/{sample.SOURCE}", "/console/sources/khong-co")]
    for there, absent in pairs:
        told = [await served.get(path, headers=headers, follow_redirects=False) for path in (there, absent)]
        assert [answer.status_code for answer in told] == [404, 404], there
        assert told[0].json()["key"] == told[1].json()["key"], there
        names = [told[0].json()["detail"].replace(OTHER, "*"), told[1].json()["detail"].replace("khong-co-gi", "*")]
        shorter = [n.replace(sample.SCHOOLS_AGENCY, "*").replace("KHONG", "*") for n in names]
        plain = [n.replace(sample.SOURCE, "*").replace("khong-co", "*") for n in shorter]
        assert plain[0] == plain[1], there


async def test_forms_change_nothing_of_another_agency(served: Client, town: Town, other_ids: dict[str, str]) -> None:
    headers = await town.headers("agency_officer")
    base = f"/console/datasets/{OTHER}"
    cell = {"cell-1": "27:ten", "was-1": "a", "now-1": "b"}
    posts = [
        (f"{base}/corrections", cell),
        (f"{base}/corrections/{uuid.UUID(int=9)}/undo", {}),
        (f"{base}/contract", {"yaml": sample.contract(OTHER, "Chiếm")}),
        (f"{base}/contract/preview", {"yaml": sample.contract(OTHER, "Chiếm")}),
        (f"{base}/personal", {"purpose": "x"}),
        (f"/console/alerts/{other_ids['alert_id']}/seen", {}),
        (f"/console/sources/{sample.SOURCE}/test", {}),
        (f"/console/sources/{sample.SOURCE}/run", {}),
    ]
    before = await state(town)
    for path, data in posts:
        answer = await served.post(path, headers=headers, data=data, follow_redirects=False)
        assert answer.status_code == 404, f"{path}: {answer.status_code} {answer.text[:300]}"
    assert await state(town) == before


async def state(town: Town) -> list[object]:
    """What the tries would have changed."""
    async with town.installation.db.read() as tx:
        dataset = await get_dataset(tx, OTHER)
        contract = await find_contract(tx, dataset)
        jobs = await (await tx.execute("select count(*) from procrastinate_jobs")).fetchone()
        return [
            dataset,
            contract and contract.digest,
            [c.id for c in await list_corrections(tx, dataset)],
            [d.id for d in await list_deliveries(tx, dataset)],
            [a.id for a in await list_alerts(tx)],
            [(a.code, a.name) for a in await list_agencies(tx)],
            [(s.name, s.kind, s.agency_id) for s in await list_sources(tx)],
            jobs,
        ]


async def test_a_delivery_goes_to_no_other_agency_by_any_field(served: Client, town: Town) -> None:
    headers = await town.headers("agency_officer")
    before = await state(town)
    tries = [
        {"dataset": OTHER},
        {"title": "Trường học", "agency": HELP_AGENCY},
        {"title": "Bảng mới", "agency": sample.SCHOOLS_AGENCY},
        {"title": "Bảng mới", "agency_name": "Sở mới"},
        {"title": "Bảng mới", "agency_name": "Sở Y tế"},
        {"title": "Bảng mới", "agency": "KHONG"},
    ]
    for data in tries:
        file = {"file": ("x.csv", b"a,b\n1,2\n", "text/csv")}
        answer = await served.post("/console/upload", headers=headers, data=data, files=file, follow_redirects=False)
        assert answer.status_code in (403, 404, 422), f"{data}: {answer.status_code} {answer.headers}"
    assert await state(town) == before
    async with town.installation.db.read() as tx:
        assert "bang-moi" not in {d.name for d in await list_datasets(tx)}


async def test_the_own_agency_s_forms_work(served: Client, town: Town) -> None:
    """Else the refusals would prove nothing."""
    headers = await town.headers("agency_officer")
    answer = await served.post(f"/console/sources/{HELP_SOURCE}/run", headers=headers, data={}, follow_redirects=False)
    assert answer.status_code == 303
    answer = await served.post(f"/console/datasets/{HELP}/contract/preview", headers=headers, data={"yaml": CONTRACT})
    assert answer.status_code == 200


async def test_a_source_is_made_for_agencies_of_one_s_own_and_takes_over_nobody_s(served: Client, town: Town) -> None:
    """Somebody who may make sources of one agency."""
    person = await _person(town, "data_steward", HELP_AGENCY)
    headers = await town.headers(person)
    settings = {"set-path": "/tmp/x", "every": ""}
    tries = [
        {"name": "moi", "agency": sample.SCHOOLS_AGENCY},
        {"name": "moi", "agency": HELP_AGENCY, "dataset": OTHER},
        {"name": sample.SOURCE, "agency": HELP_AGENCY},
    ]
    before = await state(town)
    for data in tries:
        form = {**settings, **data}
        answer = await served.post(
            "/console/sources/new?kind=folder", headers=headers, data=form, follow_redirects=False
        )
        assert answer.status_code in (403, 404, 422), f"{data}: {answer.status_code}"
    assert await state(town) == before
    form = {**settings, "name": "moi", "agency": HELP_AGENCY, "dataset": HELP}
    answer = await served.post("/console/sources/new?kind=folder", headers=headers, data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text[:500]
    async with town.installation.db.read() as tx:
        assert (await get_source(tx, "moi")).agency_id == town.agencies[HELP_AGENCY]


async def _person(town: Town, role: str, agency: str, unit: uuid.UUID | None = None) -> str:
    """A new person with `role` in `agency` (its code), belonging to `unit`; gives the name under which the town knows them."""
    name = f"mới {uuid.uuid4().hex[:8]}"
    async with town.installation.db.tx() as tx:
        party = await make_party(tx, "person", name, parent_id=unit)
        town.people[name] = Person(party, await make_account(tx, party, name, None))
        with act_as(Actor()):
            await give_role(tx, party.id, role, organisation_id=unit or town.agencies[agency])
    return name


async def test_a_correction_is_undone_at_its_own_dataset_only(
    served: Client, town: Town, other_ids: dict[str, str]
) -> None:
    headers = await town.headers("data_steward")
    undo = f"/console/datasets/{OTHER}/corrections/{town.ids['correction_id']}/undo"
    answer = await served.post(undo, headers=headers, data={}, follow_redirects=False)
    assert answer.status_code == 404
    async with town.installation.db.read() as tx:
        assert town.ids["correction_id"] in {str(c.id) for c in await list_corrections(tx, await get_dataset(tx, HELP))}


async def test_a_unit_that_ends_takes_its_people_s_sessions_and_rights(served: Client, town: Town) -> None:
    async with town.installation.db.tx() as tx:
        unit = await make_party(
            tx, "unit", "Tổ bảo trợ", code=f"U-{uuid.uuid4().hex[:6]}", parent_id=town.agencies[HELP_AGENCY]
        )
    inside = await _person(town, "agency_officer", HELP_AGENCY, unit=unit.id)
    headers = await town.headers(inside)
    assert (await served.get("/console", headers=headers)).status_code == 200
    async with town.installation.db.tx() as tx:
        await end(tx, unit)
    answer = await served.get("/console", headers=headers, follow_redirects=False)
    assert (answer.status_code, answer.json()["key"]) == (401, "SignInNeeded")
    answer = await served.get("/console", headers=await town.headers(inside), follow_redirects=False)
    assert answer.status_code in (401, 403), "nor by a new session"


async def test_a_unit_s_officer_does_not_reach_the_agency_above(served: Client, town: Town) -> None:
    async with town.installation.db.tx() as tx:
        unit = await make_party(
            tx, "unit", "Tổ một", code=f"U-{uuid.uuid4().hex[:6]}", parent_id=town.agencies[HELP_AGENCY]
        )
    inside = await _person(town, "agency_officer", HELP_AGENCY, unit=unit.id)
    answer = await served.get(f"/console/datasets/{HELP}", headers=await town.headers(inside))
    assert answer.status_code == 404


async def test_object_access(town: Town) -> None:
    """Every access function: absent where it may not be read, refused where it may be read only, given where it may be."""
    here = town.agencies[HELP_AGENCY]
    reader = Rights({"dataset.read": [Reach(frozenset({here}))], "source.read": [Reach(frozenset({here}))]})
    full = Rights(
        {
            n: [Reach(frozenset({here}))]
            for n in ("dataset.read", "dataset.correct", "source.run", "source.read", "alert.settle")
        }
    )
    delivery, alert = uuid.UUID(town.ids["delivery_id"]), uuid.UUID(town.ids["alert_id"])
    async with town.installation.db.read() as tx:
        ways = [
            lambda r: access_dataset(tx, r, HELP, "dataset.correct"),
            lambda r: access_delivery(tx, r, delivery, "dataset.correct"),
            lambda r: access_source(tx, r, HELP_SOURCE, "source.run"),
            lambda r: access_agency(tx, r, HELP_AGENCY, "dataset.correct"),
            lambda r: access_alert(tx, r, alert),
        ]
        for way in ways:
            with pytest.raises(NotFound):
                await way(NOTHING)
            with pytest.raises(Forbidden):
                await way(reader)
            await way(full)


async def test_live_updates_tell_no_names(served: Client, town: Town) -> None:
    """Topics are bare words of our own code, and digests of types of things: a stream tells nothing about anybody's data."""
    import ast
    import re
    from importlib import import_module
    from pathlib import Path

    import nhip
    from nhip.graph import pulse

    assert re.fullmatch(r"things-[0-9a-f]{12}", pulse.topic_of("https://example.org/Trạm")), "a digest of a type"
    topics = {pulse.TOPIC}
    for path in Path(str(nhip.__file__)).parent.rglob("*.py"):
        if str(path) == pulse.__file__:
            continue  # it tells these alone
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and any(alias.name == "TOPIC" for alias in node.names):
                constants["TOPIC"] = import_module(str(node.module)).TOPIC
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "announce":
                topic = node.args[1]
                told = constants.get(topic.id) if isinstance(topic, ast.Name) else getattr(topic, "value", None)
                assert isinstance(told, str), f"{path}: a topic is a literal"
                topics.add(told)
    assert topics and all(topic.isidentifier() for topic in topics)
