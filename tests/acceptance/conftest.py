"""The real command in processes of its own: what a person at a terminal and a script see, and nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest

from nhip.datasets.deliveries import raw_name, sha256_of
from nhip.db.embedded import EmbeddedServer
from nhip.errors import NhipError
from nhip.settings import Settings
from nhip.testing.plugin import copied_database, installation_folder
from nhip.web.i18n import catalogue

T = TypeVar("T")

AGENCY = "000.00.46.H57"
"""Code of the agency that the tests' datasets belong to."""

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: 9d1f7a52-3b1e-4c55-9d67-0c8f3c1f6a11
version: 1.0.0
status: active
name: cho
schema:
  - name: cho
    logicalType: object
    properties:
      - {name: ma, businessName: Mã, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: ten, businessName: Tên chợ, logicalType: string, required: true}
      - name: so_ho
        businessName: Số hộ
        logicalType: integer
        logicalTypeOptions: {minimum: 0, maximum: 5000}
"""
"""Markets: a key, a name, a number of stalls."""

GOOD = "Mã,Tên chợ,Số hộ\nC1,Chợ Đông Ba,2500\nC2,Chợ Tây Lộc,120\n"
"""A file that fits it."""


IN_FORCE = """select v.no, v.object from datasets.dataset d
join datasets.version v on v.dataset_id = d.id and v.no = d.version_no where d.name = %s"""


class Done:
    """A finished command: exit code, standard output, standard error."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.out)

    def said(self, error: type[NhipError], *places: object) -> None:
        """The message of `error` stands on standard error in Vietnamese and in English, and it names these places."""
        english = error.template()
        vietnamese = catalogue("vi").gettext(english)
        assert vietnamese != english, f"{error.__name__} has no translation"
        heard = " ".join(self.err.split())
        for text in (english, vietnamese):
            for piece in re.split(r"\{\w+\}", text):
                assert piece.strip() in heard, self
        for place in places:
            assert str(place) in heard, self

    def __repr__(self) -> str:
        return f"exit {self.code}\n--- out\n{self.out[-3000:]}\n--- err\n{self.err[-3000:]}"


class Nhip:
    """`nhip` on one data folder. Every call checks that no traceback reached a person."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = environment

    def command(self, *arguments: object) -> list[str]:
        """The whole command line."""
        return [sys.executable, "-m", "nhip", "--data-dir", str(self.folder), *map(str, arguments)]

    def environ(self, **more: str) -> dict[str, str]:
        """Ours without settings of another installation, with those of this one."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("NHIP_")}
        return {**inherited, "COLUMNS": "250", **self.environment, **more}

    def __call__(self, *arguments: object, send: str = "", within_s: float = 240, **options: Any) -> Done:
        environment = self.environ(**options.pop("environment", {}))
        done = subprocess.run(
            self.command(*arguments),
            input=send.encode(),
            capture_output=True,
            timeout=within_s,
            check=False,
            env=environment,
            **options,
        )
        result = Done(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in result.out + result.err, result
        return result

    def good(self, *arguments: object, **options: Any) -> Done:
        """Run a command that has to succeed."""
        done = self(*arguments, **options)
        assert done.code == 0, done
        return done


class Market:
    """A dataset with a good version 1 in force, and what has to stay as it is when something bad arrives."""

    name = "cho"

    def __init__(self, nhip: Nhip, folder: Path) -> None:
        self.nhip, self.folder = nhip, folder

    def make(self) -> Market:
        """Bring it about in an empty installation."""
        contract = self.write("cho.odcs.yaml", CONTRACT)
        self.nhip.good("agency", "add", AGENCY, "Sở Công Thương")
        self.nhip.good("dataset", "add", self.name, "--agency", AGENCY, "--title", "Chợ", "--contract", contract)
        first = self.nhip.good("dataset", "deliver", self.name, self.write("cho.csv", GOOD), "--json").json
        assert (first["version"], first["rows"]) == (1, 2)
        return self

    def write(self, name: str, content: str | bytes) -> Path:
        """A file beside the others."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def deliver(self, file: Path, **options: Any) -> Done:
        """Hand in a file."""
        return self.nhip("dataset", "deliver", self.name, file, "--json", **options)

    def stands(self, version: int = 1) -> None:
        """The version in force is this one, and its rows can be read."""
        with psycopg.connect(self.nhip.environment["NHIP_DATABASE_URL"]) as connection:
            found = connection.execute(IN_FORCE, [self.name]).fetchone()
        assert found is not None and found[0] == version
        assert (self.nhip.folder / "objects" / found[1]).stat().st_size > 0

    def keeps(self, file: Path) -> bool:
        """Whether the very bytes of a file lie in the object store."""
        kept = self.nhip.folder / "objects" / raw_name(sha256_of(file))
        return kept.is_file() and kept.stat().st_size == file.stat().st_size and sha256_of(kept) == kept.name


def until(condition: Callable[[], T], what: str, within_s: float = 120) -> T:
    """Ask until the answer is true; fail with `what` when the time is over."""
    end = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {within_s:g} s: {what}"
        time.sleep(0.05)
    return found


async def eventually(ask: Callable[[], Awaitable[T]], what: str, within_s: float = 120) -> T:
    """As `until`, for questions that are awaited."""
    end = time.monotonic() + within_s
    while not (found := await ask()):
        assert time.monotonic() < end, f"not within {within_s:g} s: {what}"
        await asyncio.sleep(0.1)
    return found


@pytest.fixture
def nhip(settings: Settings) -> Nhip:
    """The command on an empty installation whose database has the whole schema."""
    return Nhip(settings.data_dir, NHIP_DATABASE_URL=settings.database_url)


@pytest.fixture(scope="session")
def first_market(postgres: EmbeddedServer, template_database: str) -> Iterator[tuple[Market, str]]:
    """The dataset of markets and the name of its database, made by commands once; tests get copies of both."""
    with copied_database(postgres, template_database) as url, installation_folder() as folder:
        made = Market(Nhip(folder / "var", NHIP_DATABASE_URL=url), folder / "files")
        made.folder.mkdir()
        yield made.make(), psycopg.conninfo.conninfo_to_dict(url)["dbname"]


@contextmanager
def copied_market(postgres: EmbeddedServer, first: tuple[Market, str]) -> Iterator[Market]:
    """An installation that holds what the first one holds."""
    made, database = first
    with copied_database(postgres, database) as url, installation_folder() as folder:
        shutil.copytree(made.nhip.folder, folder / "var")
        shutil.copytree(made.folder, folder / "files")
        yield Market(Nhip(folder / "var", NHIP_DATABASE_URL=url), folder / "files")


@pytest.fixture
def market(postgres: EmbeddedServer, first_market: tuple[Market, str]) -> Iterator[Market]:
    """The dataset of markets, version 1 in force."""
    with copied_market(postgres, first_market) as made:
        made.stands()
        yield made


@pytest.fixture(scope="module")
def stall(postgres: EmbeddedServer, first_market: tuple[Market, str]) -> Iterator[Market]:
    """The dataset of markets for a whole module: nothing that arrives may change its version 1."""
    with copied_market(postgres, first_market) as made:
        yield made


@pytest.fixture
def plain(tmp_path: Path) -> Nhip:
    """The command without an installation, for what needs none."""
    return Nhip(tmp_path / "none")


@pytest.fixture
def embedded() -> Iterator[Nhip]:
    """The command on a folder of its own with the embedded server, which stays up between its calls."""
    with installation_folder() as folder:
        server = EmbeddedServer(folder / "postgres")
        server.start()
        yield Nhip(folder)
        server.stop()
