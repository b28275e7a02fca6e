"""Static files: addresses, caching, compression, ranges, what was vendored."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from litestar.testing import TestClient

from nhip.errors import NotFound
from nhip.web.app import STATIC
from nhip.web.static import BUNDLES, StaticFiles, respond

from .gallery import make


@pytest.fixture(scope="module")
def client():
    with TestClient(make()) as client:
        yield client


@pytest.fixture(scope="module")
def files() -> StaticFiles:
    return StaticFiles(STATIC)


def test_the_present_address_is_kept_for_ever(client, files: StaticFiles) -> None:
    answer = client.get(files.url("nhip.css"), headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.text == files.files["nhip.css"].body.decode()


def test_an_old_address_is_asked_about_again(client) -> None:
    answer = client.get("/static/000000000000/nhip.css")
    assert answer.headers["cache-control"] == "no-cache"
    again = client.get("/static/000000000000/nhip.css", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_address_changes_with_any_file(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    before = StaticFiles(tmp_path).url("a.js")
    (tmp_path / "b.js").write_text("2")
    assert StaticFiles(tmp_path).url("a.js") != before


@pytest.mark.parametrize("path", ["../app.py", "%2e%2e/app.py", "/etc/passwd", "css/tokens.css", ""])
def test_nothing_else_is_served(client, files: StaticFiles, path: str) -> None:
    assert client.get(f"/static/{files.version}/{path}").status_code == 404


def test_only_reading_is_answered(client, files: StaticFiles) -> None:
    assert client.post(files.url("nhip.css")).status_code == 405
    assert client.head(files.url("nhip.css")).status_code == 200


def test_a_misspelt_name_is_seen_at_once(files: StaticFiles) -> None:
    with pytest.raises(NotFound):
        files.url("nhip.cs")


@pytest.mark.parametrize(
    ("asked", "status", "content", "of"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=8-100", 206, b"89", "bytes 8-9/10"),
        ("bytes=-100", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=5-2", 416, b"", "bytes */10"),
        ("bytes=-", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("lines=0-1", 200, b"0123456789", None),
    ],
)
def test_ranges(tmp_path: Path, asked: str, status: int, content: bytes, of: str | None) -> None:
    (tmp_path / "tiles.pmtiles").write_bytes(b"0123456789")
    file = StaticFiles(tmp_path).files["tiles.pmtiles"]
    got, headers, body = respond(file, {"range": asked}, True)
    assert (got, body, headers.get("content-range")) == (status, content, of)


def test_a_range_of_an_older_copy_gives_the_whole(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"0123456789")
    file = StaticFiles(tmp_path).files["x.bin"]
    assert respond(file, {"range": "bytes=0-1", "if-range": '"old"'}, True)[0] == 200
    assert respond(file, {"range": "bytes=0-1", "if-range": file.etag}, True)[0] == 206


def test_bundles_are_whole(files: StaticFiles) -> None:
    for name, parts in BUNDLES.items():
        body = files.files[name].body
        for part in parts:
            assert (STATIC / part).read_bytes() in body


def test_scripts_of_a_page_stay_small(files: StaticFiles) -> None:
    """25 KB gzip for a page in sum, htmx included (research note, section 4.4)."""
    with_a_map = ("vendor/leaflet.js", "js/maps.js")  # fetched where there is something to show
    on_few = ("js/passkeys.js", "js/passwords.js")  # on pages of signing in alone
    sizes = {name: len(file.gzipped or file.body) for name, file in files.files.items() if name.endswith(".js")}
    assert sum(size for name, size in sizes.items() if name not in with_a_map) <= 25 * 1024
    every = [size for name, size in sizes.items() if name.startswith("js/") and name not in (*with_a_map, *on_few)]
    assert sum(every) <= 6 * 1024
    assert sum(every) + max(sizes[name] for name in on_few) <= 7 * 1024


def test_the_style_sheet_stays_small(files: StaticFiles) -> None:
    assert len(files.files["nhip.css"].gzipped or b"") <= 10 * 1024


def test_vendored_files_are_those_of_the_manifest() -> None:
    manifest = json.loads((STATIC / "vendor" / "manifest.json").read_text())
    for name, entry in manifest["files"].items():
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["version"] and entry["licence"] in ("0BSD", "BSD-2-Clause", "OFL-1.1")


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((Path(__file__).resolve().parents[2] / "package-lock.json").read_text())
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []


def test_gzip_is_of_the_same_bytes(files: StaticFiles) -> None:
    for file in files.files.values():
        if file.gzipped:
            assert gzip.decompress(file.gzipped) == file.body


def test_every_class_that_templates_use_has_a_style() -> None:
    """A class without a rule is a typing slip, or a page that nobody has looked at."""
    css = "".join(path.read_text() for path in (STATIC / "css").glob("*.css"))
    known = set(re.findall(r"\.([a-z][\w-]*)", css)) | {"menu-look"}
    unknown = {}
    for path in sorted((STATIC.parents[1]).rglob("templates/**/*.html")):
        for value in re.findall(r'\bclass="([^"]*)"', path.read_text()):
            names = re.sub(r"[\w-]*\{[{%].*?[%}]\}", " ", value).split()
            unknown.update({name: str(path) for name in names if name not in known})
    assert unknown == {}
