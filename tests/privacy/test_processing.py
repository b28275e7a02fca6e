"""The register of processing: made, changed, ended, never rewritten; gaps; what others ask of it."""

from __future__ import annotations

from datetime import date

import msgspec
import psycopg
import pytest

from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
from nhip.datasets.errors import DatasetNotFound
from nhip.db.installation import Installation
from nhip.privacy.errors import ProcessingNotFound, ProcessingRefused, ProcessingTaken
from nhip.privacy.processing import Entry, LegalBasis, list_for_dataset, service, store

AGENCY = "000.00.10.H57"
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:{name}
version: 1.0.0
status: active
name: {name}
schema:
  - name: {name}
    properties:
      - {{name: ma, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}}
      - {{name: dinh_danh, logicalType: string, classification: {classification}}}
"""


def entry(**changes: object) -> Entry:
    values: dict[str, object] = {
        "title": "Quản lý người hành nghề",
        "title_en": "Register of practitioners",
        "purpose": "Cấp và thu hồi chứng chỉ hành nghề",
        "legal_basis": (LegalBasis("public_task", "Luật Khám bệnh, chữa bệnh 15/2023/QH15"),),
        "controller": AGENCY,
        "datasets": ("hanh-nghe",),
        "assessed_on": date(2026, 3, 1),
    }
    return Entry(**(values | changes))  # type: ignore[arg-type]


async def prepare(installation: Installation) -> None:
    async with installation.db.tx() as tx:
        await put_agency(tx, AGENCY, "Sở Y tế", "Department of Health")
        for name, classification in (("hanh-nghe", "sensitive"), ("co-so", "public"), ("benh-nhan", "personal")):
            made = await put_dataset(tx, name, AGENCY, name)
            await put_contract(tx, made, CONTRACT.format(name=name, classification=classification), who="thử")


async def kinds(installation: Installation) -> list[str]:
    async with installation.db.read() as tx:
        rows = await (await tx.execute("select kind from ledger.event order by seq")).fetchall()
    return [kind for (kind,) in rows if kind.startswith("processing")]


async def test_a_processing_is_registered_and_found_by_its_dataset(installation: Installation) -> None:
    await prepare(installation)
    async with installation.db.tx() as tx:
        made = await service.register(tx, "hanh-nghe-y", entry())
        assert await list_for_dataset(tx, "co-so") == []
        assert [p.id for p in await list_for_dataset(tx, "hanh-nghe")] == [made.id]
    assert made.legal_basis[0].basis == "public_task"
    assert made.controller_name == "Sở Y tế"
    assert made.review_on == date(2026, 9, 1)
    assert await kinds(installation) == ["processing.made"]


async def test_history_is_added_to_and_never_rewritten(installation: Installation) -> None:
    await prepare(installation)
    async with installation.db.tx() as tx:
        made = await service.register(tx, "hanh-nghe-y", entry())
        same = await service.change(tx, made, entry())
        assert same.no == 1, "the same text again is no new edition"
        changed = await service.change(tx, made, entry(recipients=("Bộ Y tế",), datasets=()), "Bổ sung bên nhận")
        assert changed.no == 2
        assert await list_for_dataset(tx, "hanh-nghe") == []
        editions = await service.list_editions(tx, changed)
    assert [(e.no, e.entry.recipients, e.note) for e in editions] == [
        (2, ("Bộ Y tế",), "Bổ sung bên nhận"),
        (1, (), ""),
    ]
    for statement in (
        "update privacy.processing_edition set note = 'x'",
        "delete from privacy.processing_edition",
        "truncate privacy.processing_edition cascade",
    ):
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            async with installation.db.tx() as tx:
                await tx.execute(statement)  # type: ignore[arg-type]
    assert await kinds(installation) == ["processing.made", "processing.changed"]


async def test_an_ended_processing_covers_nothing_and_stays_in_the_register(installation: Installation) -> None:
    await prepare(installation)
    async with installation.db.tx() as tx:
        made = await service.register(tx, "hanh-nghe-y", entry())
        await service.end(tx, made, "Chuyển về Bộ")
        await service.end(tx, made)
        assert await list_for_dataset(tx, "hanh-nghe") == []
        assert await service.list_all(tx) == []
        assert [p.ended_at is not None for p in await service.list_all(tx, ended=True)] == [True]
        with pytest.raises(ProcessingNotFound):
            await service.change(tx, made, entry(title="Khác"))
    assert await kinds(installation) == ["processing.made", "processing.ended"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"legal_basis": ()}, ProcessingRefused),
        ({"legal_basis": (LegalBasis("interest"),)}, ProcessingRefused),
        ({"controller": "nobody"}, ProcessingRefused),
        ({"datasets": ("nothing",)}, DatasetNotFound),
    ],
)
async def test_what_the_law_wants_is_asked_for(installation: Installation, changes, error) -> None:
    await prepare(installation)
    with pytest.raises(error):
        async with installation.db.tx() as tx:
            await service.register(tx, "x", entry(**changes))
    async with installation.db.read() as tx:
        assert await store.list_processings(tx) == []
    assert await kinds(installation) == []


async def test_a_name_is_taken_once_and_fits_an_address(installation: Installation) -> None:
    await prepare(installation)
    async with installation.db.tx() as tx:
        await service.register(tx, "mot", entry())
        with pytest.raises(ProcessingTaken):
            await service.register(tx, "mot", entry())
        for name in ("new", "Một", "../x", ""):
            with pytest.raises(ProcessingRefused):
                await service.register(tx, name, entry())


async def test_gaps_are_datasets_with_personal_columns_that_nobody_registered(installation: Installation) -> None:
    await prepare(installation)
    async with installation.db.tx() as tx:
        await service.register(tx, "hanh-nghe-y", entry())
        gaps = await service.list_gaps(tx)
    assert [(gap.dataset, gap.columns) for gap in gaps] == [("benh-nhan", ("dinh_danh",))]


async def test_the_register_for_programs_reads_back(installation: Installation) -> None:
    await prepare(installation)
    async with installation.db.tx() as tx:
        made = await service.register(tx, "hanh-nghe-y", entry())
    (told,) = msgspec.json.decode(msgspec.json.encode(service.to_json([made])))
    assert told["legal_basis"] == [{"basis": "public_task", "article": "Luật Khám bệnh, chữa bệnh 15/2023/QH15"}]
    assert told["review_on"] == "2026-09-01"
