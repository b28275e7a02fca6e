"""Vietnamese text: folding, tones, order."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.kernel.text import canonical, canonical_tone, fold, nfc, sort_key, squash

TONES = [
    ("hoà", "hòa"),
    ("hoá", "hóa"),
    ("hoả", "hỏa"),
    ("hoạ", "họa"),
    ("khoẻ", "khỏe"),
    ("loè", "lòe"),
    ("thuỷ", "thủy"),
    ("thuý", "thúy"),
    ("Thuỵ", "Thụy"),
    ("uỷ", "ủy"),
    ("LUỸ", "LŨY"),
    ("HOÀ", "HÒA"),
    ("hoàn", "hoàn"),
    ("suýt", "suýt"),
    ("quý", "quý"),
    ("Quỳ", "Quỳ"),
    ("hòa", "hòa"),
]


@pytest.mark.parametrize(("given_text", "wanted"), TONES)
def test_tones_stand_in_their_traditional_place(given_text: str, wanted: str) -> None:
    assert canonical_tone(given_text) == wanted
    assert canonical(unicodedata.normalize("NFD", given_text)) == wanted


def test_canonical_puts_a_whole_name_in_order() -> None:
    assert canonical("  Phường\u00a0Thuận   Hoà\u200b ") == "Phường Thuận Hòa"


@pytest.mark.parametrize(
    ("text", "folded"), [("Đường  Hoà", "duong hoa"), ("ĐẮK LẮK", "dak lak"), ("Ea H'Leo", "ea h'leo"), ("", "")]
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(unicodedata.normalize("NFD", text)) == folded


def test_sort_key_is_dictionary_order() -> None:
    words = ["ta", "tà", "tả", "tã", "tá", "tạ", "tă", "tâ", "tha", "đa", "da", "ea", "Ấp", "an", "ăn", "ân"]
    wanted = ["an", "ăn", "ân", "Ấp", "da", "đa", "ea", "ta", "tà", "tả", "tã", "tá", "tạ", "tă", "tâ", "tha"]
    assert sorted(words, key=sort_key) == wanted


@given(st.text())
def test_folding_is_stable_and_plain(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert not any(unicodedata.combining(letter) for letter in unicodedata.normalize("NFD", once))


@given(st.text())
def test_canonical_is_stable(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once
    assert squash(once) == once
    assert nfc(once) == once
