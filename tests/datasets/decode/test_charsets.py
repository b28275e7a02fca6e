"""Encoders and decoders against each other, against iconv's tables and against words set by hand."""

from __future__ import annotations

import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.datasets.decode import charsets

_LOWER = "ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"
LETTERS = _LOWER + _LOWER.upper()
PLAIN = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,.-/"


@pytest.mark.parametrize("charset", ["vni", "viscii", "cp1258", "viqr"])
def test_every_letter_survives(charset: str) -> None:
    assert [c for c in LETTERS if charsets.decode(charsets.encode(c, charset), charset) != c] == []


def test_every_letter_that_tcvn3_has_survives() -> None:
    alphabet = _LOWER + "ĂÂĐÊÔƠƯ"
    assert [c for c in alphabet if charsets.decode(charsets.encode(c, "tcvn3"), "tcvn3") != c] == []


@pytest.mark.parametrize(
    ("charset", "typed"),
    [
        ("tcvn3", "Thõa Thiªn HuÕ, §­êng NguyÔn HuÖ"),
        ("vni", "Thöøa Thieân Hueá, Ñöôøng Nguyeãn Hueä"),
        ("viscii", "Th×a Thiên Huª, Ðß¶ng Nguy\xadn Hu®"),
        ("viqr", "Thu+`a Thie^n Hue^', DDu+o+`ng Nguye^~n Hue^."),
        ("cp1258", "ThýÌa Thiên Huêì, ÐýõÌng NguyêÞn Huêò"),
    ],
)
def test_known_words(charset: str, typed: str) -> None:
    text = "Thừa Thiên Huế, Đường Nguyễn Huệ"
    assert charsets.decode_shown(typed, charset) == text
    assert charsets.encode_shown(text, charset) == typed


@pytest.mark.parametrize(("charset", "iconv"), [("tcvn3", "TCVN"), ("viscii", "VISCII"), ("cp1258", "CP1258")])
def test_tables_agree_with_iconv(charset: str, iconv: str) -> None:
    letters = _LOWER + ("ĂÂĐÊÔƠƯ" if charset == "tcvn3" else _LOWER.upper())
    data = b" ".join(charsets.encode(c, charset) for c in letters)
    done = subprocess.run(["iconv", "-f", iconv, "-t", "UTF-8"], input=data + b"\n", capture_output=True, check=False)
    if done.returncode and b"not supported" in done.stderr:
        pytest.skip(f"iconv here does not know {iconv}")
    assert unicodedata.normalize("NFC", done.stdout.decode()).split() == list(letters)


@given(st.text(st.sampled_from(LETTERS + PLAIN)), st.sampled_from(["vni", "viscii"]))
def test_random_text_survives(text: str, charset: str) -> None:
    decoded = charsets.decode(charsets.encode(text, charset), charset)
    if charset == "viscii":
        assert decoded == text
    else:  # VNI itself is ambiguous where a plain vowel stands before a letter that VNI uses as a mark
        assert charsets.encode(decoded, charset) == charsets.encode(text, charset)


@given(st.text(st.sampled_from(LETTERS + PLAIN + "'`?~^(+\\")))
def test_viqr_survives_with_its_marks_meant_literally(text: str) -> None:
    assert charsets.decode(charsets.encode(text, "viqr"), "viqr") == text


@given(st.binary())
def test_shown_text_keeps_every_byte(data: bytes) -> None:
    assert charsets.raw(charsets.shown(data)) == data


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("HUÕ", "HUẾ"),
        ("HuÕ", "Huế"),
        ("THµNH PHè HUÕ", "THÀNH PHỐ HUẾ"),
        ("Lª Vò", "Lê Vũ"),
        ("UBND tØnh", "UBND tỉnh"),
        ("T«", "Tô"),
    ],
)
def test_capital_fonts_of_abc(typed: str, meant: str) -> None:
    assert charsets.decode_shown(typed, "tcvn3") == meant


def test_letters_that_a_set_lacks_are_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        charsets.encode("Straße", "tcvn3")
    with pytest.raises(UnicodeEncodeError):
        charsets.encode("日本", "viscii")
