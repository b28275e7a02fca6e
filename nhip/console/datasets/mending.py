"""The officer's mending queue: findings of a dataset, the delivered row behind each, correcting cells."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from nhip.console.common import PAGE_SIZE, PageNumber, dataset_of, installation_of, seen_by, who_name
from nhip.console.datasets.moves import find_moves
from nhip.console.datasets.pages import frame, looking
from nhip.console.evidence import agreed_of, row_names
from nhip.datasets.contract.yaml import load
from nhip.datasets.corrections import CellFix, correct, list_keys, undo
from nhip.datasets.errors import CellHidden, NoVersionYet
from nhip.datasets.export import csv_of
from nhip.datasets.findings import Finding, list_delivered_rows, list_findings, list_groups, list_row, without_look
from nhip.datasets.health import get_dataset_health
from nhip.datasets.looks import record_export, record_read, require_look
from nhip.datasets.personal import MASK, Sight
from nhip.datasets.records import Correction
from nhip.datasets.store import find_contract, get_version, list_corrections
from nhip.db.installation import Installation
from nhip.errors import NotFound
from nhip.kernel.i18n import _
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Listing, Notice
from nhip.web.render import page, redirect

AnyRequest = Request[Any, Any, Any]


@get("/console/datasets/{name:str}/findings", permission="dataset.read")
async def findings(
    request: AnyRequest,
    name: FromPath[str],
    rule: FromQuery[str] = "",
    column: FromQuery[str] = "",
    severity: FromQuery[str] = "",
    since: FromQuery[int | None] = None,
    number: PageNumber = 1,
) -> Response[str]:
    """Findings narrowed by rule, column and severity, each with a field to put it right; `since`: the version before the
    officer's corrections, against which it is told what they changed."""
    installation = installation_of(request)
    async with installation.db.read() as tx:
        health = await get_dataset_health(tx, await dataset_of(request, tx, name))
        corrections = await list_corrections(tx, health.dataset)
        record = await find_contract(tx, health.dataset)
        moved = await find_moves(tx, health, since)
        sight = await seen_by(request, tx, health.dataset, health.version)
    if health.version is None:
        raise NoVersionYet(name=name)
    groups = await list_groups(installation, health.version, sight)
    wanted: dict[str, Any] = {"rule": rule, "column": column, "severity": severity}
    part: dict[str, Any] = {"offset": (number - 1) * PAGE_SIZE, "most": PAGE_SIZE}
    found = await list_findings(installation, health.version, sight, **wanted, **part)
    corrections = await masked_corrections(installation, sight, corrections)
    values = {**frame(health, "findings"), **wanted, "groups": groups, "found": found, "corrections": corrections}
    contract = load(record.yaml) if record else None
    rows = sorted({finding.row for finding in found.findings if finding.row})
    delivered = (
        await list_delivered_rows(installation, health.version, sight, rows) if rows and (rule or column) else None
    )
    values["names"] = row_names(health.version, contract, delivered) if delivered else {}
    values["agreed"] = agreed_of(contract, column, rule) if contract and column else ""
    values |= {"moved": moved, "since": since, **looking(request, health.dataset, sight)}
    return page(request, "console/findings.html", listing=Listing(number, PAGE_SIZE, found.total), **values)


@get("/console/datasets/{name:str}/rows/{row:int}", permission="dataset.read")
async def row(request: AnyRequest, name: FromPath[str], row: FromPath[int]) -> Response[str]:
    """One delivered row: every cell as it came, what is wrong with it, and a field to put it right."""
    installation = installation_of(request)
    async with installation.db.read() as tx:
        health = await get_dataset_health(tx, await dataset_of(request, tx, name))
        record = await find_contract(tx, health.dataset)
        sight = await seen_by(request, tx, health.dataset, health.version)
    if health.version is None:
        raise NoVersionYet(name=name)
    data = await list_delivered_rows(installation, health.version, sight, [row])
    named = row_names(health.version, load(record.yaml) if record else None, data)
    found = await list_findings(installation, health.version, sight, row=row, most=500)
    columns = {header: column for column, header in health.version.manifest.get("delivered", {}).items()}
    clean = not data.rows
    if clean:  # a row without a finding: the version's own cells
        data, columns = (
            await list_row(installation, health.version, sight, row),
            {name: name for name in columns.values()},
        )
    if not data.rows:
        raise NotFound(what=translate(_("row {row}"), row=row))
    by_column: dict[str, list[Finding]] = {}
    for finding in found.findings:
        by_column.setdefault(finding.column, []).append(finding)
    delivered = zip(data.columns, data.rows[0][1], strict=True)
    cells = [(columns.get(header, ""), header, text) for header, text in delivered]
    if clean:  # what Nhịp added to the version was never delivered
        cells = [cell for cell in cells if cell[0]]
    values = {
        "row": row,
        "cells": cells,
        "by_column": by_column,
        "named": named.get(row, ""),
        "hidden": data.hidden,
        **looking(request, health.dataset, sight),
        **frame(health, "findings", translate(_("Row {row}"), row=row)),
    }
    return page(request, "console/row.html", **values)


