"""The how-tos of the live graph go as they say: their commands are run by a shell, with curl, nodes and mosquitto."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nhip.db.embedded import EmbeddedServer
from nhip.graph.nodes import list_nodes
from nhip.testing.serving import free_port
from tests.docs_pages import DOCS, ROOT, Shell, blocks_of, follow

HOWTO = DOCS / "howto"
with_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="the pages speak to their nodes with curl")
PORTS = ("9090", "9091", "9092", "9093", "1883")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clone as pages mean it: what its environment brings is there once it was activated."""
    programs, home = tmp_path / "bin", tmp_path / "home"
    for made in (programs, home, tmp_path / ".venv" / "bin"):
        made.mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "activate").write_text(f'PATH="{programs}:$PATH"\n', encoding="utf-8")
    for name, arguments in (("nhip", "-m nhip "), ("python3", "")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments}"$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    return tmp_path


@pytest.fixture
def shell(folder: Path, postgres: EmbeddedServer) -> Iterator[Shell]:
    environment = {**os.environ, "HOME": str(folder / "home"), "PYTHONUNBUFFERED": "1", "COLUMNS": "140"}
    environment |= {"PYTHONPATH": str(ROOT), "NHIP_DATABASE_URL": postgres.url(), "NHIP_DATA_DIR": str(folder / "var")}
    with Shell(folder, environment) as running:
        yield running


@pytest.mark.slow
@with_curl
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("howto/use-the-live-graph", 7),
        ("howto/bring-sensors-in", 4),
        ("howto/read-history", 6),
        ("howto/run-several-nodes", 5),
        ("tutorial/two-cities", 18),
        ("howto/take-everything-out", 4),
    ],
)
def test_the_page_goes_as_it_says(name: str, shown: int, shell: Shell, postgres: EmbeddedServer) -> None:
    """Every command in one shell, at ports that are free; what it prints is what the page shows, and it tidies up."""
    if "mosquitto" in (text := (DOCS / f"{name}.md").read_text(encoding="utf-8")) and not shutil.which("mosquitto"):
        pytest.skip("Debian's mosquitto is not installed")
    text = text.replace("--retry 60", "--retry 200")  # a reader's laptop is busy with nothing else
    for port in PORTS:
        text = re.sub(rf"\b{port}\b", str(free_port()), text)
    assert follow(text, shell.run, shell.write) == shown
    nodes, left = set(re.findall(r"--node (\w+)", text)), asyncio.run(list_nodes(postgres.url()))
    assert nodes and nodes.isdisjoint(left), "the page leaves nodes behind"


@with_curl
def test_the_receiver_of_the_page_hears_each_notification_once(folder: Path, shell: Shell) -> None:
    """alarms.py: the same notification twice is one row; another one is another."""
    page = (HOWTO / "look-after-notifications.md").read_text(encoding="utf-8")
    port = str(free_port())
    (file,) = (block for block in blocks_of(page) if block.note == "file: alarms.py")
    (folder / "alarms.py").write_text(file.text.replace("9093", port), encoding="utf-8")
    shell.run("python3 alarms.py > alarms.log 2>&1 &")
    shell.run(f"until curl -s -o /dev/null http://127.0.0.1:{port}/; do sleep 0.2; done")
    for id in ("urn:a", "urn:a", "urn:b"):
        told = f'{{"id": "{id}", "data": [{{"id": "urn:ngsi-ld:Bus:1"}}]}}'
        assert "204" in shell.run(f"curl -s -w '%{{http_code}}' http://127.0.0.1:{port}/ -d '{told}'")
    rows = shell.run(
        "python3 -c \"import sqlite3; print(*sqlite3.connect('alarms.db').execute('select id from heard'))\""
    )
    assert "('urn:a',) ('urn:b',)" in rows


SIZED = {
    "read a thing by its identifier": "GET by id",
    "read a page of 20 things": "GET a page of 20",
    "create a thing": "POST create",
    "change one attribute": "PATCH one attribute",
    "write one thing in a batch": "batch upsert, each entity",
}


def test_the_sizes_of_the_explanation_are_no_less_than_what_was_measured() -> None:
    """Ours and PostgreSQL's part of the page of figures together; requests a second follow from it, rounded down."""
    explained = (DOCS / "explain" / "live-graph.md").read_text(encoding="utf-8")
    figures = (DOCS / "reference" / "figures.md").read_text(encoding="utf-8")
    for row, figure in SIZED.items():
        told = re.search(rf"^\| {row} \| (\d+) \| ([\d,]+) \|$", explained, re.M)
        assert told is not None, row
        parts = re.findall(rf"^\| {figure}, (?:ours|PostgreSQL) \| [^|]*\| ([\d.]+) \|", figures, re.M)
        most, a_second = int(told[1]), int(told[2].replace(",", ""))
        assert len(parts) == 2 and sum(map(float, parts)) <= most, figure
        assert 0 <= 1_000_000 / most - a_second < 0.07 * 1_000_000 / most, row
