"""Personal data leave by no door without the right and a purpose: every address walked for marked values, every page recorded."""

from __future__ import annotations

import logging
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.contract.yaml import dump
from nhip.datasets.errors import NoLook
from nhip.datasets.looks import LASTS, require_look
from nhip.datasets.personal import MASK, Protection, Sight, draft_sight, list_lowered, protection_of
from nhip.datasets.query import ask
from nhip.datasets.store import get_dataset
from nhip.kernel import time as clock
from nhip.kernel.journal import OneLine
from nhip.ledger.store import list_rows
from nhip.privacy.processing import Entry, LegalBasis
from nhip.privacy.processing.service import register
from nhip.security.subjects import subject_of
from tests.security.town import CONTRACT, HELP, HELP_AGENCY, HELP_TITLE, MARKERS, PEOPLE, Town, leaks

Client = AsyncTestClient[Litestar]
BASE = f"/console/datasets/{HELP}"
VARIANTS = [
    f"{BASE}/findings?column=cccd",
    f"{BASE}/findings?column=ho_ten",
    f"{BASE}/findings?rule=unique",
    f"{BASE}/findings?rule=primaryKey&severity=fatal",
    f"{BASE}/findings?rule=du-muc",
    f"{BASE}/findings?rule=personal.identity&column=ghi_chu",
    f"{BASE}/findings?severity=mended",
    f"{BASE}/rows?kept_out=1",
    f"{BASE}/findings.csv?personal=1",
    f"{BASE}/versions/1/export.csv?personal=1",
    f"{BASE}/versions/2?since=1",
    f"{BASE}/versions/1?since=2",
    *(f"{BASE}/rows/{row}" for row in range(2, 7)),
    *(f"{BASE}/virtues/{virtue}" for virtue in ("accurate", "complete", "clean", "live", "consistent", "shared")),
]
"""What addresses say when they are asked for more."""


def pages(town: Town) -> list[str]:
    """Addresses beside those that the matrix asks (which looks for the marked values too)."""
    failed = f"/console/deliveries/{town.ids['failed_id']}"
    return [*VARIANTS, failed, f"{failed}/raw"]


@pytest.mark.parametrize("role", ["administrator", "agency_officer", "privacy_officer", "leader", "program"])
async def test_no_address_shows_personal_data_to_who_stated_no_purpose(served: Client, town: Town, role: str) -> None:
    headers = await town.headers(role, accept="text/html")
    seen = 0
    for path in pages(town):
        answer = await served.get(path, headers=headers, follow_redirects=False)
        assert leaks(answer.text) == [], f"{role} at {path}"
        assert leaks(str(answer.headers)) == [], f"{role} at {path}"
        assert answer.status_code != 500, f"{role} at {path}: {answer.text[:300]}"
        seen += MASK in answer.text
    if role != "program":
        assert seen >= 8, "the walk went over pages with masked cells"


async def test_the_markers_are_really_there(town: Town) -> None:
    """Else the walk would prove nothing: whoever has the disk finds them."""
    async with town.installation.db.read() as tx:
        dataset = await get_dataset(tx, HELP)
    raw = [p.read_bytes() for p in (town.installation.settings.data_dir / "objects").rglob("*") if p.is_file()]
    assert dataset.version_no and dataset.version_no >= 2
    for marker in MARKERS:
        assert any(marker.encode() in body for body in raw), marker


PUBLIC_DRAFT = CONTRACT.replace(", classification: personal", "").replace("        classification: sensitive\n", "")
RENAMED = CONTRACT.replace("name: cccd\n        businessName: CCCD", "name: so\n        businessName: CCCD").replace(
    "        classification: sensitive\n", "        classification: public\n"
)
DECLARED = CONTRACT.replace("classification: personal", "classification: public").replace("sensitive", "public")
DRAFTS = [PUBLIC_DRAFT, RENAMED, DECLARED, DECLARED.replace("pattern", "x"), "schema: [", PEOPLE[0][0]]


@pytest.mark.parametrize("draft", DRAFTS)
async def test_a_draft_shows_nothing_that_is_masked(served: Client, town: Town, draft: str) -> None:
    for role in ("administrator", "data_steward", "agency_officer"):
        headers = await town.headers(role, accept="text/html")
        answer = await served.post(f"{BASE}/contract/preview", headers=headers, data={"yaml": draft})
        assert leaks(answer.text, draft) == [], role