async def masked_corrections(installation: Installation, sight: Sight, made: list[Correction]) -> list[Correction]:
    """The corrections as they may be shown; those of personal columns are recorded before they are."""
    told = [correction for correction in made if sight.is_private(correction.column_name)]
    if sight.look is not None and told:
        values = {text for correction in told for text in (correction.was, correction.now)}
        await record_read(installation, sight, {"corrections": [str(correction.id) for correction in told]}, values)
    return [
        msgspec.structs.replace(correction, was=correction.was and MASK, now=correction.now and MASK)
        if sight.hides(correction.column_name) or sight.blurs(correction.column_name)
        else correction
        for correction in made
    ]


@post("/console/datasets/{name:str}/corrections", permission="dataset.correct")
async def put_right(request: AnyRequest, name: FromPath[str]) -> Response[None]:
    """Keep what the officer typed and work the delivery through again.

    Fields come in threes: `cell-<n>` is `row:column`, `was-<n>` the delivered text, `now-<n>` what it shall be.
    """
    installation = installation_of(request)
    form = await Form.read(request)
    fixes = _fixes(form)
    async with installation.db.read() as tx:
        health = await get_dataset_health(tx, await dataset_of(request, tx, name, "dataset.correct"))
        sight = await seen_by(request, tx, health.dataset, health.version)
    if health.version is None:
        raise NoVersionYet(name=name)
    if unseen := next((fix.column for fix in fixes if sight.hides(fix.column)), ""):
        raise CellHidden(column=unseen)
    back = back_to(form, name)
    if not fixes:
        return redirect(back, Notice(_("Nothing was changed: type what a cell should say first."), kind="warn"))
    keys = await list_keys(installation, health.version, [fix.row for fix in fixes])
    delivery_id = health.version.delivery_id
    await correct(installation, health.dataset, delivery_id, fixes, who=who_name(request), keys=keys)
    text = _("{n} cells are corrected. The dataset is worked through again; its virtues follow in a moment.")
    return redirect(back_to(form, name, health.version.no), text, n=len(fixes))


def back_to(form: Form, name: str, since: int | None = None) -> str:
    """The list of findings that the form stood in, `since` the version that was in force then."""
    chosen = {field: value for field in ("rule", "column", "severity") if (value := form.raw(field))}
    asked = urlencode({**chosen, **({"since": since} if since else {})})
    return f"/console/datasets/{name}/findings" + (f"?{asked}" if asked else "")


def _fixes(form: Form) -> list[CellFix]:
    """What was typed, and the suggestions that were taken (`take` is the number of one, or `all`)."""
    take = form.raw("take")
    fixes = []
    for field in form.values:
        kind, _dash, number = field.partition("-")
        if kind != "cell":
            continue
        row, _colon, column = form.raw(field).partition(":")
        typed = form.raw(f"now-{number}").strip()
        if not typed and take in ("all", number):
            typed = form.raw(f"say-{number}")
        was = form.raw(f"was-{number}")
        if row.isdecimal() and len(row) < 19 and column and typed and typed != was:
            fixes.append(CellFix(row=int(row), column=column, was=was or None, now=typed))
    return fixes


@post("/console/datasets/{name:str}/corrections/{correction_id:uuid}/undo", permission="dataset.correct")
async def take_back(request: AnyRequest, name: FromPath[str], correction_id: FromPath[uuid.UUID]) -> Response[None]:
    """Take a correction back; the delivered text counts again."""
    installation = installation_of(request)
    async with installation.db.read() as tx:
        dataset = await dataset_of(request, tx, name, "dataset.correct")
        if correction_id not in {correction.id for correction in await list_corrections(tx, dataset)}:
            raise NotFound(what=request.url.path)
    await undo(installation, dataset, correction_id)
    since = f"?since={dataset.version_no}" if dataset.version_no else ""
    return redirect(f"/console/datasets/{name}/findings{since}", _("The correction is taken back."))


@get("/console/datasets/{name:str}/findings.csv", permission="dataset.export")
async def download_findings(request: AnyRequest, name: FromPath[str], personal: FromQuery[bool] = False) -> Stream:
    """All findings of the version in force, mends included, as CSV; personal values only when asked for, with a purpose."""
    return await _download(request, name, None, "findings", personal)


@get("/console/datasets/{name:str}/versions/{no:int}/export.csv", permission="dataset.export")
async def download_version(
    request: AnyRequest, name: FromPath[str], no: FromPath[int], personal: FromQuery[bool] = False
) -> Stream:
    """The rows of a version as CSV; personal data only when asked for, with a purpose."""
    return await _download(request, name, no, "version", personal)


async def _download(request: AnyRequest, name: str, no: int | None, role: str, personal: bool) -> Stream:
    installation = installation_of(request)
    async with installation.db.read() as tx:
        dataset = await dataset_of(request, tx, name, "dataset.export")
        if dataset.version_no is None:
            raise NoVersionYet(name=name)
        version = await get_version(tx, dataset, no or dataset.version_no)
        sight = await seen_by(request, tx, dataset, version)
    if not personal:
        sight = without_look(sight)
    else:
        require_look(sight)
        await record_export(installation, sight, {"version": version.no, "digest": version.digest, "part": role})
    disposition = f'attachment; filename="{name}-{version.no}-{role}.csv"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "private, no-store"}
    return Stream(csv_of(installation, version, role, sight), media_type="text/csv", headers=headers)


ROUTES = [findings, row, put_right, take_back, download_findings, download_version]
