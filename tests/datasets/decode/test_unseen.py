"""Inputs that were found to be read wrongly by files nobody here had seen: each is a class of real text."""

from __future__ import annotations

from typing import Any

import pytest

from nhip.datasets.decode import charsets, detect
from nhip.datasets.decode.mend import Fault, Mender, is_mostly_double
from nhip.datasets.decode.syllables import rank
from tests.datasets.decode.conftest import Decode
from tests.datasets.decode.test_structure import sheet


def _twice(text: str, times: int = 1) -> str:
    for _ in range(times):
        text = charsets.shown(text.encode())
    return text


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(
    "text", ["XÃ PHÚ VANG", "ĐÃ XỬ LÝ XONG", "KHÔNG", "HÓA CHẤT", "THÔN ĐÔNG", "LÃO THÀNH", "Ở đây → kia", "5 μg/m³ ✓"]
)
def test_capitals_and_signs_that_were_encoded_twice(text: str, times: int) -> None:
    result = Mender().mend(_twice(text, times))
    assert (result.text, result.faults) == (text, Fault.ENCODING)


def test_double_encoding_that_lost_bytes_is_still_told() -> None:
    broken = _twice("ĐÁ ĐỎ").replace("\x81", "").replace("\x90", "")
    assert Mender().mend(broken).faults == Fault.LOST


def test_doubtful_pairs_follow_the_column() -> None:
    values = [_twice(text) for text in ("Nguyễn", "Hà", "Đỗ", "Lê", "CÓ")]
    assert is_mostly_double(values)
    assert [Mender(double=True).mend(value).text for value in values] == ["Nguyễn", "Hà", "Đỗ", "Lê", "CÓ"]
    clean = ["XÃ\u00a0PHÚ", "IRMÃ", "Huế"]
    assert not is_mostly_double([*clean, _twice("Huế")])
    assert [Mender(double=True).mend(value).text for value in clean] == clean


@pytest.mark.parametrize("word", ["ngọc", "học", "góc", "đọc", "lọc", "sóc", "Quỳnh", "quýt", "quýnh", "Huỳnh", "ọc"])
def test_common_syllables_are_known(word: str) -> None:
    assert rank(word) == 1


@pytest.mark.parametrize("charset", ["tcvn3", "vni", "viscii", "cp1258"])
def test_names_of_people_and_schools(charset: str) -> None:
    texts = ["Cao Ngọc Nga", "Quỳnh", "Trường học số 2", "Trần Thị Ngọc Quỳnh", "Góc phố", "Nguyễn Hữu Thọ"]
    values = [charsets.encode_shown(text, charset) for text in texts]
    (column,) = detect.columns([values])
    assert [Mender(column=column).mend(value).text for value in values] == texts


def test_a_word_that_is_vietnamese_either_way_follows_a_pure_column() -> None:
    texts = ["Mai Hồng Khoa", "Tốt", "Phạm Thị Lợi", "Trần Văn Hưng", "Đặng Đình Cường", "Nguyễn Thị Thủy"]
    values = [charsets.encode_shown(text, "vni") for text in texts]
    (column,) = detect.columns([values])
    assert [Mender(column=column).mend(value).text for value in values] == texts
    (mixed,) = detect.columns([[*values, "Nguyễn Hoàng Hải", "Mai Hoàng Khoa"]])
    assert Mender(column=mixed).mend("Mai Hoàng Khoa").text == "Mai Hoàng Khoa"


def test_capital_fonts_of_one_letter_words() -> None:
    assert charsets.decode_shown("ÊP", "tcvn3") == "ẤP"
    assert charsets.decode_shown("Hµ Néi", "tcvn3") == "Hà Nội"


def test_viqr_with_abbreviations_and_short_words() -> None:
    values = ["267 DDa`o Duy Anh, T.T.Hue^'", "P.An Cu+.u, TP.Hue^'", "Kho^ng", "Co'", "DDo^`ng y'", "DDO?"]
    (column,) = detect.columns([values])
    assert [Mender(column=column).mend(value).text for value in values] == [
        "267 Đào Duy Anh, T.T.Huế", "P.An Cựu, TP.Huế", "Không", "Có", "Đồng ý", "ĐỎ",
    ]  # fmt: skip
    english = ["M.A.", "B.A.", "Don't", "the boys' room", "U.S.A.", "Co.Ltd", "O'Brien", "What? No."]
    assert detect.columns([english])[0].charsets == ()


def test_signs_beside_legacy_columns_stay(run: Decode) -> None:
    names = ["Đỗ Minh Oanh", "Trần Thị Lan", "Nguyễn Văn Hữu", "Lê Lợi"]
    signs = ["m²", "10 × 20", "½", "→ 5 μg/m³"]
    rows = [charsets.encode(name, "viscii") + b"," + sign.encode() for name, sign in zip(names, signs, strict=True)]
    done = run(b"\r\n".join([b"ten,ghi_chu", *rows]), "a.csv")
    assert done.cells() == list(zip(names, signs, strict=True))
    assert done.table.columns[1].repaired == 0


