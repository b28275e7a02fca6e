"""Tables as Vietnamese agencies keep them, with the truth about every column. Two of a hundred cells are dirty."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

import duckdb

from nhip.datasets.engine import ident
from nhip.datasets.model import DecodedColumn, DecodedTable
from nhip.kernel.values.identity import tax_check_digit_ok

FAMILY = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Tôn Nữ"]
MIDDLE = ["Văn", "Thị", "Hữu", "Minh", "Thanh", "Quốc", "Ngọc", "Thị Thu"]
GIVEN = [
    "An",
    "Bình",
    "Châu",
    "Dũng",
    "Hà",
    "Hạnh",
    "Khoa",
    "Lan",
    "Mai",
    "Nam",
    "Phúc",
    "Quân",
    "Sơn",
    "Trang",
    "Uyên",
    "Vy",
]
STREETS = [
    "Lê Lợi",
    "Nguyễn Huệ",
    "Trần Hưng Đạo",
    "Hùng Vương",
    "Phan Bội Châu",
    "Điện Biên Phủ",
    "Bà Triệu",
    "Đống Đa",
]
COMMUNES = [
    "Thuận Hòa",
    "Phú Hội",
    "Vĩnh Ninh",
    "An Cựu",
    "Hương Long",
    "Thủy Xuân",
    "Phú Bài",
    "Kim Long",
    "Vỹ Dạ",
    "Thuận Lộc",
]
DISTRICTS = [
    "Quận Phú Xuân",
    "Quận Thuận Hóa",
    "Huyện Phú Vang",
    "Huyện Quảng Điền",
    "Thị xã Hương Trà",
    "Huyện A Lưới",
]

Make = Callable[[random.Random, int], str]


class Truth(NamedTuple):
    """A column: its header, how its values are made, and what must be found."""

    header: str
    make: Make
    type: str = "string"
    kind: str = ""
    unit: str = ""
    order: str = ""
    pii: str = ""
    enum: int = 0
    pattern: str = ""
    dirt: bool = True


def person(r: random.Random, _i: int) -> str:
    return f"{r.choice(FAMILY)} {r.choice(MIDDLE)} {r.choice(GIVEN)}"


def phone(r: random.Random, _i: int) -> str:
    number = f"{r.randrange(10**6):06}"
    return r.choice(
        [f"0905{number}", f"0914.{number[:3]}.{number[3:]}", f"0234 38{number[:2]} {number[2:5]}", f"+84 93 5{number}"]
    )


def address(r: random.Random, _i: int) -> str:
    return f"{r.randrange(1, 300)} {r.choice(STREETS)}, phường {r.choice(COMMUNES)}, thành phố Huế"


def tax(r: random.Random, _i: int) -> str:
    while True:
        head = f"33{r.randrange(10**7):07}"
        for digit in "0123456789":
            if tax_check_digit_ok(head + digit):
                return head + digit


def day(form: str, start: int = 2000, days: int = 9000) -> Make:
    return lambda r, _i: (date(start, 1, 1) + timedelta(r.randrange(days))).strftime(form)


def low_day(r: random.Random, _i: int) -> str:
    return f"{r.randrange(1, 12):02}/{r.randrange(1, 12):02}/{r.randrange(2010, 2024)}"


def citizen(r: random.Random, _i: int) -> str:
    year = r.randrange(1950, 2008)
    return f"046{(0 if year < 2000 else 2) + r.randrange(2)}{year % 100:02}{r.randrange(10**6):06}"


def pick(*values: str) -> Make:
    return lambda r, _i: r.choice(values)


def vn(low: float, high: float, places: int = 0) -> Make:
    def make(r: random.Random, _i: int) -> str:
        text = f"{r.uniform(low, high):,.{places}f}"
        return text.translate(str.maketrans(",.", ".,"))

    return make


def real(low: float, high: float, places: int) -> Make:
    return lambda r, _i: f"{r.uniform(low, high):.{places}f}"


def whole(low: int, high: int) -> Make:
    return lambda r, _i: str(r.randrange(low, high))


def code(form: str) -> Make:
    return lambda _r, i: form.format(i=i, y=2020 + i % 5)


SCHOOLS = [
    Truth("STT", lambda _r, i: str(i + 1), "integer", dirt=False),
    Truth("Mã trường", code("TH{i:05}"), kind="code", pattern="^TH[0-9]{5}$"),
    Truth("Tên trường", lambda r, i: f"Trường {r.choice(['THCS', 'Tiểu học', 'Mầm non'])} {r.choice(STREETS)} {i}"),
    Truth("Cấp học", pick("Mầm non", "Tiểu học", "THCS", "THPT"), enum=4),
    Truth("Địa chỉ", address, kind="address", pii="address"),
    Truth("Phường/Xã", lambda r, _i: f"{r.choice(['Phường', 'Xã'])} {r.choice(COMMUNES)}", kind="commune"),
    Truth("Quận/Huyện", pick(*DISTRICTS), kind="district", enum=6),
    Truth("Hiệu trưởng", person, kind="person_name", pii="name"),
    Truth("Số điện thoại", phone, kind="phone", pii="phone"),
    Truth("Email", lambda r, i: f"truong{i}@hue.edu.vn", kind="email", pii="email"),
    Truth("Website", lambda r, i: f"https://truong{i}.hue.edu.vn", kind="url"),
    Truth("Số học sinh", whole(80, 1900), "integer"),
    Truth("Diện tích (m2)", vn(900, 20000, 1), "number", "quantity", "m2"),
    Truth("Năm thành lập", whole(1950, 2020), "integer"),
    Truth("Có bãi đỗ xe", pick("Có", "Không"), "boolean"),
    Truth("Ngày công nhận chuẩn", day("%d/%m/%Y"), "date", order="dmy"),
    Truth("Vĩ độ", real(16.2, 16.6, 6), "number", "latitude"),
    Truth("Kinh độ", real(107.3, 107.8, 6), "number", "longitude"),
    Truth("Ghi chú", lambda r, i: r.choice(["", "", "", f"Đang sửa chữa dãy nhà số {i % 7} từ tháng {i % 12 + 1}"])),
]
FIRMS = [
    Truth("Mã số doanh nghiệp", tax, kind="tax_code"),
    Truth("Tên doanh nghiệp", lambda r, i: f"Công ty TNHH {r.choice(STREETS)} {i}"),
    Truth("Người đại diện pháp luật", person, kind="person_name", pii="name"),
    Truth("Số CCCD", citizen, kind="citizen_id", pii="citizen_id"),
    Truth("Ngày sinh", day("%d/%m/%Y", 1950, 15000), "date", order="dmy", pii="birth_date"),
    Truth("Vốn điều lệ (triệu đồng)", vn(100, 90000), "integer", "money", "triệu đồng"),
    Truth("Ngày cấp", day("%d-%m-%Y"), "date", order="dmy"),
    Truth("Tình trạng hoạt động", pick("Đang hoạt động", "Tạm ngừng", "Đã giải thể"), enum=3),
    Truth(
        "Ngành nghề",
        pick(
            *[f"Bán lẻ mặt hàng {n}" for n in "abcdefghijklmnopqrstuvwxyz"], *[f"Sản xuất {n}" for n in "abcdefghijkl"]
        ),
    ),
    Truth("Số lao động", whole(1, 900), "integer"),
    Truth("ĐT liên hệ", phone, kind="phone", pii="phone"),
    Truth("Trụ sở", address, kind="address", pii="address"),
]
VEHICLES = [
    Truth(
        "Biển số",
        lambda r, i: f"75{r.choice('ABCF')}-{r.randrange(1000):03}.{r.randrange(100):02}",
        kind="plate",
        pii="plate",
    ),
    Truth("Chủ xe", person, kind="person_name", pii="name"),
    Truth("Loại xe", pick("Xe tải", "Xe con", "Xe khách", "Xe máy chuyên dùng"), enum=4),
    Truth("Số chỗ", whole(2, 47), "integer"),
    Truth("Tải trọng (kg)", vn(500, 15000), "number", "quantity", "kg"),
    Truth("Hạn kiểm định", day("%Y-%m-%d"), "date", order="ymd"),
    Truth("Đã nộp phí", pick("x", ""), "boolean", dirt=False),
]
LAND = [
    Truth("Số tờ", whole(1, 90), "integer"),
    Truth("Số thửa", whole(1, 900), "integer"),
    Truth("X", real(1_810_000, 1_835_000, 2), "number", "x", dirt=False),
    Truth("Y", real(550_000, 575_000, 2), "number", "y", dirt=False),
    Truth("Diện tích - ha", vn(0.1, 8, 3), "number", "quantity", "ha"),
    Truth("Mã loại đất", pick("ODT", "ONT", "LUC", "CLN", "RSX"), kind="code"),
    Truth("Giá đất (đồng/m2)", vn(200_000, 30_000_000), "integer", "money", "VND"),
    Truth("Ngày đăng ký", low_day, "date", order=""),
    Truth("Tỷ lệ (%)", vn(0, 100, 1), "number", "quantity", "%"),
]
STATIONS = [
    Truth("station_id", code("HUE-{y}-{i:03}"), kind="code", pattern="^HUE-[0-9]{4}-[0-9]{3}$"),
    Truth(
        "Thời điểm đo",
        lambda r, _i: f"{r.randrange(13, 29)}/{r.randrange(1, 13):02}/2025 {r.randrange(24):02}:{r.randrange(60):02}",
        "timestamp",
        order="dmy",
    ),
    Truth("pm25 (µg/m3)", real(3, 160, 2), "number", "quantity", "µg/m3"),
    Truth("Nhiệt độ (°C)", real(12, 40, 1), "number", "quantity", "°C"),
    Truth("Độ ẩm (%)", real(40, 99, 1), "number", "quantity", "%"),
    Truth("Giờ mở", lambda r, _i: f"{r.randrange(5, 10):02}:{r.choice(['00', '30'])}", "time"),
    Truth("active", pick("true", "false"), "boolean", dirt=False),
    Truth("geom", lambda r, _i: f"POINT ({r.uniform(107, 108):.5f} {r.uniform(16, 17):.5f})", kind="geometry"),
]
FEES = [
    Truth(
        "Mã thủ tục",
        code("1.{i:06}.000.00.00.H57"),
        kind="code",
        pattern="^[0-9]\\.[0-9]{6}\\.[0-9]{3}\\.[0-9]{2}\\.[0-9]{2}\\.H[0-9]{2}$",
    ),
    Truth("Tên thủ tục", lambda r, i: f"Cấp giấy phép số {i} về {r.choice(['xây dựng', 'đất đai', 'môi trường'])}"),
    Truth("Lĩnh vực", pick("Xây dựng", "Đất đai", "Môi trường", "Hộ tịch"), enum=4),
    Truth(
        "Lệ phí",
        lambda r, _i: r.choice(["Miễn phí", "20.000 VND", "50.000 đồng", "100.000đ", "1.250.000 VND"]),
        "integer",
        "money",
        "VND",
    ),
    Truth("Thời hạn (ngày)", whole(1, 60), "integer", "quantity", "ngày"),
    Truth("Mã phường", lambda r, _i: f"{r.randrange(19000, 20400):05}", kind="code"),
    Truth("Trực tuyến", pick("1", "0"), "boolean", dirt=False),
    Truth("Tỉnh/Thành phố", pick("Thành phố Huế", "TP Đà Nẵng", "Tỉnh Quảng Trị", "Hà Nội"), kind="province"),
    Truth("Cán bộ phụ trách", person, kind="person_name", pii="name"),
    Truth(
        "Ngày hiệu lực",
        lambda r, _i: f"{r.randrange(1, 13)}/{r.randrange(1, 29)}/{r.randrange(2015, 2025)}",
        "date",
        order="mdy",
    ),
]
TABLES: dict[str, tuple[list[Truth], tuple[str, ...]]] = {
    "truong-hoc": (SCHOOLS, ("ma_truong",)),
    "doanh-nghiep": (FIRMS, ("ma_so_doanh_nghiep",)),
    "phuong-tien": (VEHICLES, ("bien_so",)),
    "thua-dat": (LAND, ()),
    "tram-do": (STATIONS, ("station_id",)),
    "thu-tuc": (FEES, ("ma_thu_tuc",)),
}
"""Name -> columns, primary key."""

_DIRT = ["", "?", "không rõ", "chưa cập nhật", "…"]


def build(con: duckdb.DuckDBPyConnection, name: str, rows: int, seed: int = 7, dirt: float = 0.02) -> DecodedTable:
    """The table `name` with `rows` rows in DuckDB, as decode would give it."""
    columns, _key = TABLES[name]
    r = random.Random(seed)
    made = []
    for i in range(rows):
        cells = [c.make(r, i) if not (c.dirt and r.random() < dirt) else r.choice(_DIRT) for c in columns]
        made.append([i + 2, *(cell or None for cell in cells)])
    relation = ident(name)
    types = ", ".join(f"{ident(c.header)} VARCHAR" for c in columns)
    con.execute(f"CREATE OR REPLACE TABLE {relation} (_row BIGINT, {types})")
    lists = [list(values) for values in zip(*made, strict=True)]
    con.execute(f"INSERT INTO {relation} SELECT {', '.join(['unnest(?)'] * len(lists))}", lists)
    return DecodedTable(
        name=name, rows=rows, columns=[DecodedColumn(name=c.header) for c in columns], relation=relation
    )
