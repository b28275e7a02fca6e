"""Archives that unpack to more than any data do are refused before they are unpacked; sheets of mostly empty cells are not."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from nhip.formats import allowance, archive, errors
from nhip.formats.allowance import Allowance
from nhip.formats.model import Opened
from nhip.formats.opening import open_file
from nhip.settings import Settings
from tests.datasets.decode.test_bad_input import xlsx, zipped

MB = 1 << 20


def opened(path: Path, name: str) -> Opened:
    return open_file(path, path.parent / "work", Settings(), name)


def written(folder: Path) -> int:
    """Bytes that stand below the work folder."""
    return sum(file.stat().st_size for file in (folder / "work").rglob("*") if file.is_file())


def deflated(size: int) -> bytes:
    """`size` MB of one line, packed a thousand times; the same megabyte again and again, so that it is made at once."""
    packer = zlib.compressobj(9, wbits=-15)
    first = packer.compress(b"a" * MB) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(b"a" * MB) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (size - 1) + packer.flush()


def zip_of(packed: bytes, promised: int, name: bytes = b"a.csv", times: int = 1, crc: int = 0) -> bytes:
    """A zip by hand: one packed file, listed `times` times as if it were `promised` bytes long."""
    sizes = struct.pack("<III", crc, len(packed), promised) + struct.pack("<HH", len(name), 0)
    body = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 33) + sizes + name + packed
    entry = b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 33) + sizes + bytes(14) + name
    listed = entry * times
    return body + listed + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(listed), len(body), 0)


BOMBS = {
    "a.zip": lambda: zip_of(deflated(2_000), 2_000 * MB),
    "a.xlsb": lambda: zip_of(deflated(2_000), 2_000 * MB, b"xl/workbook.bin"),
    "a.kmz": lambda: zip_of(deflated(2_000), 2_000 * MB, b"doc.kml"),
    "inside.zip": lambda: zipped({"a.csv": b"a,b\n1,2\n", "in.zip": zip_of(deflated(2_000), 2_000 * MB)}),
}


@pytest.mark.parametrize("name", BOMBS)
def test_two_gigabytes_from_two_megabytes_are_not_unpacked(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content := BOMBS[name]())
    with pytest.raises(errors.ArchiveTooTight) as told:
        opened(path, name)
    assert told.value.values["file"] == name and told.value.values["unpacked_mb"] >= 2_000
    assert written(tmp_path) < 3 * MB and path.read_bytes() == content


def test_a_gzip_tells_no_size_and_is_stopped_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "LOOSE_MB", 20)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(b"\x1f\x8b\x08" + bytes(5) + b"\0\xff" + deflated(100) + bytes(8))
    with pytest.raises(errors.ArchiveTooTight):
        opened(path, "a.csv.gz")
    assert 20 * MB < written(tmp_path) < 40 * MB


def test_sparse_data_are_no_bomb(tmp_path: Path) -> None:
    Allowance(200 << 10, 20_480, "a.zip").take(200 << 10, 200 * MB)
    rows = b"".join(b"%d%s\n" % (number, b"," * 500) for number in range(30_000))
    head = ",".join(f"c{place}" for place in range(501)).encode()
    for name, content in (
        ("a.zip", zipped({"a.csv": head + b"\n" + rows})),
        ("a.csv.gz", gzip.compress(head + b"\n" + rows)),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert len(rows) > 100 * len(content)
        assert [part.name for part in opened(path, name).parts] == ["a"]


def test_what_lies_in_layers_is_counted_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "LOOSE_MB", 1)
    monkeypatch.setattr(allowance, "MOST_RATIO", 1_100)  # more than deflate reaches in one layer
    inner = zipped({"a.csv": b"a,b\n" + b"1,2\n" * 2_000_000}, 9)
    layers = tmp_path / "a.zip"
    layers.write_bytes(zipped({f"{place}.zip": inner for place in range(9)}, 9))
    with pytest.raises(errors.ArchiveTooTight):
        opened(layers, "a.zip")


def test_files_that_lie_over_each_other_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    packed = deflated(1)
    path.write_bytes(zip_of(packed, MB, times=40))
    with pytest.raises(errors.BrokenFile, match="lie over each other"):
        opened(path, "a.zip")
    path.write_bytes(zip_of(packed, MB, crc=zlib.crc32(b"a" * MB)))
    assert archive.unpack_zip(path, tmp_path / "out", Allowance(len(packed), 20, "a.zip"), "a.zip")


@pytest.mark.parametrize(("name", "entry"), [("a.xlsb", b"xl/workbook.bin"), ("a.kmz", b"doc.kml")])
def test_a_size_that_only_the_list_tells_is_not_believed(tmp_path: Path, name: str, entry: bytes) -> None:
    """The checksum fits the promised start, so that a reader who stops there sees nothing wrong."""
    path = tmp_path / name
    path.write_bytes(zip_of(deflated(300), 1_000, entry, crc=zlib.crc32(b"a" * 1_000)))
    with pytest.raises(errors.BrokenEntry):
        opened(path, name)


def test_honest_packages_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx(200))
    assert opened(path, "a.xlsx").format == "xlsx"
    stored = io.BytesIO()
    with zipfile.ZipFile(path) as package, zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as target:
        for name in package.namelist():
            target.writestr(name, package.read(name))
    path.write_bytes(stored.getvalue())
    assert opened(path, "a.xlsx").format == "xlsx"


def test_a_long_list_of_contents_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zip_of(deflated(1), MB, times=200_000))
    with pytest.raises(errors.TooManyEntries):
        opened(path, "a.zip")
    path.write_bytes(zip_of(deflated(1), MB, times=10_001))
    with pytest.raises(errors.TooManyEntries):
        opened(path, "a.zip")


def test_the_type_that_an_office_file_names_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.ods"
    path.write_bytes(zip_of(deflated(2_000), 2_000 * MB, b"mimetype"))
    with pytest.raises(errors.ArchiveTooTight):
        opened(path, "a.ods")
