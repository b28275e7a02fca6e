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
    ("ordinal", "(?:s ?t ?t|tt|số thứ tự|no|#)"),
    ("citizen_id", r".*\b(?:cccd|cmnd|cmtnd|căn cước|chứng minh|định danh cá nhân|đdcn|citizen id)\b.*"),
    ("tax_code", r".*\b(?:mst|mã số thuế|mã số doanh nghiệp|msdn|mã số dn|tax code|tax id)\b.*"),
    ("health_insurance", r".*\b(?:bhyt|bảo hiểm y tế)\b.*"),
    ("bank_account", r".*\b(?:số tài khoản|stk|số tk)\b.*"),
    ("plate", r".*\b(?:biển số|biển kiểm soát|bks|plate)\b.*"),
    (
        "phone",
        r".*\b(?:điện thoại|dienthoai|sđt|sdt|đt|đtdđ|di động|hotline|đường dây nóng|phone|tel|mobile|fax|zalo)\b.*",
    ),
    ("email", r".*\b(?:email|e mail|thư điện tử|mail)\b.*"),
    ("url", r".*\b(?:website|web|url|link|liên kết|trang tin|đường dẫn|facebook)\b.*"),
    ("latitude", r".*\b(?:vĩ độ|vido|lat|latitude)\b.*"),
    ("longitude", r".*\b(?:kinh độ|kinhdo|lon|lng|long|longitude)\b.*"),
    ("coordinate", r"(?:.*\b(?:tọa độ|toạ độ|vn ?2000|easting|northing|toado)\b.*|(?:td )?[xy](?: m)?)"),
    ("free", r".*\b(?:ghi chú|nội dung|mô tả|lý do|diễn giải|ý kiến|note|remark|description|comment)\b.*"),
    ("birth_date", r".*\b(?:ngày sinh|năm sinh|ngày tháng năm sinh|sinh ngày|dob|birth ?(?:date|day))\b.*"),
    (
        "code",
        r"(?:(?:mã|số hiệu|ký hiệu|kí hiệu|code|id|số đăng ký|số giấy phép|số gp|số quyết định|số qđ"
        r"|số hồ sơ|số văn bản"
        r"|số seri|serial|số hợp đồng|số gcn|số chứng nhận|mã số|số lệnh|số phiếu"
        r"|số thẻ|số biên bản|số hóa đơn)\b.*|.*\b(?:code|id|mã số|mã))",
    ),
    ("sequence", r"(?:.*\b(?:seq|sequence|thứ tự|lần thứ|thứ)\b.*|(?:kỳ|đợt|tuần|tháng|quý|ca|phiên)\b.*)"),
    ("date", r".*\b(?:ngày|thời gian|thời điểm|date|hạn|thời hạn)\b.*"),
    ("year", r"(?:năm\b.*|.*\byear\b.*)"),
    (
        "money",
        r".*\b(?:giá|tiền|kinh phí|học phí|lệ phí|phí|mức thu|mức lương|tiền lương|thu nhập|doanh thu"
        r"|vốn|ngân sách|dự toán"
        r"|chi phí|mức đầu tư|số tiền|price|cost|thành tiền|thuế|mức hỗ trợ|trợ cấp)\b(?! đình).*",
    ),
    (
        "measure",
        r".*\b(?:diện tích|chiều dài|chiều rộng|chiều cao|chiều sâu|khối lượng|trọng lượng|công suất"
        r"|sản lượng|thể tích|độ dài"
        r"|đường kính|tốc độ|lưu lượng|tỷ lệ|tỉ lệ|mật độ|nồng độ|nhiệt độ|độ cao|cự ly|tải trọng"
        r"|bề rộng|lượng mưa|mực nước"
        r"|dung tích|độ sâu|độ ẩm|độ mặn|khoảng cách|dientich)\b.*",
    ),
    ("count", r".*\b(?:số|tổng số|dân số|quy mô|sức chứa|count|population)\b.*"),
    ("district", r"(?:quận huyện|quanhuyen|quận|huyện|thị xã|district)\b.*"),
    ("commune", r"(?:phường xã|phuongxa|xaphuong|xã phường|phường|xã|thị trấn|tên xã|tên phường|ward|commune)\b.*"),
    ("province", r"(?:tỉnh thành|tinhthanh|tỉnh tp|tỉnh|thành phố|province|city)\b.*"),
    (
        "address",
        r".*\b(?:địa chỉ|diachi|nơi ở|trụ sở|thường trú|tạm trú|chỗ ở|vị trí|địa điểm|address|nơi cư trú|quê quán)\b.*",
    ),
    (
        "person_name",
        r".*\b(?:họ và tên|họ tên|hoten|họ và chữ đệm|chủ hộ|chủ cơ sở|chủ doanh nghiệp|người đại diện"
        r"|đại diện|giám đốc"
        r"|hiệu trưởng|người phụ trách|phụ trách|người liên hệ|liên hệ|bác sĩ|cán bộ|lãnh đạo|chủ nhiệm"
        r"|người nộp|người đứng tên|người nhận"
        r"|chủ sở hữu|chủ xe|full ?name|tên người|tên chủ|người ký|chủ tịch|trưởng thôn|tổ trưởng)\b.*",
    ),
    ("title", r"(?:tên\b.*|ten(?:coso|truong|duong|donvi|goi)|.*\bname)"),
    ("street", r"(?:đường|phố|tuyến|cầu|tên đường|tên phố|street)\b.*"),
    ("boolean", r"(?:(?:có|đã|là|được)\b.*|.*\b(?:hay không|chưa|có không))"),
    (
        "category",
        r".*\b(?:loại|trạng thái|tình trạng|nhóm|hạng|cấp học|cấp|lĩnh vực|hình thức|giới tính|dân tộc"
        r"|xếp loại|phân loại"
        r"|mức độ|đơn vị tính|status|type|category)\b.*",
    ),
)
"""Hint -> pattern over the title in small letters with its signs as blanks. Several hints can hold. Titles with Vietnamese
marks are compared with them (`lượng` is no `lương`), titles in plain ASCII without."""


def _compile(pattern: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(pattern), re.compile(fold(pattern))


_HINTS = [(hint, *_compile(pattern)) for hint, pattern in HINTS]


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
    own = re.split(r"\s[–|>/]\s", title)[-1]  # `Chi tiết – Mã xã` is a heading over a heading
    plain = " ".join(re.sub(r"[^\w#]+|_+", " ", _parted(own).lower()).split())
    hints = frozenset(hint for hint, exact, bare in _HINTS if (bare if plain.isascii() else exact).fullmatch(plain))
    return Header(text, title, unit, hints)


def _parted(title: str) -> str:
    """`toaDoX` as `toa Do X`."""
    pairs = zip(title, title[1:] + " ", strict=False)
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
