"""One small city for the tests of a module: open bus stops, a stranger's browser, an official, a real mail server."""

from __future__ import annotations

import email
import email.policy
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from aiosmtpd.controller import Controller
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.app import create_app
from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
from nhip.datasets.records import Dataset
from nhip.datasets.store import get_dataset
from nhip.db import Database, Objects
from nhip.db.embedded import EmbeddedServer
from nhip.db.installation import Installation
from nhip.portal.people.forms import clicks
from nhip.portal.service import propose, publish
from nhip.security.service import set_administrator_password
from nhip.settings import Settings
from nhip.testing.sector import signed_in_client
from nhip.testing.serving import free_port
from tests.e2e import sample
from tests.portal.conftest import STOP_ROWS, STOPS, WORDS, deliver

Client = AsyncTestClient[Litestar]
AGENCY = "000.00.10.H57"


@pytest.fixture(scope="session")
async def city(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """An installation whose bus stops are open."""
    folder = tmp_path_factory.mktemp("people")
    name = f"{template_database}_{folder.name}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template_database}" strategy file_copy')
    settings = Settings(
        data_dir=folder,
        database_url=postgres.url(name),
        memory_mb=300,
        second_factor="offered",
        base_url="http://testserver.local",
        mail_from="Dữ liệu mở <du-lieu@hue.example>",
    )
    db = Database(settings.database_url, size=4)
    await db.open()
    installation = Installation(settings, db, Objects(folder / "objects"))
    async with db.tx() as tx:
        await set_administrator_password(tx)
    await open_dataset(installation, "tram-xe-buyt", "Trạm xe buýt", folder)
    yield installation
    await db.close()
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')


async def open_dataset(installation: Installation, name: str, title: str, folder: Path) -> Dataset:
    """Make a dataset of the transport agency and open it."""
    async with installation.db.tx() as tx:
        await put_agency(tx, AGENCY, "Sở Xây dựng", "Department of Construction")
        dataset = await put_dataset(tx, name, AGENCY, title, description="Mô tả", theme="Giao thông")
        await put_contract(
            tx,
            dataset,
            STOPS.replace("tram-xe-buyt", name).replace("businessName: Trạm xe buýt", f"businessName: {title!r}"),
            who="test",
        )
    await deliver(installation, name, STOP_ROWS, folder)
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, name)
    await propose(installation, dataset, treatment={}, **WORDS)
    await publish(installation, dataset)
    return dataset


@pytest.fixture(scope="session")
async def stranger(city: Installation) -> AsyncIterator[Client]:
    """A citizen's browser, which is not signed in."""
    async with AsyncTestClient(create_app(city.settings), base_url="http://testserver.local") as client:
        client.headers.update({"Accept": "text/html", "Accept-Language": "en"})
        yield client


@pytest.fixture(scope="session")
async def official(city: Installation) -> AsyncIterator[Client]:
    """A steward at a browser."""
    async with signed_in_client(city) as client:
        await sample.give_every_page(city)
        client.headers.update({"Accept": "text/html", "Accept-Language": "en"})
        yield client


@pytest.fixture(autouse=True)
async def calm(city: Installation) -> None:
    """Nobody has sent or clicked too much before a test begins."""
    clicks._buckets.clear()
    async with city.db.tx() as tx:
        await tx.execute("update portal.wish set address = ''")
        await tx.execute("update portal.remark set address = ''")


class Mailbox:
    """What aiosmtpd took, and what it is to say: `refuse` maps an address to the answer to RCPT."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refuse: dict[str, str] = {}
        self.after_data = ""
        self.hang_up = False

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """The server's answer to a recipient."""
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """The server's answer to a letter."""
        if self.after_data:
            return self.after_data
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.letters.append(parsed)
        if self.hang_up:
            server.transport.abort()
        return "250 OK"


@pytest.fixture
def mailbox(city: Installation) -> Iterator[tuple[Installation, Mailbox]]:
    """The city with a mail server that is really there."""
    box = Mailbox()
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        settings = msgspec.structs.replace(city.settings, smtp_url=f"smtp://127.0.0.1:{port}")
        yield msgspec.structs.replace(city, settings=settings), box
    finally:
        controller.stop()
