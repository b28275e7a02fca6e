"""What single cells and rows look like: blank, number, header text, total."""

from __future__ import annotations

import re
from typing import Final

from nhip.kernel.text import fold

Cells = list[str | None]

_NUMBER: Final = re.compile(r"[\s\d.,/:%()+\-₫$€°]+|\d{4}-\d\d-\d\d[T ][\d:.]+Z?")
_YEAR: Final = re.compile(r"(19|20)\d\d")
_TOTAL: Final = re.compile(
    r"(tong cong|tong so|tong|cong|cong don|cong trang( nay)?|luy ke|total|grand total|sub-?total|sum)\s*[:.]?\s*(\(.*\))?"
)
TOTAL_STARTS: Final = ("tong", "cong", "luy ke", "total", "grand", "sub", "sum")
_SUBTOTAL: Final = re.compile(
    r"(tong cong|tong|cong|total)( theo)? (nhom|quan|phuong|xa|huyen|khu vuc|toan|muc|phan|to|thang|quy)\b.*"
)
_HEADER_WORD: Final = re.compile(
    r"(stt|tt|so tt|so thu tu|ma|ten|ho|dia chi|ngay|ghi chu|so luong|nam|don vi|loai|id|code|name|date|address|note|type)\b.*"
)
_SECTION: Final = re.compile(r"([IVX]{1,5}|[A-H]|\d{1,2})\s*[.)/-]\s*\S.*|[IVX]{1,5}")
_FOOTNOTE: Final = re.compile(
    r"(ghi chu|nguon|luu y|chu thich|note|source|nguoi lap|thu truong|ngay .* thang)(?![a-z]).*|\(?\*.*"
)
_SIGNED: Final = re.compile(
    r"([^,]{1,40}, ?)?ngay [\d.…]+ ?thang [\d.…]+ ?(nam.*)?|\(ky\b.*|\(?ky,? (va )?ghi ro.*|ky ten,? dong dau.*"
)
"""Where a report is signed: `Huế, ngày 5 tháng 1 năm 2026`, `(Ký, ghi rõ họ tên)`."""
_MARK: Final = re.compile(r"[IVXLC]{1,6}[.)]?|[A-H][.)]?")
"""What numbers groups of rows, where the rows themselves have 1, 2, 3."""
_UNIT: Final = re.compile(r"\([^()\d][^()]{0,20}\)")
_DAY: Final = re.compile(r"\d{1,2}[/-]\d{1,2}[/-]\d{4}|\d{1,2}[/-]\d{4}|\d{4}-\d{2}(-\d{2})?(T[\d:]+)?")
_LONGEST_NAME: Final = 300


def filled(cells: Cells) -> list[int]:
    """Positions of the cells that hold anything but blanks."""
    return [place for place, cell in enumerate(cells) if cell and not cell.isspace()]


def is_number(cell: str) -> bool:
    """Whether a cell is a number, a date, a time or a sign of its like."""
    return _NUMBER.fullmatch(cell) is not None


def is_header_like(cells: Cells) -> bool:
    """Whether the filled cells could all be column names: texts or years, none of them long."""
    texts = [cells[place] or "" for place in filled(cells)]
    return bool(texts) and all(
        len(text) <= _LONGEST_NAME and (not is_number(text) or _YEAR.fullmatch(text.strip())) for text in texts
    )


def is_units_row(cells: Cells) -> bool:
    """Whether a row under the names of columns only says their units: `(ha)`, `(người)`."""
    texts = [(cells[place] or "").strip() for place in filled(cells)]
    return bool(texts) and all(_UNIT.fullmatch(text) for text in texts)


