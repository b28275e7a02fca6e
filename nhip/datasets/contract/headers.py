"""What a column's header says: its name for the contract, its title, its unit and hints about its meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from nhip.kernel.ids import slug
from nhip.kernel.measure import find_unit
from nhip.kernel.text import canonical, fold

_UNIT = re.compile(
    r"^(?P<title>.+?)\s*(?:[\(\[](?:đơn vị(?: tính)?|đvt|dvt|unit)?\s*:?\s*(?P<a>[^()\[\]]{1,25})[\)\]]"
    r"|(?:[,;]|\s[-–])\s*(?:đvt|dvt|đơn vị(?: tính)?)?\s*:?\s*(?P<b>[^\s,;()]{1,6}(?: \w{1,6})?))\s*$",
    re.IGNORECASE,
)

HINTS: tuple[tuple[str, str], ...] = (
    ("ordinal", r"(?:s\W?t\W?t|tt|so thu tu|no|#)"),
    ("citizen_id", r".*\b(?:cccd|cmnd|cmtnd|can cuoc|chung minh|dinh danh ca nhan|ddcn|citizen id)\b.*"),
    ("tax_code", r".*\b(?:mst|ma so thue|ma so doanh nghiep|msdn|ma so dn|tax code|tax id)\b.*"),
    ("health_insurance", r".*\b(?:bhyt|bao hiem y te)\b.*"),
    ("bank_account", r".*\b(?:so tai khoan|stk|so tk)\b.*"),
    ("plate", r".*\b(?:bien so|bien kiem soat|bks|plate)\b.*"),
    ("phone", r".*\b(?:dien thoai|sdt|dt|dtdd|di dong|hotline|duong day nong|phone|tel|mobile|fax|zalo)\b.*"),
    ("email", r".*\b(?:email|e mail|thu dien tu|mail)\b.*"),
    ("url", r".*\b(?:website|web|url|link|lien ket|trang tin|duong dan|facebook)\b.*"),
    ("latitude", r".*\b(?:vi do|vido|lat|latitude)\b.*"),
    ("longitude", r".*\b(?:kinh do|kinhdo|lon|lng|long|longitude)\b.*"),
    ("coordinate", r"(?:.*\b(?:toa do|vn ?2000|easting|northing|toado)\b.*|[xy](?: m)?)"),
    ("birth_date", r".*\b(?:ngay sinh|nam sinh|ngay thang nam sinh|sinh ngay|dob|birth ?(?:date|day))\b.*"),
    ("code", r"(?:(?:ma|so hieu|ky hieu|code|id|so dang ky|so giay phep|so gp|so quyet dinh|so qd|so ho so"
            r"|so van ban|so seri|serial"
             r"|so hop dong|so gcn|so chung nhan|so cmt|ma so)\b.*|.*\b(?:code|id|ma so)|.*_id)"),
    ("sequence", r".*\b(?:seq|sequence|thu tu|lan thu)\b.*"),
    ("date", r".*\b(?:ngay|thoi gian|thoi diem|date|han|thoi han)\b.*"),
    ("year", r"(?:nam\b.*|.*\byear\b.*)"),
    ("money", r".*\b(?:gia|tien|kinh phi|hoc phi|le phi|phi|muc thu|luong|thu nhap|doanh thu|von|ngan sach"
            r"|du toan|chi phi|tong muc dau tu"
              r"|muc dau tu|so tien|price"
        r"|cost|thanh tien|thue|ho tro|tro cap)\b.*"),
    ("measure", r".*\b(?:dien tich|chieu dai|chieu rong|chieu cao|chieu sau|khoi luong|trong luong|cong suat"
            r"|san luong|the tich"
                r"|do dai|duong kinh|toc do|luu luong|ty le|ti le|mat do|nong do|nhiet do|do cao)\b.*"),
    ("count", r".*\b(?:so luong|tong so|so nguoi|so ho|so hoc sinh|so lop|so giuong|so phong|so cho|so ghe"
            r"|so nhan khau|dan so|so tang"
              r"|quy mo|so can bo|so giao vien|suc chua|so trang|so lan|so)\b.*"),
    ("district", r"(?:.*\b(?:quan huyen|quan|huyen|thi xa|huyen thi xa|district)\b.*)"),
    ("commune", r"(?:.*\b(?:phuong xa|xa phuong|phuong|xa|thi tran|ward|commune)\b.*)"),
    ("province", r"(?:.*\b(?:tinh thanh|tinh tp|tinh|thanh pho|province|city)\b.*)"),
    ("address", r".*\b(?:dia chi|noi o|tru so|thuong tru|tam tru|cho o|vi tri|dia diem|address"
              r"|noi cu tru|que quan)\b.*"),
    ("person_name", r"(?:.*\b(?:ho va ten|ho ten|ho va chu dem|chu ho|chu co so|chu doanh nghiep"
            r"|nguoi dai dien|dai dien|giam doc"
                    r"|hieu truong|nguoi phu trach|phu trach|nguoi lien he|lien he|bac si|can bo|lanh dao"
                    r"|chu nhiem|nguoi nop"
                    r"|nguoi dung ten|nguoi nhan|chu so huu|full ?name|ten nguoi|ten chu|nguoi ky"
                    r"|chu tich|truong thon|to truong)\b.*)"),
    ("title", r"(?:ten\b.*|.*\bname)"),
    ("street", r"(?:.*\b(?:ten duong|duong pho|tuyen duong|duong|pho|tuyen|cau)\b.*)"),
    ("boolean", r"(?:(?:co|da|la|duoc)\b.*|.*\b(?:hay khong|chua|khong|co khong)\b.*)"),
    ("category", r".*\b(?:loai|trang thai|tinh trang|nhom|hang|cap|linh vuc|hinh thuc|gioi tinh"
              r"|dan toc|xep loai|phan loai|muc do|don vi tinh)\b.*"),
)  # fmt: skip
"""Hint -> pattern over the folded title with its signs as blanks. Several hints can hold."""
_HINTS = [(hint, re.compile(pattern)) for hint, pattern in HINTS]


class Header(msgspec.Struct, frozen=True):
    """A header taken apart. `unit` is a symbol of `nhip.kernel.measure` or empty; `hints` are names from HINTS."""

    text: str
    title: str
    unit: str
    hints: frozenset[str]


def read_header(text: str) -> Header:
    """`Diện tích (m2)` gives the title `Diện tích`, the unit `m2` and the hint `measure`."""
    title, unit = canonical(text), ""
    match = _UNIT.match(title)
    if match:
        found = find_unit(match["a"] or match["b"])
        if found:
            title, unit = match["title"].strip(" ,;-–"), found.symbol
    plain = " ".join(re.sub(r"[^a-z0-9#]+", " ", fold(_parted(title))).split())
    hints = frozenset(hint for hint, pattern in _HINTS if pattern.fullmatch(plain))
    return Header(text, title, unit, hints)


def _parted(title: str) -> str:
    """`toaDoX` as `toa Do X`."""
    pairs = zip(title, title[1:] + " ", strict=True)
    return "".join(letter + (" " if letter.islower() and after.isupper() else "") for letter, after in pairs)


def column_names(headers: Iterable[Header]) -> list[str]:
    """Names for the contract: snake_case without marks, unique, never starting with a digit or an underscore."""
    names: list[str] = []
    taken = {"_row"}
    for place, header in enumerate(headers, 1):
        base = slug(header.title, 60).replace("-", "_") if re.search(r"\w", header.title) else f"cot_{place}"
        base = f"c_{base}" if base[0].isdigit() else base
        name, number = base, 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name)
        names.append(name)
    return names
