"""The model city's register: every personal dataset but the one that is left out on purpose, and nothing else."""

from __future__ import annotations

from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
from nhip.datasets.contract.yaml import dump
from nhip.datasets.personal import protection_of
from nhip.db.installation import Installation
from nhip.modelcity.agencies import AGENCIES
from nhip.modelcity.catalogue import DATASETS
from nhip.modelcity.contracts import contract
from nhip.modelcity.privacy import GAP, PLANS, make_processings
from nhip.privacy.processing import list_for_dataset, service
from nhip.privacy.retention import store as retention


def test_every_personal_dataset_is_planned_for() -> None:
    personal = {spec.slug for spec in DATASETS if protection_of(contract(spec)).private}
    assert personal - {name for plan in PLANS for name in plan.datasets} == {GAP}
    assert {name for plan in PLANS for name in plan.datasets} <= personal


async def test_the_register_of_the_model_city(installation: Installation) -> None:
    codes = {agency.slug: agency.code for agency in AGENCIES}
    async with installation.db.tx() as tx:
        for agency in AGENCIES:
            await put_agency(tx, agency.code, agency.title, agency.title_en)
        for spec in DATASETS:
            made = await put_dataset(tx, spec.slug, codes[spec.agency], spec.title)
            if protection_of(contract(spec)).private:
                await put_contract(tx, made, dump(contract(spec)), who="thử")
        assert await make_processings(tx) == len(PLANS)
        assert await make_processings(tx) == 0, "the second start changes nothing"
        assert [gap.dataset for gap in await service.list_gaps(tx)] == [GAP]
        assert [p.name for p in await list_for_dataset(tx, "chinh-sach-phu-bai")] == ["bao-tro-xa-hoi"]
        assert [rule.months for rule in await retention.list_rules(tx)] == [24]
