"""The look at rare bytes of a whole file, window by window."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from nhip.datasets.decode import rare
from nhip.datasets.decode.probe import Verdict, probe
from nhip.formats.model import Delimited, Dialect

CLEAN = "H57-1,Phường Thuận Hóa\n".encode() * 40


def found(path: Path, data: bytes) -> bool:
    path.write_bytes(data)
    return rare.has_faults(path, Counter(data), ",")


@pytest.mark.parametrize("window", [64, 4 << 20])
@pytest.mark.parametrize(
    ("cell", "broken"),
    [
        ("Hue\u0302\u0301", True),
        ("Hu\ufffd", True),
        ("Huáº¿ xÃ¢y".encode().decode(), True),
        ("A&amp;B", True),
        ("Gia B__nh __ng", True),
        ("25°C, 3²", False),
        ("https://a.vn/x_y?b=c", False),
        ("STOP_01", False),
        ("A & B", False),
        ("Vì sao?", False),
    ],
)
def test_broken_text_is_found_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: str, broken: bool, window: int
) -> None:
    monkeypatch.setattr(rare, "_WINDOW", window)
    for place in range(0, 70, 7):  # also across the ends of windows
        assert found(tmp_path / "a.csv", CLEAN + b"x" * place + f",{cell}\n".encode() + CLEAN) == broken


def test_names_of_columns_are_no_reason_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"ma_ho_so,ten_phuong\n" + CLEAN)
    part = Delimited(name="a", path=path, dialect=Dialect(), encoding="utf-8", from_bytes=False)
    monkeypatch.setattr(rare, "_windows", lambda _: pytest.fail("the file is read again"))
    assert probe(part).verdict is Verdict.CLEAN
