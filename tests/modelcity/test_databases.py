"""The tables that agencies' database systems hold."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from nhip.db.embedded import EmbeddedServer
from nhip.modelcity.catalogue import DATASETS
from nhip.modelcity.deliver import Place
from nhip.modelcity.forms import canonical
from nhip.modelcity.good import base, stream
from nhip.modelcity.model import City, DatasetSpec
from nhip.modelcity.planting import plant
from nhip.modelcity.sources import source_of
from nhip.modelcity.writers.tables import write_postgres

SPEC = next(spec for spec in DATASETS if spec.slug == "dao-duong")


@pytest.fixture
def database(postgres: EmbeddedServer) -> str:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS agencies")
        connection.execute("CREATE DATABASE agencies")
    return postgres.url("agencies")


def test_postgres_holds_what_was_delivered(city: City, database: str, tmp_path: Path) -> None:
    good = base(SPEC, {}, city.seed, city.as_of)
    table, plants = plant(SPEC, good, stream(city.seed, "x"), 1, set())
    for _ in range(2):
        write_postgres(database, SPEC.way.format, "dao_duong", SPEC, table)
    query = source_of(SPEC, Place(folder=tmp_path, database_url=database))["settings"]["query"]
    with psycopg.connect(database) as connection:
        rows = connection.execute(query).fetchall()
    expected = zip(*table.values(), strict=True)
    assert [[canonical(cell) for cell in row] for row in rows] == [
        [canonical(cell) for cell in row] for row in expected
    ]
    assert {p.kind for p in plants} >= {"required", "row.rule"}


def test_clean_columns_keep_their_type_and_dirty_ones_become_text(database: str) -> None:
    small = {"so_gp": ["GP0001"], "cong_trinh": [None], "phuong_xa": ["x"], "dia_chi": ["y"]}
    dates = {"tu_ngay": ["31/02/2024"], "den_ngay": [None]}
    write_postgres(database, "xay_dung", "dao_duong", SPEC, {**small, **dates, "dien_tich": [2.5]})
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'dao_duong'"
        ).fetchall()
    types = dict(found)
    assert (types["tu_ngay"], types["den_ngay"], types["dien_tich"]) == ("text", "date", "double precision")


@pytest.mark.parametrize("spec", [s for s in DATASETS if s.way.channel == "postgres"], ids=lambda s: s.slug)
def test_without_postgres_the_tables_go_to_sqlite(city: City, spec: DatasetSpec) -> None:
    dataset = next(d for d in city.datasets if d.spec.slug == spec.slug)
    assert dataset.source["settings"]["engine"] == "sqlite"
    assert dataset.deliveries[-1].path is not None
    assert dataset.deliveries[-1].path.name == f"{spec.way.format}.db"
