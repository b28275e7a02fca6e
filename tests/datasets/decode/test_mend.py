"""Single values: double encoding, entities, Unicode form, lost letters."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.datasets.decode.lost import is_lost
from nhip.datasets.decode.mend import Fault, Mender
from nhip.datasets.decode.syllables import all_syllables, rank

SYLLABLES = sorted(all_syllables())
TEXTS = st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=6).map(" ".join)


def _misread(text: str, codec: str) -> str:
    data = text.encode()
    return "".join(bytes([b]).decode(codec, "ignore") or chr(b) for b in data)


@settings(deadline=None)
@given(TEXTS, st.sampled_from(["cp1252", "latin-1"]), st.integers(1, 2))
def test_double_encoding_is_undone(text: str, codec: str, times: int) -> None:
    broken = text
    for _ in range(times):
        broken = _misread(broken, codec)
    result = Mender().mend(broken)
    assert result.text == text
    assert bool(result.faults & Fault.ENCODING) == (broken != text)


@settings(deadline=None)
@given(TEXTS)
def test_good_text_is_untouched_and_decomposed_text_composed(text: str) -> None:
    assert Mender().mend(text).faults == Fault.NONE
    loose = unicodedata.normalize("NFD", text)
    result = Mender().mend(loose)
    assert (result.text, result.faults) == (text, Fault.FORM if loose != text else Fault.NONE)


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        ("Huáº¿", "Huế"),
        ("HÃ\u00a0 Ná»™i", "Hà Nội"),
        ("HÃ  Ná»™i", "Hà Nội"),
        ("Ä\x90Æ°á»\x9dng", "Đường"),
        ("Huế – Viá»‡t Nam", "Huế – Việt Nam"),
        ("A &amp; B", "A & B"),
        ("H&#7879; th&#x1ED1;ng", "Hệ thống"),
        ("Vi&amp;#7879;t", "Việt"),
        ("C&ocirc;ng ty", "Công ty"),
        ("25Â°C", "25°C"),
        ("XÃ PHÚ A &amp; B", "XÃ PHÚ A & B"),
        ("HÃƒÂ\u00a0 NÃ¡Â»â„¢i", "Hà Nội"),
    ],
)
def test_known_faults_are_mended(broken: str, text: str) -> None:
    result = Mender().mend(broken)
    assert (result.text, result.faults) == (text, Fault.ENCODING)


@pytest.mark.parametrize(
    "text",
    [
        "XÃ PHÚ VANG",
        "XÃ  PHÚ",
        "XÃ\u00a0PHÚ VANG",
        "NGÃ–BA",
        "“MÃ”",
        "IRMÃ",
        "«cá»",
        "Ærø",
        "XÃ A",
        "AT&T",
        "a&b=c",
        "R&D;",
        "x?a=1&copy=2",
        "Café «René»",
        "© 2024",
        "½ ²",
        "Â",
        "Ô",
    ],
)
def test_what_only_resembles_a_fault_stays(text: str) -> None:
    result = Mender().mend(text)
    assert (result.text, result.faults) == (text, Fault.NONE)


@pytest.mark.parametrize(
    "text", ["Gia __nh", "B_nh vi_n Nh_n d_n", "B?nh vi?n", "Hu\ufffd", "B??nh vi???n", "Ph??ng V? D?", "Tr_n H_ng __o"]
)
def test_lost_letters_are_reported_and_not_guessed(text: str) -> None:
    result = Mender().mend(text)
    assert (result.text, result.faults) == (text, Fault.LOST)


@pytest.mark.parametrize("text", ["Ä\x90Æ°á»ng", "CÃ´ng ty ÄÆ°á»ng", "lÃ ", "Huá»"])
def test_double_encoding_with_lost_bytes_is_left_as_it_was(text: str) -> None:
    result = Mender().mend(text)
    assert (result.text, result.faults) == (text, Fault.LOST)


@pytest.mark.parametrize(
    "text",
    [
        "STOP_01_1_S1", "stop_times x", "is_active now", "What? No", "Ai? Ở đâu?", "A_B", "x_y axis", "http://a?b=c d?e",
        "ten_tep.csv", "Có không?", "a?b", "ab_cd@x.vn", "Đường số 5 (?)", "____", "?", "__init__", "to? go?",
    ],
)  # fmt: skip
def test_marks_that_are_meant_are_not_lost_letters(text: str) -> None:
    assert not is_lost(text)


def test_one_word_is_enough_where_others_have_lost_letters() -> None:
    assert not is_lost("Hu_")
    assert is_lost("Hu_", in_context=True)
    assert not is_lost("HUE_01", in_context=True)


@settings(deadline=None)
@given(st.lists(st.sampled_from([s for s in SYLLABLES if not s.isascii()]), min_size=2, max_size=5))
def test_text_with_every_accented_letter_gone_is_lost(parts: list[str]) -> None:
    holed = " ".join("".join(c if c.isascii() else "_" for c in part) for part in parts)
    inside = any("_" in word[:-1] and any(c.isalpha() for c in word) for word in holed.split())
    whole = all(any(c.isalpha() for c in word) for word in holed.split())
    if inside and whole:
        assert is_lost(holed)


def test_bytes_that_are_utf8_are_read_without_a_fault() -> None:
    result = Mender(from_bytes=True).mend("Huáº¿")
    assert (result.text, result.faults) == ("Huế", Fault.NONE)


@pytest.mark.parametrize(("word", "value"), [("Nguyễn", 1), ("giếng", 1), ("gìn", 1), ("quốc", 1), ("Đắk", 0), ("Krông", 0),
                                             ("Straße", -1), ("ngia", 0), ("các̀", -1), ("cạch", 1), ("cach̀", -1)])  # fmt: skip
def test_syllables(word: str, value: int) -> None:
    assert rank(unicodedata.normalize("NFC", word)) == value