def test_superscripts_are_no_numbers_of_columns(run: Decode) -> None:
    done = run("STT,Diện tích,Tên\n1,3²,Hà\n2,5³,Lê\n".encode(), "a.csv")
    assert done.cells() == [("1", "3²", "Hà"), ("2", "5³", "Lê")]


def test_a_header_is_in_the_set_of_its_own_names(run: Decode) -> None:
    header = ",".join(charsets.encode_shown(name, "tcvn3") for name in ("Số thứ tự", "Họ", "Địa chỉ", "Điện thoại"))
    surnames = [charsets.encode_shown(name, "viscii") for name in ("Nguyễn", "Trần", "Đặng", "Bùi", "Đỗ", "Vũ", "Phạm")]
    rows = [f"{number},{name},Huế,0905123456" for number, name in enumerate(surnames, 1)]
    done = run("\n".join([header, *rows]).encode(), "a.csv")
    assert done.names() == ["Số thứ tự", "Họ", "Địa chỉ", "Điện thoại"]
    assert [row[1] for row in done.cells()] == ["Nguyễn", "Trần", "Đặng", "Bùi", "Đỗ", "Vũ", "Phạm"]


HEAD = ["STT", "Tên đơn vị", "Địa chỉ", "Năm 2024", "Ghi chú"]
ROWS: list[list[Any]] = [[n, f"Trường số {n}", f"{n} Lê Lợi", 10 * n, "mới"] for n in range(1, 7)]


def _texts(rows: list[list[Any]]) -> list[tuple[str, ...]]:
    return [tuple(map(str, row)) for row in rows]


def test_groups_numbered_in_their_own_cell_are_no_data(run: Decode) -> None:
    rows = [HEAD, ["I", "KHỐI GIÁO DỤC"], *ROWS[:2], [], ["II", "Khối y tế"], *ROWS[2:4], ["A", "Phường Vĩnh Ninh"]]
    done = run(sheet([*rows, ["B", "Phường Đúc"], *ROWS[4:]]), "a.xlsx")
    assert done.cells() == _texts(ROWS)
    assert [(row[0], row[2]) for row in done.findings()] == [(n, "row.section") for n in (2, 6, 9, 10)]


def test_data_that_is_numbered_so_is_data(run: Decode) -> None:
    rows: list[list[Any]] = [["I", "Hà", "x", 1, "a"], ["II", "Lê"], ["III", "An", "y", 2, "b"], ["IV", "Vũ"]]
    assert len(run(sheet([HEAD, *rows]), "a.xlsx").cells()) == 4


def test_what_is_signed_heads_no_table(run: Decode) -> None:
    signed = [
        [None, "Người lập biểu", None, "Huế, ngày 5 tháng 1 năm 2026"],
        [None, "(Ký, ghi rõ họ tên)", None, "GIÁM ĐỐC"],
    ]
    second: list[list[Any]] = [
        ["Biển số", "Loại xe", "Năm"],
        ["75A-123.45", "Xe tải", 2019],
        ["75A-123.46", "Xe con", 2021],
    ]
    total = ["Tổng cộng", "Tổng cộng", None, 210]
    done = run(sheet([HEAD, *ROWS, total, ["(*) Số sơ bộ"], *signed, [], ["Bảng 2"], *second]), "a.xlsx")
    assert [done.cells(0), done.names(1), done.cells(1)] == [_texts(ROWS), second[0], _texts(second[1:])]
    assert [row[2] for row in done.findings()] == ["row.total"]


def test_columns_numbered_by_three_letters_and_a_one(run: Decode) -> None:
    done = run(sheet([HEAD[:4], ["A", "B", "C", 1], *[row[:4] for row in ROWS]]), "a.xlsx")
    assert done.cells() == _texts([row[:4] for row in ROWS])


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_lines_of_delimiters_only_are_blank_rows(run: Decode, end: str) -> None:
    blank, line = "," * 4, end or "\n"
    lines = [
        ",".join(HEAD),
        *(",".join(map(str, row)) for row in ROWS[:3]),
        blank,
        *(",".join(map(str, r)) for r in ROWS[3:]),
    ]
    done = run((line.join([*lines, blank, blank]) + end).encode(), "a.csv")
    assert done.cells() == _texts(ROWS)
    assert [row[0] for row in done.rows()] == [2, 3, 4, 6, 7, 8]
    assert "table.blank_rows" in done.codes()


