"""What the command line says when it is used wrongly: words for people, in both languages, never a traceback or a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from nhip.cli import main
from nhip.datasets.errors import BadAgency
from nhip.errors import CannotListen, FileMissing, FolderMissing, NhipError, NotText, PlaceRefused
from nhip.files import text_of
from nhip.sector_commands import BadSectorName
from nhip.serve import require_port
from nhip.settings import Settings
from nhip.web.i18n import catalogue

CONTRACT = "{apiVersion: v3.1.0, kind: DataContract, id: a, version: '1', schema: [{name: a, properties: [{name: a}]}]}"


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that cannot work says on standard error; it ends with 2."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert ended.value.code == 2
    return capsys.readouterr().err


def in_both(error: NhipError) -> str:
    texts = dict.fromkeys([error.message(catalogue("vi").gettext), error.message()])
    return "".join(f"{text}\n" for text in texts)


def test_files_that_are_not_there_or_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad, table = tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "a.csv"
    good.write_text(CONTRACT)
    bad.write_bytes(b"\xff\xfe\x00")
    table.write_text("a\n1\n")
    missing = tmp_path / "none.yaml"
    assert said(capsys, "check", str(table), "--contract", str(missing)) == in_both(FileMissing(file=missing))
    assert said(capsys, "check", str(table), "--contract", str(tmp_path)) == in_both(FileMissing(file=tmp_path))
    assert said(capsys, "check", str(table), "--contract", str(bad)) == in_both(NotText(file=bad))
    assert said(capsys, "check", str(missing), "--contract", str(good)) == in_both(FileMissing(file=missing))
    target = tmp_path / "none" / "f.csv"
    told = said(capsys, "check", str(table), "--contract", str(good), "--findings", str(target))
    assert told == in_both(FolderMissing(folder=target.parent))
    assert text_of(good) == CONTRACT


def test_a_data_folder_that_cannot_be(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "--data-dir", "/proc/none", "migrate")
    assert told == in_both(PlaceRefused(where="/proc/none", why="No such file or directory"))


def test_names_that_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for code, name in (("", "x"), ("a b", "x"), ("X", " "), ("X", "a" * 201)):
        assert said(capsys, "--data-dir", str(tmp_path), "agency", "add", code, name) == in_both(BadAgency())
    assert said(capsys, "sector", "new", "Bad Name!") == in_both(BadSectorName(name="Bad Name!"))


def test_ports_and_addresses_that_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("up", "demo", "graph serve"):
        assert "1<=x<=65535" in said(capsys, "--data-dir", str(tmp_path), *command.split(), "--port", "99999")
    for host, port in (("192.0.2.1", 8471), ("127.0.0.1", 99_999), ("no host", 8471)):
        with pytest.raises(CannotListen):
            require_port(Settings(data_dir=tmp_path, host=host, port=port))
    assert not any(tmp_path.iterdir())
