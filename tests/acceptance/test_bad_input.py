"""Every kind of bad input: a message in both languages that says what and where, the bytes kept, nothing published lost."""

from __future__ import annotations

import csv
import io
import os
import resource
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xlsxwriter

from nhip.datasets.errors import FileTooLarge, RequiredColumnsMissing, TableNotInFile
from nhip.db.embedded import EmbeddedServer
from nhip.errors import DatabaseAway, NhipError, StorageFull
from nhip.formats import errors
from nhip.security import outgoing_errors
from nhip.testing.fakeserver import FakeServer, Reply, Request
from tests.acceptance.conftest import AGENCY, CONTRACT, GOOD, Done, Market, Nhip, until

MB = 1 << 20


def workbook(columns: int = 3, **more: bytes) -> bytes:
    """A small Excel file of the markets; `more` are further entries of the archive."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet()
    page.write_row(0, 0, ["Mã", "Tên chợ", "Số hộ", *(f"Cột {n}" for n in range(columns - 3))])
    page.write_row(1, 0, ["C1", "Chợ Đông Ba", 2500])
    page.write_row(2, 0, ["C2", "Chợ Tây Lộc", 120])
    book.close()
    with zipfile.ZipFile(out, "a") as archive:
        for name, data in more.items():
            archive.writestr(f"xl/{name}.bin", data)
    return out.getvalue()


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def with_password() -> bytes:
    """A compound file whose directory names an encrypted package, as Excel writes for a password (MS-OFFCRYPTO 2.3)."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1016) + "EncryptedPackage".encode("utf-16-le") + bytes(512)


WIDE = ",".join(["Mã", "Tên chợ", "Số hộ", *(f"c{n}" for n in range(4_997))])
UNUSABLE: dict[str, tuple[str, Callable[[], bytes], type[NhipError], type[NhipError]]] = {
    "empty": ("cho.csv", lambda: b"", errors.EmptyFile, errors.EmptyFile),
    "blank": ("cho.csv", lambda: b"\n \n\n", errors.NothingInside, errors.NothingInside),
    "no table": ("cho.csv", lambda: b"%PDF-1.7\n1 0 obj", errors.UnknownFormat, errors.UnknownFormat),
    "cut": ("cho.xlsx", lambda: workbook()[:-300], errors.BrokenFile, errors.BrokenFile),
    "bomb": ("cho.zip", lambda: zipped("a.csv", b"a,b\n" + b"1,1\n" * 3_000_000), errors.UnpacksTooLarge, errors.UnpacksTooLarge),
    "5,000 columns": ("cho.csv", f"{WIDE}\n{WIDE}\n".encode, errors.TooManyColumns, errors.TooManyColumns),
    "5,000 columns in a sheet": ("cho.xlsx", lambda: workbook(5_000), errors.TooManyColumns, errors.TooManyColumns),
    "password": ("cho.xlsx", with_password, errors.PasswordProtected, errors.PasswordProtected),
    "other columns": ("khac.csv", lambda: b"x,y\n1,2\n", TableNotInFile, TableNotInFile),
}  # fmt: skip
"""File name, bytes, what `nhip check` says, what a delivery says. `nhip inspect` says the same as check, where it refuses."""


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_files(case: str, stall: Market) -> None:
    market = stall
    name, content, checked, delivered = UNUSABLE[case]
    file = market.write(name, content())
    limits = {"NHIP_MAX_UNPACKED_MB": "5"}
    contract = market.folder / "cho.odcs.yaml"
    done = market.nhip("check", file, "--contract", contract, "--json", environment=limits)
    assert (done.code, done.out) == (2, ""), done
    done.said(checked, name)
    if checked is TableNotInFile:
        done.said(TableNotInFile, "x, y")
    else:
        done = market.nhip("inspect", file, "--json", environment=limits)
        assert (done.code, done.out) == (2, ""), done
        done.said(checked, name)
    done = market.deliver(file, environment=limits)
    assert (done.code, done.json["state"]) == (2, "failed"), done
    done.said(delivered, name)
    assert market.keeps(file)
    market.stands()


