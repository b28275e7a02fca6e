"""Bytes arrive whole or not at all."""

from __future__ import annotations

import hashlib
import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.connectors.sink import Sink, safe_name
from nhip.errors import StorageFull
from nhip.security.outgoing_errors import AnswerTooLarge
from nhip.settings import Settings


def test_a_payload_is_hashed_and_described(sink, leftovers) -> None:
    with sink.file("Bến xe.csv", origin="here", media_type="text/csv") as draft:
        draft.write("mã,tên\n".encode())
        draft.write("1,Huế\n".encode())
        assert [name.rpartition(".")[2] for name in leftovers()] == ["part"]
    payload = draft.payload
    body = "mã,tên\n1,Huế\n".encode()
    assert (payload.sha256, payload.size) == (hashlib.sha256(body).hexdigest(), len(body))
    assert payload.path.read_bytes() == body and payload.filename == "Bến xe.csv"


def test_what_fails_leaves_nothing(sink, leftovers) -> None:
    with pytest.raises(ZeroDivisionError), sink.file("a.csv", origin="") as draft:
        draft.write(b"half")
        raise ZeroDivisionError
    assert leftovers() == [] and not hasattr(draft, "payload")


def test_a_payload_may_not_grow_past_the_limit(tmp_path, leftovers) -> None:
    sink = Sink(tmp_path / "sink", Settings(max_file_mb=1), reserve_bytes=0)
    with pytest.raises(AnswerTooLarge), sink.file("a", origin="") as draft:
        for _ in range(9):
            draft.write(bytes(200_000))
    assert leftovers() == []


def test_the_reserve_of_free_disk_is_kept(tmp_path) -> None:
    sink = Sink(tmp_path, Settings(), reserve_bytes=1 << 60)
    with pytest.raises(StorageFull), sink.file("a", origin="") as draft:
        draft.write(b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("this user may not mount a small file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_said_and_cleaned(small_disk) -> None:
    sink = Sink(small_disk, Settings(), reserve_bytes=0)
    with pytest.raises(StorageFull) as caught, sink.file("a", origin="") as draft:
        for _ in range(40):
            draft.write(os.urandom(65536))
    assert str(small_disk) in str(caught.value) and list(small_disk.iterdir()) == []


@given(st.text(max_size=400))
def test_names_are_always_safe(name: str) -> None:
    safe = safe_name(name)
    assert safe and "/" not in safe and "\\" not in safe and "\x00" not in safe and safe not in (".", "..")
    assert len(safe.encode()) <= 150


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [("../../etc/passwd", "_.._etc_passwd"), ("", "file"), ("bảng số 1.xlsx", "bảng số 1.xlsx"), ("...", "file")],
)
def test_known_names(given_name: str, safe: str) -> None:
    assert safe_name(given_name) == safe
