"""Ways in which people write one address."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from nhip.kernel.text import fold

SHORT = (
    ("Phường ", "P. "),
    ("Thị trấn ", "TT. "),
    ("Xã ", "X. "),
    ("Quận ", "Q. "),
    ("Huyện ", "H. "),
    ("Thị xã ", "TX. "),
    ("Thành phố ", "TP. "),
    ("Tỉnh ", ""),
)
HEADS = (
    "12 Lê Lợi",
    "Số 5 ngõ 3 Nguyễn Thị Minh Khai",
    "Kiệt 45/2 Điện Biên Phủ",
    "Tổ 7",
    "Thôn Tân Lập",
    "Khu phố 3",
    "Số nhà 22, tổ 4",
    "Đường Hà Nội",
    "720A Quang Trung",
    "Chung cư Hòa Bình, P.1205",
    "Ấp 2",
    "QL1A",
)


def short(path: str) -> str:
    """With the abbreviations that forms and labels carry."""
    for word, letters in SHORT:
        path = path.replace(word, letters)
    return path


def headed(path: str) -> str:
    """With a house, street or hamlet before it; which one depends on the text, so that runs are the same."""
    return f"{HEADS[sum(map(ord, path)) % len(HEADS)]}, {path}"


CLEAN: dict[str, Callable[[str], str]] = {
    "full": lambda path: path,
    "short": short,
    "no marks": fold,
    "short, no marks": lambda path: fold(short(path)),
}
MESSY: dict[str, Callable[[str], str]] = {
    "upper case": str.upper,
    "no commas": lambda path: path.replace(",", ""),
    "hyphens": lambda path: path.replace(", ", " - "),
    "reversed": lambda path: ", ".join(reversed(path.split(", "))),
    "glued": lambda path: short(path).replace(". ", "."),
    "decomposed": lambda path: unicodedata.normalize("NFD", path),
    "with a street": headed,
    "street, short": lambda path: headed(short(path)),
    "street, no marks": lambda path: fold(headed(short(path))),
    "street, no commas": lambda path: headed(short(path)).replace(",", ""),
    "with the country": lambda path: f"{short(path)}, Việt Nam.",
    "double blanks": lambda path: path.replace(" ", "  ").replace(",", " ,"),
}