def test_required_columns_that_are_missing_are_named(stall: Market) -> None:
    market = stall
    file = market.write("thieu.csv", "Mã,Số hộ\nC1,10\n")
    done = market.deliver(file)
    assert done.code == 2
    done.said(RequiredColumnsMissing, "thieu.csv", "ten")
    assert market.keeps(file)
    market.stands()


def test_ten_gigabytes_are_refused_before_they_are_read(stall: Market) -> None:
    market = stall
    file = market.folder / "lon.csv"
    with file.open("wb") as stream:
        stream.write(GOOD.encode())
        stream.truncate(10 << 30)
    limit = {"NHIP_MAX_FILE_MB": "1000"}
    done = market.deliver(file, environment=limit, within_s=120)
    assert done.code == 2
    done.said(FileTooLarge, "lon.csv", "10240", "1000")
    done = market.nhip("check", file, "--contract", market.folder / "cho.odcs.yaml", environment=limit, within_s=120)
    assert done.code == 2
    done.said(errors.TooLarge, "lon.csv", "1000")
    file.unlink()
    market.stands()


def test_a_table_without_rows_is_told_and_the_old_version_can_be_had_again(market: Market) -> None:
    file = market.write("rong.csv", "Mã,Tên chợ,Số hộ\n")
    done = market.nhip("inspect", file, "--json")
    assert "table.no_rows" in [p["code"] for p in done.json["problems"]]
    delivered = market.deliver(file)
    assert market.keeps(file)
    if delivered.code == 2:
        market.stands()
    else:
        assert delivered.json["rows"] == 0
        market.nhip.good("dataset", "restore", "cho", 1)
        assert market.nhip.good("dataset", "diff", "cho", 1, "--json").json["rows"] == []


USABLE: dict[str, tuple[str, Callable[[], bytes], str, dict[str, int]]] = {
    "wrong extension": ("cho.xlsx", GOOD.encode, "file.extension", {}),
    "workbook named csv": ("cho.csv", workbook, "file.extension", {}),
    "NUL bytes": ("cho.csv", lambda: GOOD.replace("Đông", "Đô\0ng").encode(), "file.nul", {}),
    "macros": ("cho.xlsm", lambda: workbook(vbaProject=b"\xd0\xcf\x11\xe0"), "file.macros", {}),
    "10 MB in a cell": ("cho.csv", lambda: GOOD.encode() + b"C3," + b"x" * (10 * MB) + b",5\n", "", {"cell.size": 1}),
    "formulas": ("cho.csv", lambda: GOOD.encode() + b"C3,=1+1,\"=cmd|'/c calc'!A1\"\n", "", {"type": 1}),
}  # fmt: skip
"""File name, bytes, the problem that inspect tells, findings by rule that have to be among those of a check."""


@pytest.mark.parametrize("case", USABLE)
def test_usable_files_with_faults(case: str, market: Market) -> None:
    name, content, problem, rules = USABLE[case]
    file = market.write(name, content())
    shown = market.nhip.good("inspect", file, "--json").json
    assert problem in ["", *(p["code"] for p in shown["problems"])]
    findings = market.folder / "out.csv"
    done = market.nhip("check", file, "--contract", market.folder / "cho.odcs.yaml", "--findings", findings, "--json")
    assert done.code == (1 if rules else 0), done
    assert {rule: done.json["by_rule"].get(rule) for rule in rules} == rules
    rows = list(csv.DictReader(findings.open(encoding="utf-8")))
    assert len([r for r in rows if r["severity"] != "mended"]) == done.json["findings"]
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "@")]
    delivered = market.deliver(file)
    assert delivered.code == 0, delivered
    assert market.keeps(file)


def test_an_invalid_geometry_is_told(plain: Nhip, tmp_path: Path) -> None:
    bow = '{"type": "Polygon", "coordinates": [[[107, 16], [108, 17], [108, 16], [107, 17], [107, 16]]]}'
    file = tmp_path / "ranh-gioi.geojson"
    feature = '{"type": "Feature", "properties": {"ma": "A"}, "geometry": ' + bow + "}"
    file.write_text('{"type": "FeatureCollection", "features": [' + feature + "]}")
    (problem,) = [p for p in plain.good("inspect", file, "--json").json["problems"] if p["code"] == "geometry.invalid"]
    assert problem["severity"] == "error"
    assert "Self-intersection" in problem["message"]


