"""`nhip graph mirror` where something is missing: what is wrong is named."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from nhip.cli import cli
from nhip.db.embedded import EmbeddedServer
from nhip.graph.nodes import node_database, remove_node

NODE = f"lonely_{os.getpid()}"
PEER = "https://danang.example"


@pytest.fixture
def node(postgres: EmbeddedServer) -> Iterator[str]:
    """A node that nobody serves; gives the address of its server."""
    asyncio.run(node_database(postgres.url(), NODE))
    yield postgres.url()
    asyncio.run(remove_node(postgres.url(), NODE))


def test_what_is_wrong_is_named(node: str, tmp_path: Path) -> None:
    def run(*words: str) -> Any:
        environment = {"NHIP_DATABASE_URL": node, "NHIP_DATA_DIR": str(tmp_path), "COLUMNS": "140"}
        return CliRunner().invoke(cli, ["graph", "mirror", *words, "--node", NODE], env=environment)

    headers = tmp_path / "danang.headers"
    headers.write_text("Authorization: Bearer 8f3k…\n", encoding="utf-8")
    refused = run("add", "danang", PEER, "--type", "Bus", "--headers", str(headers))
    assert "plain letters only" in str(refused.exception)
    headers.write_text("Authorization: Bearer 8f3k\n", encoding="utf-8")
    assert run("add", "danang", PEER, "--type", "Bus", "--headers", str(headers)).exit_code == 0
    behind = run("sync", "danang", "--wait", "0")
    assert "danang was not compared in time: no running node" in str(behind.exception)
    listed = run("list").output.splitlines()
    assert listed[0].split() == ["name", "tenant", "peer", "state", "compared", "problem"] and "danang" in listed[1]
    assert run("remove", "danang").exit_code == 0
