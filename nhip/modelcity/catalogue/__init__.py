"""The 115 datasets as data, in an order in which every dataset comes after those that it refers to."""

from __future__ import annotations

from dataclasses import replace

from nhip.modelcity.catalogue import economy, nature, people, transport
from nhip.modelcity.model import DatasetSpec

ROUGH: dict[str, float] = {
    "truong-mam-non": 0.22, "si-so-hoc-sinh": 0.12, "benh-vien": 0.3, "hanh-nghe-y": 0.25, "an-toan-thuc-pham": 0.2,
    "nha-thieu-nhi": 0.35, "nguon-thai": 0.4, "sat-lo": 0.3, "trang-trai": 0.18, "chan-nuoi": 0.12, "luat-su": 0.15,
    "co-so-ton-giao": 0.2, "doan-ra-vao": 0.3, "vien-tro": 0.25, "tram-cua-tuyen": 0.15, "doanh-nghiep-van-tai": 0.2,
    "bai-do-xe": 0.15, "khach-san": 0.2, "tai-nan": 0.25, "camera": 0.1, "diem-tap-ket": 0.5, "vet-lu": 0.15, "via-he": 0.45,
    "xe-cong": 0.4, "thiet-hai-bao-lu": 0.35, "cat-tia": 0.3, "cong-vien": 0.2, "ho-kinh-doanh": 0.1, "du-an-dau-tu-cong": 0.12,
    "cho": 0.3, "xang-dau": 0.2, "khu-cong-nghiep": 0.25, "no-thue": 0.12, "di-tich": 0.18, "luot-khach": 0.1, "nha-vuon": 0.3,
}  # fmt: skip
"""Datasets that are kept badly, as in every real city: share of their rows with a fault."""


def _in_order(specs: tuple[DatasetSpec, ...]) -> tuple[DatasetSpec, ...]:
    known = {spec.slug: spec for spec in specs}
    done: dict[str, DatasetSpec] = {}

    def add(spec: DatasetSpec) -> None:
        if spec.slug not in done:
            for column in spec.columns:
                if column.refers:
                    add(known[column.refers[0]])
            if spec.copy_of:
                add(known[spec.copy_of])
            rate = ROUGH.get(spec.slug, spec.dirt.rate)
            done[spec.slug] = replace(spec, dirt=replace(spec.dirt, rate=rate))

    for spec in specs:
        add(spec)
    return tuple(done.values())


DATASETS: tuple[DatasetSpec, ...] = _in_order(people.DATASETS + transport.DATASETS + nature.DATASETS + economy.DATASETS)


def referred() -> frozenset[tuple[str, str]]:
    """Pairs (dataset, column) whose values other datasets refer to or repeat."""
    columns = [column for spec in DATASETS for column in spec.columns]
    return frozenset(pair for column in columns for pair in (column.refers, column.repeats) if pair)