def test_a_contract_that_is_none(plain: Nhip, tmp_path: Path) -> None:
    data = tmp_path / "cho.csv"
    data.write_text(GOOD)
    for text in ("schema: [", "kind: DataContract\n", "\0", CONTRACT.replace("- name: so_ho", "- name: ma")):
        contract = tmp_path / "c.yaml"
        contract.write_text(text)
        done = plain("check", data, "--contract", contract)
        assert done.code == 2, done
        assert len(done.err.strip().splitlines()) >= 2
    assert plain("check", data, "--contract", tmp_path / "absent.yaml").code == 2
    assert plain("check", tmp_path / "absent.csv", "--contract", contract).code == 2


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """An agency's server that misbehaves by address."""

    def hang(wire: io.BufferedIOBase) -> None:
        wire.write(b"M")
        wire.flush()
        until(lambda: stopped, "the end of the test", 60)

    def answer(request: Request) -> Reply | None:
        if request.path == "/hangs.csv":
            return Reply(headers={"Content-Type": "text/csv", "Content-Length": "1000"}, wire=hang)
        if request.path == "/redirects.csv":
            return Reply(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"})
        if request.path == "/secret.csv":
            return Reply(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        return Reply(body=GOOD.encode(), headers={"Content-Type": "text/csv"})

    stopped: list[bool] = []
    with FakeServer(answer) as running:
        yield running
        stopped.append(True)


SOURCES = {
    "/hangs.csv": outgoing_errors.TimedOut,
    "/redirects.csv": outgoing_errors.AddressRefused,
    "/secret.csv": outgoing_errors.WrongCredentials,
}


@pytest.mark.parametrize("path", SOURCES)
def test_sources_that_misbehave(path: str, stall: Market, server: FakeServer) -> None:
    nhip, error, name = stall.nhip, SOURCES[path], Path(path).stem
    open_to = {
        "NHIP_OUTGOING_PRIVATE": "127.0.0.0/8",
        "NHIP_FETCH_TIMEOUT_S": "1" if error is outgoing_errors.TimedOut else "60",
        "NHIP_SECRET_PASSWORD": "mật-khẩu-7",
    }
    settings = ["--set", f"url={server.url}{path}", "--set", "auth=basic", "--set", "username=lan"]
    added = nhip.good(
        "source", "add", "http", name, "--agency", AGENCY, "--dataset", "cho", *settings, "--secret", "password",
        environment=open_to,
    )  # fmt: skip
    synced = nhip("sync", name, "--json", environment=open_to, within_s=120)
    assert (synced.code, synced.json[0]["state"]) == (1, "failed"), synced
    synced.said(error, "169.254.169.254" if error is outgoing_errors.AddressRefused else "127.0.0.1")
    tested = nhip("source", "test", name, environment=open_to, within_s=120)
    assert tested.code == 2, tested
    tested.said(error)
    listed = nhip.good("source", "list", "--json")
    assert {s["name"]: s["problem"]["error"] for s in listed.json}[name] == error.__name__
    for done in (added, synced, tested, listed):
        assert "mật-khẩu-7" not in done.out + done.err
    stall.stands()


def test_a_source_in_a_private_network_is_not_reached_unless_allowed(stall: Market, server: FakeServer) -> None:
    where = ["--agency", AGENCY, "--dataset", "cho", "--set", f"url={server.url}/good.csv"]
    stall.nhip.good("source", "add", "http", "inside", *where)
    done = stall.nhip("sync", "inside", "--json")
    assert done.code == 1
    done.said(outgoing_errors.AddressRefused, "127.0.0.1")
    assert server.requests == []
    stall.stands()


def big(folder: Path, megabytes: int) -> Path:
    """A clean file of that size, each row of about 220 bytes."""
    file = folder / "lon.csv"
    words = "Chợ trung tâm " * 12
    with file.open("w", encoding="utf-8") as stream:
        stream.write("Mã,Tên chợ,Số hộ\n")
        for first in range(0, megabytes * 4_300, 10_000):
            stream.write("".join(f"C{n},{words}{n},{n % 4_000}\n" for n in range(first, first + 10_000)))
    return file


_BETWEEN = """
import resource, subprocess, sys
code = subprocess.call([*sys.argv[1:]])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""
"""A small process between: Linux counts the memory of whoever starts a program as the program's own, and pytest's is large."""


@pytest.mark.slow
def test_three_hundred_megabytes_in_bounded_memory(plain: Nhip, tmp_path: Path) -> None:
    file = big(tmp_path, 320)
    assert file.stat().st_size > 300_000_000
    contract = tmp_path / "c.yaml"
    contract.write_text(CONTRACT)
    command = plain.command("check", file, "--contract", contract, "--memory", 400, "--json")
    ran = subprocess.run(
        [sys.executable, "-c", _BETWEEN, *command], check=False, capture_output=True, text=True, env=plain.environ()
    )
    report = Done(ran.returncode, ran.stdout, "").json
    assert (ran.returncode, report["findings"]) == (0, 0)
    assert report["rows"] > 1_000_000
    used = int(ran.stderr.splitlines()[-1]) / 1024
    assert used <= 400, f"{used:.0f} MB"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 80 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=80m", "nhip-test", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no right to mount a small disk: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_disk_full(small_disk: Path, database_url: str, tmp_path: Path) -> None:
    market = Market(Nhip(small_disk, NHIP_DATABASE_URL=database_url), tmp_path).make()
    done = market.deliver(big(tmp_path, 100))
    assert done.code == 2
    done.said(StorageFull, small_disk)
    market.stands()
    leftover = [p for p in small_disk.rglob("*") if p.is_file() and p.stat().st_size > MB]
    assert leftover == [], "what did not fit is not left behind"
    assert market.deliver(market.write("tiep.csv", GOOD + "C3,Chợ Mới,5\n")).json["version"] == 2


def test_disk_full_in_the_middle_of_the_work(small_disk: Path, database_url: str, tmp_path: Path) -> None:
    market = Market(Nhip(small_disk, NHIP_DATABASE_URL=database_url), tmp_path).make()
    file = big(tmp_path, 50)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * (80 * MB - file.stat().st_size - MB // 2))
    done = market.deliver(file)
    assert done.code == 2
    done.said(StorageFull, small_disk)
    assert market.keeps(file)
    market.stands()
    ballast.unlink()
    (resumed, *_rest) = market.nhip.good("sync", "--json").json
    assert (resumed["state"], resumed["version"]) == ("published", 2)


def test_a_file_size_limit_counts_as_a_full_disk(market: Market) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20 * MB, 20 * MB))

    done = market.deliver(big(market.folder, 30), preexec_fn=limit)
    assert done.code == 2
    done.said(StorageFull)
    market.stands()


@pytest.mark.slow
def test_the_database_goes_away_in_the_middle(embedded: Nhip, tmp_path: Path) -> None:
    server = EmbeddedServer(embedded.folder / "postgres")
    nhip = Nhip(embedded.folder, NHIP_DATABASE_URL=server.url())
    nhip.good("migrate")
    market = Market(nhip, tmp_path).make()
    file = big(tmp_path, 60)
    command = nhip.command("dataset", "deliver", "cho", file)
    with (tmp_path / "err").open("wb") as err:
        process = subprocess.Popen(command, stdout=err, stderr=err, env=nhip.environ())
        work = embedded.folder / "work"
        until(lambda: work.is_dir() and [p for p in work.glob("*-*-*-*-*") if any(p.iterdir())], "work on the delivery")
        pid = server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        code = process.wait(120)
    done = Done(code, "", (tmp_path / "err").read_text())
    assert code == 2, done
    assert "Traceback" not in done.err, done
    done.said(DatabaseAway)
    assert market.keeps(file)
    server.start()
    market.stands()
    (resumed, *_rest) = nhip.good("sync", "--json").json
    assert (resumed["state"], resumed["version"]) == ("published", 2)
