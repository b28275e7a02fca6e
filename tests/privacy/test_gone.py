"""Objects that the law took away: gone from the store and from the local copy, with a mark that tells readers so."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from nhip.db.objects import Gone, Objects
from nhip.errors import NotFound

DAY, PROOF = date(2026, 9, 1), "0192-proof"


@pytest.fixture(params=["folder", "remote"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """A store in a local folder, and one elsewhere of which the folder is a copy."""
    (tmp_path / "far").mkdir()
    return Objects(tmp_path / "near", f"file://{tmp_path}/far" if request.param == "remote" else "")


def put(objects: Objects, tmp_path: Path, name: str) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"rows")
    objects.put(name, file)


def test_what_was_removed_is_gone_everywhere_and_says_so(objects: Objects, tmp_path: Path) -> None:
    put(objects, tmp_path, "version/ab/cd.parquet")
    copy = objects.path("version/ab/cd.parquet")
    for _again in range(2):
        objects.remove("version/ab/cd.parquet", DAY, PROOF)
        assert not objects.has("version/ab/cd.parquet") and not copy.exists()
        with pytest.raises(Gone) as told:
            objects.path("version/ab/cd.parquet")
        assert "2026-09-01" in str(told.value) and PROOF in str(told.value)
    left = [name for folder in ("near", "far") for name in (tmp_path / folder).rglob("*") if name.is_file()]
    assert all(b"rows" not in file.read_bytes() for file in left)


def test_what_never_was_is_not_called_gone(objects: Objects) -> None:
    with pytest.raises(NotFound) as told:
        objects.path("version/ab/never.parquet")
    assert not isinstance(told.value, Gone)


def test_the_same_bytes_may_come_again(objects: Objects, tmp_path: Path) -> None:
    put(objects, tmp_path, "raw/ab/cd")
    objects.remove("raw/ab/cd", DAY, PROOF)
    put(objects, tmp_path, "raw/ab/cd")
    assert objects.path("raw/ab/cd").read_bytes() == b"rows"
