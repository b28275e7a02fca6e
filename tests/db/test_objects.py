"""The object store keeps blobs, never changes them, and says when there is no room."""

from __future__ import annotations

from pathlib import Path

import pytest

from nhip.db import Objects
from nhip.errors import NotFound


def test_a_blob_is_written_once(tmp_path: Path) -> None:
    objects = Objects(tmp_path / "objects")
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"one")
    second.write_bytes(b"two")
    objects.put("raw/aa/x", first)
    objects.put("raw/aa/x", second)
    assert objects.path("raw/aa/x").read_bytes() == b"one"
    assert objects.has("raw/aa/x")
    assert not objects.has("raw/aa/y")
    with pytest.raises(NotFound):
        objects.path("raw/aa/y")


def test_another_store_is_read_through_a_local_copy(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * 100_000)
    (tmp_path / "bucket").mkdir()
    remote = Objects(tmp_path / "cache", f"file://{tmp_path / 'bucket'}")
    remote.put("version/1.parquet", file)
    assert (tmp_path / "bucket" / "version" / "1.parquet").read_bytes() == file.read_bytes()
    assert not (tmp_path / "cache" / "version" / "1.parquet").exists()
    assert remote.path("version/1.parquet").read_bytes() == file.read_bytes()
