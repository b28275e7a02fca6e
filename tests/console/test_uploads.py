"""Files that people send are written once, into the data folder, within its limits."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.console import uploads
from nhip.datasets.deliveries import raw_name
from nhip.datasets.store import get_delivery
from nhip.db.installation import Installation
from tests.e2e import sample
from tests.e2e.pages import vi

Client = AsyncTestClient[Litestar]
LARGE = b"ma,ten\n" + b"".join(b"%d,%s\n" % (n, b"x" * 200) for n in range(15_000))


def left_in(city: Installation) -> list[Path]:
    return list(city.work.glob("upload-*"))


async def test_nothing_goes_through_the_systems_temporary_folder(
    officer: Client, city: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    assert len(LARGE) > 3_000_000
    data = {"title": "Tệp lớn", "agency": sample.SCHOOLS_AGENCY}
    answer = await officer.post(
        "/console/upload", data=data, files={"file": ("lon.csv", LARGE)}, follow_redirects=False
    )
    assert answer.status_code == 303, answer.text[:500]
    async with city.db.read() as tx:
        delivery = await get_delivery(tx, uuid.UUID(answer.headers["location"].rsplit("/", 1)[-1]))
    assert city.objects.path(raw_name(delivery.sha256)).read_bytes() == LARGE
    assert left_in(city) == []


async def test_a_file_past_the_limit_is_told_in_the_form(
    officer: Client, city: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads._Reader, "__init__", _limited(uploads._Reader.__init__))
    data = {"title": "Tệp quá lớn", "agency": sample.SCHOOLS_AGENCY}
    answer = await officer.post(
        "/console/upload", data=data, files={"file": ("lon.csv", LARGE)}, follow_redirects=False
    )
    assert answer.status_code == 413
    assert "lon.csv" in answer.text and "Tệp quá lớn" in answer.text, "what was typed stays"
    assert left_in(city) == []


def _limited(make: Callable[..., None]) -> Callable[..., None]:
    return lambda reader, folder, _limit_mb: make(reader, folder, 2)


async def test_a_full_disk_is_told_before_anything_is_written(
    officer: Client, city: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "RESERVE", 1 << 60)
    answer = await officer.post("/console/upload", data={"title": "x"}, files={"file": ("a.csv", b"ma\n1\n")})
    assert answer.status_code == 507
    assert left_in(city) == []


async def test_a_form_that_is_cut_off_is_no_fault_of_ours(officer: Client, city: Installation) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nma\n1'
    answer = await officer.post("/console/upload", content=body, headers=headers)
    assert answer.status_code == 400
    assert left_in(city) == []


async def test_a_template_that_is_no_workbook_is_told_in_vietnamese(officer: Client, city: Installation) -> None:
    address = "/console/datasets/truong-hoc/contract/template"
    answer = await officer.post(
        address, files={"template": ("a.xlsx", b"PK nothing")}, headers={"Accept-Language": "vi"}
    )
    assert vi("it is no Excel workbook (.xlsx), or it is protected by a password") in answer.text
    assert left_in(city) == []