def is_series(cells: Cells, below: list[Cells]) -> bool:
    """Whether a row names a series: texts, then three days or months or more, or 1 to 4 or more, and other things below."""
    texts = [(cells[place] or "").strip() for place in filled(cells)]
    names = next((at for at, text in enumerate(texts) if is_number(text)), len(texts))
    rest = texts[names:]
    if not names or len(rest) < 3 or not below:
        return False
    if all(map(_DAY.fullmatch, rest)):
        return not any(_DAY.fullmatch((cell or "").strip()) for row in below for cell in row)
    counted = [str(number) for number in range(1, len(rest) + 1)]
    return len(rest) > 3 and rest == counted


def has_header_words(cells: Cells) -> bool:
    """Whether some cell is a usual column name, such as STT, Tên or Địa chỉ."""
    return any(_HEADER_WORD.fullmatch(fold(cells[place] or "")) for place in filled(cells))


def is_total(cells: Cells, width: int) -> bool:
    """Whether a row of `width` columns sums up others: its first filled cell says so, and the rest are numbers or empty."""
    first = next((cell for cell in cells if cell and not cell.isspace()), "")
    label = fold(first)
    if width < 2 or not label.startswith(TOTAL_STARTS):
        return False
    places = filled(cells)
    rest = [cells[place] or "" for place in places[1:]]
    numbers = all(is_number(text) or _TOTAL.fullmatch(fold(text)) for text in rest)
    if _TOTAL.fullmatch(label):
        return numbers or len(places) <= width // 2
    return bool(_SUBTOTAL.fullmatch(label)) and bool(rest) and numbers and len(places) < width


def is_section(cells: Cells) -> bool:
    """Whether the one filled cell of a row looks like the heading of a group of rows."""
    places = filled(cells)
    text = (cells[places[0]] or "").strip() if len(places) == 1 else ""
    letters = sum(letter.isalpha() for letter in text)
    return letters > 0 and ((text.isupper() and letters > 3) or is_numbered_section(text))


def is_numbered_section(text: str) -> bool:
    """Whether a text is the heading of a group by its number: `I. Khối giáo dục`."""
    return _SECTION.fullmatch(text) is not None


def has_group_mark(cells: Cells) -> bool:
    """Whether a row has two texts side by side and nothing else, the first one the number of a group: `I`, `KHỐI Y TẾ`."""
    places = filled(cells)
    if len(places) != 2 or places[1] - places[0] != 1:
        return False
    return is_group_mark(cells[places[0]]) and not is_number(cells[places[1]] or "")


def is_group_mark(cell: str | None) -> bool:
    """Whether a cell is a Roman number or a capital from A to H."""
    return cell is not None and _MARK.fullmatch(cell.strip()) is not None


def is_signature(cells: Cells) -> bool:
    """Whether a row is part of the place where a report is signed."""
    return any(_SIGNED.fullmatch(fold(cells[place] or "")) for place in filled(cells))


def is_footnote(cells: Cells) -> bool:
    """Whether a row is a remark or signature under a table."""
    places = filled(cells)
    return bool(places) and _FOOTNOTE.match(fold(cells[places[0]] or "")) is not None


def is_numbering(cells: Cells) -> bool:
    """Whether a row only numbers the columns: `(1) (2) (3)`, `A B 1 2`."""
    texts = [(cells[place] or "").strip().strip("()") for place in filled(cells)]
    if len(texts) < 3:
        return False
    digits = [int(text) for text in texts if text.isdecimal() and len(text) < 4]
    letters = [text for text in texts if re.fullmatch("[A-E]", text)]
    enough = len(digits) >= 2 or (len(digits) == 1 and letters[:3] == ["A", "B", "C"])
    return enough and len(digits) + len(letters) == len(texts) and digits == list(range(1, len(digits) + 1))


def has_plain_numbers_only(cells: Cells) -> bool:
    """Whether every filled cell is a number without brackets, so that a numbering row could as well be data."""
    return all((cells[place] or "").strip().isdecimal() for place in filled(cells))


def joined(cells: Cells) -> str:
    """A row as one text, for messages."""
    return " | ".join((cells[place] or "").strip() for place in filled(cells))