async def test_protection_is_taken_away_only_by_who_may_see(served: Client, town: Town) -> None:
    for draft in (RENAMED, DECLARED):
        assert "cccd" in list_lowered(draft, CONTRACT)
        for role in ("administrator", "data_steward"):
            headers = await town.headers(role, accept="text/html")
            answer = await served.post(
                f"{BASE}/contract", headers=headers, data={"yaml": draft}, follow_redirects=False
            )
            assert answer.status_code == 422, role
    assert list_lowered(PUBLIC_DRAFT, CONTRACT) == ["dia_chi", "ho_ten"], "the kind protects the citizen number"
    assert list_lowered(CONTRACT, CONTRACT) == []
    assert list_lowered(CONTRACT, DECLARED) == [], "more protection is everybody's"
    assert list_lowered(CONTRACT.replace("businessName: CCCD", "businessName: Số căn cước"), CONTRACT) == []


async def test_masked_cells_are_not_corrected_blindly(served: Client, town: Town) -> None:
    for role in ("administrator", "agency_officer"):
        cell = {"cell-1": "3:cccd", "was-1": MASK, "now-1": "001099000001"}
        headers = await town.headers(role)
        answer = await served.post(f"{BASE}/corrections", headers=headers, data=cell, follow_redirects=False)
        assert (answer.status_code, answer.json()["key"]) == (403, "CellHidden")


async def test_sectors_ask_over_nothing_personal(town: Town) -> None:
    sql = f'select count(cccd) n, count(ho_ten) m, max(dia_chi) x, count(*) c, max(muc) k from "{HELP}"'
    (row,) = await ask(town.installation, sql, [HELP])
    assert (row["n"], row["m"], row["x"]) == (0, 0, None)
    assert row["c"] > 1 and row["k"] == 800, "plain columns are there"
    found = await ask(town.installation, f'select 1 from "{HELP}" where cccd like ?', [HELP], [f"{PEOPLE[0][0][:4]}%"])
    assert found == [], "no question about a masked column has an answer"
    (notes,) = await ask(town.installation, f"select string_agg(ghi_chu, ' ') t from \"{HELP}\"", [HELP])
    assert leaks(notes["t"]) == []


async def _processing(town: Town) -> uuid.UUID:
    entry = Entry(
        title="Chi trả trợ cấp",
        controller=HELP_AGENCY,
        purpose="Chi trả trợ cấp xã hội hằng tháng",
        legal_basis=(LegalBasis("public_task", "Điều 1 quyết định thử"),),
        datasets=(HELP,),
    )
    async with town.installation.db.tx() as tx:
        return (await register(tx, "tro-cap", entry)).id


@pytest.fixture(scope="module")
async def purpose(town: Town) -> uuid.UUID:
    """A registered processing of the dataset."""
    return await _processing(town)


