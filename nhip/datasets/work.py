"""The steps of one delivery that need no database: decode, conform, check. Runs in a thread; writes only into its folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from nhip.datasets.assess import Assessment, assess
from nhip.datasets.chain import fold_changes
from nhip.datasets.check.tally import PLACE_KINDS
from nhip.datasets.choose import choose_table, delivered_names, titled
from nhip.datasets.conform.forms import reading_of
from nhip.datasets.contract.infer import infer
from nhip.datasets.contract.model import Contract
from nhip.datasets.contract.yaml import dump, load
from nhip.datasets.corrections import overlay
from nhip.datasets.decode import decode
from nhip.datasets.deliveries import raw_name
from nhip.datasets.engine import session
from nhip.datasets.errors import RequiredColumnsMissing
from nhip.datasets.model import Decoded, DecodedTable
from nhip.datasets.own_columns import without_own
from nhip.datasets.records import ContractRecord, Correction, Dataset, DeliveryRecord, Version
from nhip.places.register import Register
from nhip.places.resolver import Resolver
from nhip.settings import Settings


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the steps need, read from the database before they start."""

    settings: Settings
    folder: Path
    raw: Path
    dataset: Dataset
    delivery: DeliveryRecord
    before: list[DeliveryRecord]
    """The whole delivery and the changes that this one rests on, oldest first; empty when it is whole itself."""
    contract: ContractRecord | None
    previous: Version | None
    previous_path: Path | None
    corrections: list[Correction]
    references: dict[str, str]
    """Object of the version in force by dataset name."""
    find: Callable[[str], Path]
    """Local file of an object."""


class Products(msgspec.Struct, frozen=True, kw_only=True):
    """What the steps made: files in the work folder and facts."""

    decoded: Decoded
    table: DecodedTable
    contract: Contract
    drafted_yaml: str
    """The contract that was drafted because there was none; else empty."""
    assessment: Assessment
    columns: list[dict[str, str]]
    delivered: dict[str, str]
    """Delivered header by the contract's column."""
    facts: dict[str, Any]

    def files(self) -> dict[str, Path]:
        """Result files by role."""
        found = {
            "version": self.assessment.version_path,
            "findings": self.assessment.findings_path,
            "quarantine": self.assessment.quarantine_path,
            "evidence": self.assessment.evidence_path,
        }
        return {role: path for role, path in found.items() if path is not None and path.exists()}


def work_through(work: Work, on_step: Callable[[str], None]) -> Products:
    """Decode, conform and check the delivery; raises a NhipError with the reason when it cannot be used."""
    try:
        return _work_through(work, on_step, careful=False)
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        # the file is less regular than its samples said: read it record by record
        return _work_through(work, on_step, careful=True)


def _work_through(work: Work, on_step: Callable[[str], None], *, careful: bool) -> Products:
    with session(work.settings) as con:
        decoded = decode(
            work.raw, work.folder, work.settings, filename=work.delivery.filename, con=con, careful=careful
        )
        contract = load(work.contract.yaml) if work.contract else None
        table = choose_table(decoded, contract, work.delivery.filename, work.dataset.name)
        if work.before:
            table = _folded(con, work, table, contract)
        drafted = ""
        if contract is None:
            drawn = infer(con, table, dataset=work.dataset.name, filename=work.delivery.filename).contract
            contract = msgspec.structs.replace(
                drawn,
                title=work.dataset.title,
                title_en=work.dataset.title_en,
                fields=titled(drawn, table, work.delivery.titles),
            )
            drafted = dump(contract)
        table = without_own(con, table, contract, decoded.format)
        on_step("conform")
        table = _corrected(con, work, table, contract)
        assessment = _assess(con, work, table, contract, decoded.format)
        if not assessment.usable:
            raise RequiredColumnsMissing(file=work.delivery.filename, columns=", ".join(_missing(con, assessment)))
        return Products(
            decoded=decoded,
            table=table,
            contract=contract,
            drafted_yaml=drafted,
            assessment=assessment,
            columns=_describe(con, assessment),
            delivered=delivered_names(contract, table),
            facts=msgspec.to_builtins(assessment.tally),
        )


def _folded(con: duckdb.DuckDBPyConnection, work: Work, last: DecodedTable, contract: Contract | None) -> DecodedTable:
    tables = []
    for number, delivery in enumerate(work.before):
        folder = work.folder / f"before-{number}"
        folder.mkdir()
        raw = work.find(raw_name(delivery.sha256))
        decoded = decode(raw, folder, work.settings, filename=delivery.filename, con=con)
        tables.append(choose_table(decoded, contract, delivery.filename, work.dataset.name))
    return fold_changes(con, [*tables, last], work.delivery.key, work.folder / "folded.parquet")


def _missing(con: duckdb.DuckDBPyConnection, assessment: Assessment) -> list[str]:
    query = "select distinct \"column\" from read_parquet(?) where rule = 'column.missing' and severity = 'fatal'"
    return [row[0] for row in con.execute(query, [str(assessment.findings_path)]).fetchall()]


def _corrected(con: duckdb.DuckDBPyConnection, work: Work, table: DecodedTable, contract: Contract) -> DecodedTable:
    if not work.corrections:
        return table
    delivered = delivered_names(contract, table)
    relation = overlay(con, table.relation, delivered, work.corrections, work.delivery.id)
    return msgspec.structs.replace(table, relation=relation)


def _assess(
    con: duckdb.DuckDBPyConnection, work: Work, table: DecodedTable, contract: Contract, decoded_format: str
) -> Assessment:
    wanted = {reference.to_dataset for reference in contract.references}
    return assess(
        con,
        table,
        contract,
        work=work.folder,
        resolver=_resolver(work.settings, contract),
        reading=reading_of(decoded_format),
        province=work.settings.province_code,
        references={name: work.find(work.references[name]) for name in wanted if name in work.references},
        previous=work.previous_path,
        mends=True,
        write_version=work.folder / "version.parquet",
        findings=work.folder / "findings.parquet",
    )


def _resolver(settings: Settings, contract: Contract) -> Resolver | None:
    """The address resolver, only where the contract has places: loading the register takes a moment."""
    return get_resolver(settings.data_dir / "places") if any(f.kind in PLACE_KINDS for f in contract.fields) else None


@cache
def get_resolver(folder: Path) -> Resolver:
    """The resolver over the register of this installation, loaded once a process."""
    return Resolver(Register.load(folder))


def _describe(con: duckdb.DuckDBPyConnection, assessment: Assessment) -> list[dict[str, str]]:
    rows = con.execute("describe select * from read_parquet(?)", [str(assessment.version_path)]).fetchall()
    return [{"name": row[0], "type": row[1]} for row in rows]
