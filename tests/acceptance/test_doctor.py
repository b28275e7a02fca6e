"""`nhip doctor` and `nhip migrate`: what is wrong with an installation, said so that a person can mend it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

import nhip as package
from nhip.db.embedded import EmbeddedServer
from nhip.db.errors import SchemaBehind
from nhip.errors import BadInput, DatabaseAway, PlaceRefused
from nhip.web.i18n import catalogue
from tests.acceptance.conftest import AGENCY, Done, Market, Nhip

NOBODY = 65534


def wrong(done: Done) -> dict[str, Any]:
    """By name, what doctor finds wrong."""
    assert done.code == 1, done
    return {check["name"]: check for check in done.json if not check["well"]}


@pytest.fixture
def empty_database(postgres: EmbeddedServer) -> Iterator[str]:
    """A database of somebody else's server that holds nothing yet."""
    name = f"empty_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
        yield postgres.url(name)
        connection.execute(f'drop database "{name}" with (force)')


def test_a_sound_installation(nhip: Nhip) -> None:
    done = nhip.good("doctor", "--json")
    names = [check["name"] for check in done.json]
    assert names[:4] == ["Python", "data folder", "free disk", "browser files"]
    assert all(check["well"] and not check["mend"] for check in done.json)
    assert "✓" in nhip.good("doctor").out


def test_its_table_speaks_the_language_of_the_installation(nhip: Nhip) -> None:
    english = Nhip(nhip.folder, NHIP_LANGUAGE="en")("doctor").out
    assert "data folder" in english
    vietnamese = Nhip(nhip.folder, NHIP_LANGUAGE="vi")("doctor").out
    assert catalogue("vi").gettext("data folder") in vietnamese


def test_a_database_without_the_schema(empty_database: str, tmp_path: Path) -> None:
    nhip = Nhip(tmp_path / "var", NHIP_DATABASE_URL=empty_database)
    found = wrong(nhip("doctor", "--json"))
    assert list(found) == ["migrations"]
    assert "nhip.jobs/0001" in found["migrations"]["seen"]
    assert "nhip migrate" in found["migrations"]["mend"]
    refused = nhip("up", "--port", 1 + os.getpid() % 20000 + 20000, within_s=120)
    assert refused.code == 2
    refused.said(SchemaBehind)
    assert "nhip.datasets/0001_pre_datasets.sql" in nhip.good("migrate", "--json").json
    assert nhip.good("migrate", "--json").json == []
    assert nhip.good("migrate").out.strip() == "nothing to do"
    nhip.good("doctor")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://nhip:s3cret@127.0.0.1:1/nhip", "Connection refused"),
        ("postgresql://nhip:s3cret@no-such-host.invalid/nhip", "no-such-host.invalid"),
        ("postgre://nhip:s3cret@127.0.0.1/nhip", "NHIP_DATABASE_URL"),
    ],
)
def test_a_wrong_database_address(tmp_path: Path, url: str, reason: str) -> None:
    nhip = Nhip(tmp_path / "var", NHIP_DATABASE_URL=url)
    done = nhip("doctor", "--json")
    found = wrong(done)
    assert list(found) == ["database"]
    assert reason in found["database"]["seen"]
    assert "NHIP_DATABASE_URL" in found["database"]["mend"]
    assert "s3cret" not in done.out + done.err


def test_commands_on_a_database_that_is_away_say_so(tmp_path: Path) -> None:
    done = Nhip(tmp_path / "var", NHIP_DATABASE_URL="postgresql://nhip:s3cret@127.0.0.1:1/nhip")("dataset", "list")
    assert done.code == 2
    done.said(DatabaseAway)
    assert "s3cret" not in done.err


def test_a_wrong_password(postgres: EmbeddedServer, tmp_path: Path) -> None:
    url = postgres.url().replace(postgres.password_file.read_text().strip(), "guessed")
    found = wrong(Nhip(tmp_path / "var", NHIP_DATABASE_URL=url)("doctor", "--json"))
    assert "password authentication failed" in found["database"]["seen"]


def test_a_data_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    nhip = Nhip(tmp_path / "file" / "var")
    found = wrong(nhip("doctor", "--json"))
    assert "--data-dir" in found["data folder"]["mend"]
    done = nhip("dataset", "list")
    assert done.code == 2
    done.said(PlaceRefused, tmp_path / "file" / "var")


def test_no_right_to_write() -> None:
    other = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        subprocess.run([sys.executable, "-c", "import nhip.operate"], check=True, capture_output=True, **other)
    except (PermissionError, subprocess.CalledProcessError):
        pytest.skip("the environment lies where only root may read, and root may write everywhere")
    with tempfile.TemporaryDirectory(prefix="nhip-readonly-") as name:
        folder = Path(name)
        folder.chmod(0o555)
        found = wrong(Nhip(folder)("doctor", "--json", **other))
        assert "Give yourself the right" in found["data folder"]["mend"]
        folder.chmod(0o755)


def test_no_browser_files(nhip: Nhip, tmp_path: Path) -> None:
    source = Path(package.__file__).parent
    shutil.copytree(source, tmp_path / "nhip", ignore=shutil.ignore_patterns("vendor", "__pycache__"))
    found = wrong(nhip("doctor", "--json", environment={"PYTHONPATH": str(tmp_path)}, cwd=tmp_path))
    assert list(found) == ["browser files"]
    assert "make build" in found["browser files"]["mend"]


def test_work_that_was_cut_off_and_sources_that_fail(market: Market, tmp_path: Path) -> None:
    nhip = market.nhip
    nhip.good("source", "add", "folder", "away", "--agency", AGENCY, "--set", f"path={tmp_path / 'nowhere'}")
    assert nhip("sync", "away", "--json").code == 1
    url = nhip.environment["NHIP_DATABASE_URL"]
    with psycopg.connect(url) as connection:
        connection.execute("update datasets.delivery set state = 'received'")
    found = wrong(nhip("doctor", "--json"))
    assert (found["unfinished deliveries"]["seen"], found["sources"]["seen"]) == ("1", "away")
    assert "nhip sync" in found["unfinished deliveries"]["mend"]
    nhip("sync", "away", "--json")
    assert list(wrong(nhip("doctor", "--json"))) == ["sources"]
    market.stands()


@pytest.mark.parametrize("text", ["port = [", 'port = "eight"', "max_file_mb = -"])
def test_settings_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "nhip.toml").write_text(text)
    done = Nhip(tmp_path)("doctor")
    assert done.code == 2
    done.said(BadInput)


def test_the_embedded_server_is_made_and_found_again(embedded: Nhip) -> None:
    assert "nhip.datasets/0001_pre_datasets.sql" in embedded.good("migrate", "--json").json
    assert embedded.good("migrate", "--json").json == []
    assert embedded.good("doctor", "--json").json[4]["seen"] == "embedded"
