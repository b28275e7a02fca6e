"""Drop folders on a real file system."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.connectors.drop import matches
from nhip.connectors.errors import BadSetting, FileRefused, FolderMissing, UnknownSetting
from nhip.connectors.folder import CONNECTOR
from nhip.connectors.folder.reader import FolderSource, fetch, probe
from nhip.connectors.registry import read_settings
from nhip.kernel.time import held, now
from nhip.security.secrets import Secret, Vault

NONE = Secret()


@pytest.fixture
def drop(tmp_path):
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def source(folder, **settings) -> FolderSource:
    return FolderSource(path=str(folder), **{"settle_seconds": 0, **settings})


def test_new_files_come_once_and_changed_files_again(drop, sink) -> None:
    (drop / "a.csv").write_bytes(b"1\n")
    (drop / "b.csv").write_bytes(b"2\n")
    (drop / "note.txt").write_bytes(b"no")
    first = fetch(source(drop, pattern="*.csv"), NONE, {}, sink)
    assert [(p.filename, p.path.read_bytes()) for p in first.payloads] == [("a.csv", b"1\n"), ("b.csv", b"2\n")]
    again = fetch(source(drop, pattern="*.csv"), NONE, first.state, sink)
    assert again.unchanged and again.payloads == [] and again.state == first.state
    (drop / "b.csv").write_bytes(b"22\n")
    third = fetch(source(drop, pattern="*.csv"), NONE, again.state, sink)
    assert [p.filename for p in third.payloads] == ["b.csv"] and not third.unchanged
    assert third.payloads[0].resource == "b.csv"  # by which a file without a dataset finds its own


def test_a_touched_file_with_the_same_bytes_is_not_new(drop, sink, leftovers) -> None:
    (drop / "a.csv").write_bytes(b"1\n")
    first = fetch(source(drop), NONE, {}, sink)
    os.utime(drop / "a.csv", (1_700_000_000, 1_700_000_000))
    again = fetch(source(drop), NONE, first.state, sink)
    assert again.unchanged and len(leftovers()) == 1


def test_removed_files_are_told(drop, sink) -> None:
    (drop / "a.csv").write_bytes(b"1\n")
    first = fetch(source(drop), NONE, {}, sink)
    (drop / "a.csv").unlink()
    again = fetch(source(drop), NONE, first.state, sink)
    assert again.vanished == ["a.csv"] and again.state["files"] == {}


def test_a_file_that_was_just_written_waits(drop, sink) -> None:
    path = drop / "a.csv"
    path.write_bytes(b"half")
    waiting = fetch(source(drop, settle_seconds=60), NONE, {}, sink)
    assert waiting.payloads == [] and not waiting.unchanged and "1 files" in waiting.notes[0].text()
    path.write_bytes(b"half and more")
    growing = fetch(source(drop, settle_seconds=60), NONE, waiting.state, sink)
    assert growing.payloads == []
    settled = fetch(source(drop, settle_seconds=60), NONE, growing.state, sink)
    assert [p.path.read_bytes() for p in settled.payloads] == [b"half and more"]
    path.write_bytes(b"new")
    with held(now() + timedelta(seconds=61)):
        assert len(fetch(source(drop, settle_seconds=60), NONE, settled.state, sink).payloads) == 1


def test_a_file_that_grows_while_it_is_read_waits(drop, sink, leftovers) -> None:
    path = drop / "a.csv"
    path.write_bytes(b"x" * 3_000_000)

    def grow(_count: int) -> None:
        with path.open("ab") as file:
            file.write(b"more")

    sink.progress = grow
    found = fetch(source(drop), NONE, {}, sink)
    assert found.payloads == [] and leftovers() == [] and "a.csv" in found.state["pending"]


@pytest.mark.parametrize("name", [".hidden.csv", "~$book.xlsx", "a.csv.part", "b.tmp", "c.crdownload"])
def test_unfinished_and_hidden_files_are_left(drop, sink, name: str) -> None:
    (drop / name).write_bytes(b"x")
    assert fetch(source(drop), NONE, {}, sink).payloads == []


def test_links_and_pipes_are_refused_and_the_rest_goes_on(drop, sink, tmp_path) -> None:
    (tmp_path / "outside.csv").write_bytes(b"private")
    (drop / "leak.csv").symlink_to(tmp_path / "outside.csv")
    (drop / "dangling.csv").symlink_to(tmp_path / "nothing")
    os.mkfifo(drop / "pipe.csv")
    (drop / "good.csv").write_bytes(b"1")
    (drop / "inner.csv").symlink_to(drop / "good.csv")
    found = fetch(source(drop), NONE, {}, sink)
    assert [p.filename for p in found.payloads] == ["good.csv", "inner.csv"]
    assert [f.resource for f in found.failures] == ["dangling.csv", "leak.csv", "pipe.csv"]
    assert all(isinstance(f.error, FileRefused) for f in found.failures) and not found.unchanged


def test_a_linked_folder_is_not_entered(drop, sink, tmp_path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.csv").write_bytes(b"private")
    (drop / "sub").mkdir()
    (drop / "sub" / "y.csv").write_bytes(b"1")
    (drop / "link").symlink_to(tmp_path / "other")
    assert [p.origin for p in fetch(source(drop, pattern="**/*.csv"), NONE, {}, sink).payloads] == ["sub/y.csv"]


@pytest.mark.parametrize("pattern", ["../*", "/etc/*", "a/../../b", ""])
def test_patterns_stay_inside(drop, sink, pattern: str) -> None:
    with pytest.raises(BadSetting):
        fetch(source(drop, pattern=pattern), NONE, {}, sink)


def test_the_keys_of_the_installation_are_never_a_source(sink, settings) -> None:
    Vault(settings).seal({"a": "b"}, "x")
    with pytest.raises(FileRefused):
        fetch(source(settings.data_dir / "keys"), NONE, {}, sink)
    found = fetch(source(settings.data_dir, pattern="**/*"), NONE, {}, sink)
    assert found.payloads == [] and [f.resource for f in found.failures] == ["keys/secrets.key"]


def test_a_missing_folder_is_not_a_removal(drop, sink) -> None:
    with pytest.raises(FolderMissing):
        fetch(source(drop / "away"), NONE, {"files": {"a.csv": [1, 1, "x"]}}, sink)


def test_test_says_what_is_there(drop, settings) -> None:
    (drop / "a.csv").write_bytes(b"1")
    result = probe(source(drop), NONE, settings)
    assert result.would_fetch == ["a.csv"] and "1 files" in result.notes[0].text()


def test_settings_from_text() -> None:
    read = read_settings(CONNECTOR, {"path": "/x", "settle_seconds": "2.5"})
    assert read == FolderSource(path="/x", settle_seconds=2.5)
    for values, name in (
        ({}, "path"),
        ({"path": "/x", "settle_seconds": "-1"}, "settle_seconds"),
        ({"pth": "1"}, "pth"),
    ):
        with pytest.raises((BadSetting, UnknownSetting)) as caught:
            read_settings(CONNECTOR, values)
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "pattern", "fits"),
    [
        ("a.csv", "*.csv", True), ("A.CSV", "*.csv", True), ("x/a.csv", "*.csv", False), ("x/a.csv", "**/*.csv", True),
        ("a.csv", "**/*.csv", True), ("x/y/z/a.csv", "x/**/*.csv", True), ("y/a.csv", "x/**/*.csv", False),
        ("a.csv", "a.cs?", True), ("x/a.csv", "*/*", True),
    ],
)  # fmt: skip
def test_matching(name: str, pattern: str, fits: bool) -> None:
    assert matches(name, pattern) is fits


@given(st.lists(st.text("ab.", min_size=1, max_size=4), min_size=1, max_size=4))
def test_everything_fits_the_widest_pattern(parts: list[str]) -> None:
    assert matches("/".join(parts), "**/*")
