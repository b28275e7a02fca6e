"""Which set a column is in: found where it is, never claimed where it is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.datasets.decode import charsets, detect
from nhip.datasets.decode.mend import Fault, Mender, cleaned
from nhip.datasets.decode.syllables import all_syllables

SETS = ["tcvn3", "vni", "viscii", "cp1258", "viqr"]
SYLLABLES = sorted(word for word in all_syllables() if len(word) > 1)
WORDS = st.lists(st.sampled_from(SYLLABLES), min_size=2, max_size=5).map(lambda parts: " ".join(parts).capitalize())

FOREIGN = {
    "german": ["Straße in München", "Köln", "Düsseldorf", "Österreich", "für Grün", "Größe", "Übung", "schön"],
    "french": ["Café René", "Hôtel de Ville", "né à Paris", "été", "où", "là", "déjà vu", "Père Noël", "garçon"],
    "portuguese": ["São Paulo", "não", "Pé", "só", "avó", "coração", "João", "três"],
    "spanish": ["Señor", "niño", "está", "qué", "más", "José", "corazón", "sí"],
    "nordic": ["på", "så", "då", "når", "Århus", "Søren", "Malmö", "få", "öl"],
    "czech": ["Brno", "Dvořák", "už", "čeština", "město", "Plzeň"],
    "measures": ["5 µm", "25°C", "± 3", "m²", "½", "«a»", "3 × 4", "Ø 20", "§ 5", "10 £", "© 2024", "A·B"],
    "english": ["What is this?", "Is it a dog? No.", "Add daddy's.", "a.m.", "U.S.A.", "To be or not.", "Na+", "(a) b"],
    "codes": ["STOP_01_1_S1", "A.B.C", "e.g.", "i.e.", "No. 5", "B+", "a^2+b^2", "~/x", "C++", "u^v", "co-op?"],
    "initials": ["Ng. V. A.", "Tr. T. H.", "A.", "O.", "e?", "u."],
    "addresses": ["http://a.vn/?x=o.k", "ab@c.vn", "www.o.vn", "C:\\dda.i\\a.b"],
    "vietnamese": ["Bà Tô", "Lê Lai", "Hà", "Vũ Tú", "Hòa", "là", "và", "có", "cô", "bò", "né", "sò"],
    "unicode": ["Thừa Thiên Huế", "Đường Lê Lợi", "Hà Nội", "Ủy ban nhân dân", "chợ Đông Ba"],
    "chemistry": ["Cu+", "Na+", "H2O", "CO2", "SO4", "NO3-", "PM2.5", "pH 7.5"],
}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("from_bytes", [False, True])
def test_other_text_is_left_alone(name: str, from_bytes: bool) -> None:
    values = FOREIGN[name]
    (column,) = detect.columns([values], from_bytes=from_bytes)
    assert column.charsets == ()
    mender = Mender(column=column, from_bytes=from_bytes)
    assert [mender.mend(value).text for value in values] == values


@settings(max_examples=120, deadline=None)
@given(st.lists(WORDS, min_size=6, max_size=12, unique=True), st.sampled_from(SETS))
def test_columns_of_words_come_back_whole(texts: list[str], charset: str) -> None:
    if charset == "tcvn3":  # it has no toned capitals; ABC shows them by another font
        texts = [text.lower() for text in texts]
    typed = [charsets.encode_shown(text, charset) for text in texts]
    (column,) = detect.columns([[cleaned(value) for value in typed]])
    if sum(a != b for a, b in zip(typed, texts, strict=True)) < 4:
        return
    assert column.charsets[:1] == (charset,)
    mended = [Mender(column=column).mend(value).text for value in typed]
    wrong = [pair for pair in zip(mended, texts, strict=True) if pair[0] != pair[1]]
    assert len(wrong) <= 1 + len(texts) // 5, wrong


@given(st.lists(st.text(st.characters(max_codepoint=126, min_codepoint=32)), max_size=20))
@settings(deadline=None)
def test_random_ascii_is_never_mended(values: list[str]) -> None:
    (column,) = detect.columns([values])
    if column.charsets:
        return  # random marks after vowels can spell VIQR by chance
    assert all(not Mender(column=column).mend(v).faults & Fault.ENCODING or "&" in v for v in values)


@pytest.mark.parametrize("charset", SETS)
def test_a_weak_column_is_believed_beside_a_sure_one(charset: str) -> None:
    sure = [charsets.encode_shown(t, charset) for t in ("Thừa Thiên Huế", "Đường Nguyễn Huệ", "phường Thuận Hòa")]
    weak = [charsets.encode_shown("Huế", charset)]
    alone, together = detect.columns([weak])[0], detect.columns([sure, weak])[1]
    assert alone.charsets == ()
    assert together.charsets == (charset,)


def test_each_column_has_its_own_set() -> None:
    texts = ["Thừa Thiên Huế", "Đường Nguyễn Huệ", "phường Thuận Hòa", "chợ Đông Ba", "cầu Trường Tiền"]
    typed = [[charsets.encode_shown(text, charset) for text in texts] for charset in SETS] + [texts, ["12", "13"]]
    assert [column.charsets[:1] for column in detect.columns(typed)] == [*((name,) for name in SETS), (), ()]


def test_unicode_rows_in_a_legacy_column_stay() -> None:
    texts = ["Thừa Thiên Huế", "Đường Nguyễn Huệ", "phường Thuận Hòa", "chợ Đông Ba"]
    typed = [charsets.encode_shown(text, "tcvn3") for text in texts]
    (column,) = detect.columns([typed + texts])
    assert [Mender(column=column).mend(value).text for value in typed + texts] == texts + texts