@asynccontextmanager
async def looking(
    served: Client, town: Town, purpose: uuid.UUID, role: str = "agency_officer"
) -> AsyncIterator[dict[str, str]]:
    """The headers of a session that sees the personal data."""
    headers = await town.headers(role, accept="text/html")
    form = {"purpose": str(purpose), "back": f"{BASE}/rows"}
    answer = await served.post(f"{BASE}/personal", headers=headers, data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{BASE}/rows"), answer.text[:500]
    yield headers
    await served.post(f"{BASE}/personal/end", headers=headers, data={}, follow_redirects=False)


async def last_events(town: Town, kind: str) -> list[dict[str, object]]:
    async with town.installation.db.read() as tx:
        rows = await list_rows(tx, kind=kind, limit=10_000)
    return [
        {"why": r.body.why, "what": r.body.what, "actor": r.body.actor.name, "subjects": r.body.subjects, **r.body.data}
        for r in sorted(rows, key=lambda row: row.seq)
    ]


async def test_with_a_purpose_they_are_shown_and_each_page_is_recorded(
    served: Client, town: Town, purpose: uuid.UUID
) -> None:
    async with looking(served, town, purpose) as headers:
        before = len(await last_events(town, "personal.read"))
        shown = (await served.get(f"{BASE}/rows", headers=headers)).text
        assert PEOPLE[0][0] in shown and PEOPLE[0][1] in shown and "Chi trả trợ cấp xã hội hằng tháng" in shown
        event = (await last_events(town, "personal.read"))[before]
        assert event["actor"] == "Người agency_officer" and "Chi trả" in str(event["why"])
        assert event["processing"] == str(purpose) and event["dataset"] == HELP
        hashes = {found.hex() for number, _n in PEOPLE if (found := subject_of(town.installation.settings, number))}
        assert set(event["subjects"]) >= {h for h in hashes if h in event["subjects"]} and len(event["subjects"]) >= 2  # type: ignore[arg-type, call-overload]
        assert leaks(str(event)) == [], "the ledger names nobody"
        for path in (
            f"{BASE}/rows/3",
            f"{BASE}/findings?column=cccd",
            f"{BASE}/versions/2",
            f"{BASE}/rows?kept_out=1",
            f"{BASE}/findings",
        ):
            before = len(await last_events(town, "personal.read"))
            text = (await served.get(path, headers=headers)).text
            if leaks(text):
                assert len(await last_events(town, "personal.read")) > before, f"{path} shows and does not record"
    assert leaks((await served.get(f"{BASE}/rows", headers=headers)).text) == [], "masked again"


async def test_downloads_with_a_purpose_are_recorded_as_exports(served: Client, town: Town, purpose: uuid.UUID) -> None:
    raw = f"/console/deliveries/{town.ids['delivery_id']}/raw"
    async with looking(served, town, purpose) as headers:
        plain = await served.get(f"{BASE}/versions/2/export.csv", headers=headers)
        assert leaks(plain.text) == [], "a download is masked unless it is asked for otherwise"
        before = len(await last_events(town, "personal.exported"))
        for path in (f"{BASE}/versions/2/export.csv?personal=1", f"{BASE}/findings.csv?personal=1", raw):
            assert leaks((await served.get(path, headers=headers)).text), path
        events = (await last_events(town, "personal.exported"))[before:]
        assert [event["part"] for event in events] == ["version", "findings", "raw"]
        assert all(event["digest"] and event["processing"] == str(purpose) for event in events)


async def test_a_look_is_one_session_s_for_half_an_hour(
    served: Client, town: Town, purpose: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with looking(served, town, purpose) as headers:
        other = await town.headers("agency_officer", accept="text/html")
        assert leaks((await served.get(f"{BASE}/rows", headers=other)).text) == [], "another session of the same person"
        real = clock.now
        later = real() + LASTS
        monkeypatch.setattr("nhip.datasets.looks.now", lambda: later)
        assert leaks((await served.get(f"{BASE}/rows", headers=headers)).text) == [], "half an hour later"
        monkeypatch.undo()
        assert leaks((await served.get(f"{BASE}/rows", headers=headers)).text)


async def test_the_right_taken_back_ends_the_look(served: Client, town: Town, purpose: uuid.UUID) -> None:
    from nhip.security.permissions.service import give_role, take_role
    from nhip.security.permissions.store import list_of_party

    party = town.people["agency_officer"].party
    async with looking(served, town, purpose) as headers:
        async with town.installation.db.tx() as tx:
            held = await list_of_party(tx, party.id)
            await give_role(tx, party.id, "agency_leader", organisation_id=town.agencies[HELP_AGENCY])
            await take_role(tx, held[0].id)
        answer = await served.get(f"{BASE}/rows", headers=headers)
        async with town.installation.db.tx() as tx:
            await give_role(tx, party.id, "agency_officer", organisation_id=town.agencies[HELP_AGENCY])
            for assignment in await list_of_party(tx, party.id):
                if assignment.role == "agency_leader":
                    await take_role(tx, assignment.id)
        assert answer.status_code == 200 and leaks(answer.text) == []


async def test_a_purpose_is_one_of_the_register(served: Client, town: Town, purpose: uuid.UUID) -> None:
    headers = await town.headers("agency_officer", accept="text/html")
    for chosen in ("", "x", str(uuid.uuid4()), HELP):
        answer = await served.post(
            f"{BASE}/personal", headers=headers, data={"purpose": chosen}, follow_redirects=False
        )
        assert answer.status_code == 422, chosen
    form = {"purpose": str(purpose), "back": "https://example.org/"}
    answer = await served.post(f"{BASE}/personal", headers=headers, data=form, follow_redirects=False)
    assert answer.headers["location"] == BASE, "the way back leads nowhere else"
    await served.post(f"{BASE}/personal/end", headers=headers, data={}, follow_redirects=False)


async def test_without_a_registered_purpose_nobody_sees_them(served: Client, town: Town) -> None:
    headers = await town.headers("privacy_officer", accept="text/html", **{"accept-language": "en"})
    answer = await served.get("/console/datasets/giao-vien/personal", headers=headers)
    assert answer.status_code == 200 and "No legal basis is recorded" in answer.text


async def test_who_may_not_cannot_state_a_purpose(served: Client, town: Town, purpose: uuid.UUID) -> None:
    for role, status in (("administrator", 403), ("data_steward", 403), ("officer_elsewhere", 404)):
        headers = await town.headers(role)
        answer = await served.post(
            f"{BASE}/personal", headers=headers, data={"purpose": str(purpose)}, follow_redirects=False
        )
        assert answer.status_code == status, role
        assert leaks((await served.get(f"{BASE}/rows", headers=headers)).text) == []


async def test_without_a_ledger_nothing_personal_is_served(served: Client, town: Town, purpose: uuid.UUID) -> None:
    doors = [
        f"{BASE}/rows",
        f"{BASE}/rows/3",
        f"{BASE}/rows?kept_out=1",
        f"{BASE}/findings?column=cccd",
        f"{BASE}/versions/2",
        f"{BASE}/versions/2/export.csv?personal=1",
        f"{BASE}/findings.csv?personal=1",
        f"/console/deliveries/{town.ids['delivery_id']}/raw",
    ]
    async with looking(served, town, purpose) as headers:
        for path in doors:
            assert leaks((await served.get(path, headers=headers)).text), f"{path} is a door"
        async with town.installation.db.tx() as tx:
            await tx.execute("alter table ledger.event rename to away")
        try:
            for path in doors:
                answer = await served.get(path, headers=headers)
                assert (answer.status_code, leaks(answer.text)) == (503, []), path
        finally:
            async with town.installation.db.tx() as tx:
                await tx.execute("alter table ledger.away rename to event")


def field(name: str, classification: str = "", kind: str = "") -> Field:
    return Field(name=name, classification=classification, kind=kind)


def test_what_a_contract_protects() -> None:
    contract = Contract(
        id="c",
        version="1",
        dataset="d",
        fields=(
            field("a", "public", "phone"),
            field("b", "", "phone"),
            field("c", "personal"),
            field("d", "", "address"),
            field("e"),
            field("f", "mật"),
            field("g", "internal", "citizen_id"),
            field("h", "", "citizen_id"),
        ),
    )
    assert protection_of(contract).private == {"b", "c", "d", "f", "h"}
    assert protection_of(contract).people == {"g", "h"}
    alone = Contract(id="c", version="1", dataset="d", fields=(field("d", "", "address"), field("e")))
    assert protection_of(alone).private == frozenset(), "an address of a place is nobody's"


def test_what_no_contract_knows() -> None:
    plain = Sight(dataset="d", protection=Protection(agreed=frozenset({"a"})))
    assert [plain.hides(name) for name in ("a", "", "Ghi chú", "Số CCCD", "Họ và tên", " Điện thoại")] == [
        False,
        False,
        False,
        True,
        True,
        True,
    ]
    beside = Sight(dataset="d", protection=Protection(private=frozenset({"b"}), agreed=frozenset({"a", "b"})))
    assert [beside.hides(name) for name in ("a", "b", "b__unit", "", "Ghi chú")] == [False, True, True, True, True]
    with pytest.raises(NoLook):
        require_look(beside)


def test_the_journal_repeats_no_cell() -> None:
    """DuckDB says which text it could not cast; the trace says where, not what."""
    record = logging.LogRecord("nhip", logging.ERROR, __file__, 1, "delivery could not be worked through", (), None)
    try:
        with duckdb.connect() as con:
            con.execute("select cast(? as integer) as so", [f"{PEOPLE[0][1]} {PEOPLE[0][0]}"])
    except duckdb.Error:
        record.exc_info = sys.exc_info()
    written = OneLine().format(record)
    assert "ConversionException" in written and "test_masking.py" in written and "con.execute" in written
    assert leaks(written) == []


def test_a_draft_that_names_its_headers_otherwise_still_shows_what_is_nobodys() -> None:
    """A drafted contract lists the delivered header, one written by hand only the title; they are the same column."""
    phone = Field(name="dien_thoai", title="Điện thoại", delivered=("Điện thoại",), kind="phone")
    first, second, stolen = (
        dump(Contract(id="c", version="1.0.0", dataset="d", fields=fields, title=HELP_TITLE))
        for fields in (
            (Field(name="ngay", title="Ngày", delivered=("Ngày",)), phone),
            (Field(name="ngay", title="Ngày"), phone),
            (Field(name="ngay", title="Ngày", delivered=("Điện thoại",)),),
        )
    )
    assert not draft_sight(second, first, "d").hides("ngay")
    assert draft_sight(second, first, "d").hides("dien_thoai")
    assert draft_sight(stolen, first, "d").hides("ngay"), "it would take the telephone numbers"


NAMES = st.sampled_from(["ma", "ten", "so", "dia_chi", "x"])
FIELDS = st.lists(
    st.builds(
        field,
        NAMES,
        st.sampled_from(["", "public", "internal", "personal", "sensitive"]),
        st.sampled_from(["", "phone", "address"]),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda f: f.name,
)


@settings(deadline=None)  # the machine is shared
@given(FIELDS, FIELDS)
def test_no_draft_shows_what_the_contract_in_force_masks(before: list[Field], after: list[Field]) -> None:
    first, second = (
        dump(Contract(id="c", version="1.0.0", dataset="d", fields=tuple(fields), title=HELP_TITLE))
        for fields in (before, after)
    )
    sight, held = (
        draft_sight(second, first, "d"),
        protection_of(Contract(id="c", version="1", dataset="d", fields=tuple(before))),
    )
    assert all(sight.hides(name) for name in held.private)
    lowered = set(list_lowered(second, first))
    kept = protection_of(Contract(id="c", version="1", dataset="d", fields=tuple(after))).private
    assert held.private - lowered <= kept, "what is not called lowered is still protected"