@pytest.mark.parametrize(
    "sets",
    [("tcvn3", "viscii"), ("vni", "tcvn3"), ("cp1258", "viqr"), ("tcvn3", "viscii", "viqr"), ("", "vni", "viscii")],
)
def test_sets_mixed_in_one_column(sets: tuple[str, ...]) -> None:
    texts = ["12 Nguyễn Huệ, phường Thuận Hòa", "Đoàn Thị Điểm", "Đường Trần Hưng Đạo", "Đống Đa", "Hoàng Hoa Thám",
             "Phường Thủy Xuân", "Cây đổ trước cổng trường", "Đèn chiếu sáng hỏng", "Võ Thị Sáu", "Nắp hố ga bị mất",
             "Ngập nước sau mưa lớn", "Rác thải chưa được thu gom", "Chợ Đông Ba", "Cầu Trường Tiền"]  # fmt: skip
    pairs = [
        (charsets.encode_shown(text, name) if name else text, text.lower())
        for place, text in enumerate(texts * len(sets))
        for name in [sets[(place + place // len(texts)) % len(sets)]]
    ]
    (column,) = detect.columns([[value for value, _ in pairs]])
    assert set(column.charsets) == set(sets) - {""}
    wrong = [pair for pair in pairs if Mender(column=column).mend(pair[0]).text.lower() != pair[1]]
    assert len(wrong) <= len(pairs) // 20, wrong


def _split(text: str) -> list[tuple[str | None, ...]]:
    return [tuple(cell or None for cell in line.split(",")) for line in text.split("|")]


@pytest.mark.parametrize(
    ("lines", "names", "cells"),
    [
        ("Tên,Số,Số,Số|A,1,2,3|B,1,2,3", "Tên,Số,Số (2),Số (3)", "A,1,2,3|B,1,2,3"),
        ("BÁO CÁO,,,ĐVT: triệu đồng|STT,Tên,Số,Ghi|1,A,5,x|2,B,6,y", "STT,Tên,Số,Ghi", "1,A,5,x|2,B,6,y"),
        ("Xã,Đất,Dân|,(ha),(người)|Phú Hội,12,30|Phú Lộc,10,20", "Xã,Đất (ha),Dân (người)", "Phú Hội,12,30|Phú Lộc,10,20"),
        ("T,01/01/2024,02/01/2024,03/01/2024|A,1,2,3|B,4,5,6", "T,01/01/2024,02/01/2024,03/01/2024", "A,1,2,3|B,4,5,6"),
        ("Trạm,1,2,3,4,5|A,9,2,3,7,7|B,4,5,6,7,7", "Trạm,1,2,3,4,5", "A,9,2,3,7,7|B,4,5,6,7,7"),
        ("Xã,Dân ngày 31 tháng 12 năm 2024|Phú Hội,30|Phú Lộc,20", "Xã,Dân ngày 31 tháng 12 năm 2024", "Phú Hội,30|Phú Lộc,20"),
        ("Mã,Tên,Số|HUẾ,,|ĐÀ NẴNG,,|QUẢNG,,3|NAM,x,1", "Mã,Tên,Số", "HUẾ,,|ĐÀ NẴNG,,|QUẢNG,,3|NAM,x,1"),
        ("Mã,Tên,Số|I. Khối A,,|1,x,3|II. Khối B,,|2,y,1", "Mã,Tên,Số", "1,x,3|2,y,1"),
        ("X,1,2,3|Y,4,5,6", "column_1,column_2,column_3,column_4", "X,1,2,3|Y,4,5,6"),
        ("STT,Tên,Số|1,A,5|2,B,6|Người lập,,|Nguyễn Văn A,,", "STT,Tên,Số", "1,A,5|2,B,6"),
        ("STT,Dân số,,|,Tổng,Trong đó,|,,Nam,Nữ|1,10,5,5|2,10,5,5",
         "STT,Dân số – Tổng,Dân số – Trong đó – Nam,Dân số – Trong đó – Nữ", "1,10,5,5|2,10,5,5"),
    ],
)  # fmt: skip
def test_headers_and_ends_in_text_files(run: Decode, lines: str, names: str, cells: str) -> None:
    done = run(lines.replace("|", "\n").encode(), "a.csv")
    assert (done.names(), done.cells()) == (names.split(","), _split(cells))


@pytest.mark.parametrize(("end", "inner"), [("\r\n", "\n"), ("\n", "\r\n"), ("\n", "\n"), ("\r\n", "\r\n")])
def test_a_name_that_spans_lines_costs_no_rows(run: Decode, end: str, inner: str) -> None:
    """Excel ends lines with CR LF and breaks them within cells with LF."""
    rows = [f'STT,"Tên{inner}đơn vị",Số', *(f"{number},A,5" for number in range(50))]
    done = run((end.join(rows) + end).encode(), "a.csv")
    assert (done.names(), len(done.cells())) == (["STT", "Tên đơn vị", "Số"], 50)
