"""The layout of the Excel template that an official fills in: sheets, headings, hints, lists. Writer and reader share it.

The texts of the template are Vietnamese: it is a form for Vietnamese agencies; every heading keeps the English word beside it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Cell = Literal["text", "lines", "flag", "number", "count", "limit", "choice", "severities", "cadence", "keys"]

GUIDE, DATASET, COLUMNS, RULES, LINKS, EXAMPLE, LISTS = (
    "Hướng dẫn", "Bộ dữ liệu", "Các cột", "Quy tắc", "Liên kết", "Ví dụ", "Danh mục",
)  # fmt: skip
FIRST_ROW = 2
"""Rows of headings and hints above the entries of a table sheet."""


class Entry(msgspec.Struct, frozen=True):
    """A column of a table sheet, or a line of the dataset sheet. `key` is the attribute of the struct it fills."""

    key: str
    heading: str
    hint: str = ""
    cell: Cell = "text"
    choices: tuple[tuple[str, str], ...] = ()
    width: int = 18
    required: bool = False


TYPES = (
    ("Chữ", "string"), ("Số nguyên", "integer"), ("Số thập phân", "number"), ("Có/Không", "boolean"), ("Ngày", "date"),
    ("Ngày giờ", "timestamp"), ("Giờ", "time"),
)  # fmt: skip
KINDS = (
    ("Mã số, ký hiệu", "code"), ("Họ tên người", "person_name"), ("Số điện thoại", "phone"), ("Thư điện tử", "email"),
    ("Trang web", "url"), ("Số căn cước công dân", "citizen_id"), ("Mã số thuế", "tax_code"), ("Biển số xe", "plate"),
    ("Số thẻ bảo hiểm y tế", "health_insurance"), ("Số tài khoản ngân hàng", "bank_account"), ("Địa chỉ", "address"),
    ("Xã, phường", "commune"), ("Quận, huyện cũ", "district"), ("Tỉnh, thành phố", "province"), ("Vĩ độ", "latitude"),
    ("Kinh độ", "longitude"), ("Tọa độ x (hướng Bắc)", "x"), ("Tọa độ y (hướng Đông)", "y"), ("Số tiền", "money"),
    ("Đại lượng có đơn vị", "quantity"), ("Hình học (WKT, GeoJSON)", "geometry"),
)  # fmt: skip
SEVERITIES = (
    ("Nghiêm trọng (giữ lại dòng)", "fatal"), ("Lỗi", "error"), ("Cảnh báo", "warning"), ("Tự sửa", "mended"),
)  # fmt: skip
CLASSES = (
    ("Công khai", "public"), ("Nội bộ", "internal"), ("Dữ liệu cá nhân", "personal"), ("Dữ liệu cá nhân nhạy cảm", "sensitive"),
)  # fmt: skip
ORDERS = (("Ngày trước (31/12/2025)", "dmy"), ("Tháng trước (12/31/2025)", "mdy"), ("Năm trước (2025-12-31)", "ymd"))
STATUSES = (("Dự thảo", "draft"), ("Đang dùng", "active"), ("Ngừng dùng", "retired"))
CADENCES = (("Hằng ngày", 1.0), ("Hằng tuần", 7.0), ("Hằng tháng", 31.0), ("Hằng quý", 92.0), ("Hằng năm", 366.0))

DATASET_ENTRIES = (
    Entry("dataset", "Tên ngắn của bộ dữ liệu (dataset)", "Chữ thường không dấu, nối bằng dấu gạch: truong-hoc", required=True),
    Entry("title", "Tên đầy đủ (title)", "Ví dụ: Danh sách trường học thành phố Huế"),
    Entry("title_en", "Tên tiếng Anh (title_en)"),
    Entry("description", "Mô tả (description)", "Mỗi dòng là gì, lấy từ đâu, dùng để làm gì"),
    Entry("owner", "Cơ quan chịu trách nhiệm (owner)", "Ví dụ: Sở Giáo dục và Đào tạo"),
    Entry("cadence_days", "Bao lâu cập nhật một lần (cadence)", "Chọn trong danh sách, hoặc ghi số ngày", "cadence"),
    Entry("licence", "Giấy phép sử dụng (licence)", "Ví dụ: CC-BY-4.0; để trống nếu chưa công bố"),
    Entry("classification", "Mức độ bảo vệ (classification)", "", "choice", CLASSES),
    Entry("tags", "Từ khóa (tags)", "Mỗi từ khóa một dòng trong ô (Alt+Enter)", "lines"),
    Entry("table", "Tên trang tính trong tệp gửi (table)", "Để trống nếu tệp chỉ có một bảng"),
    Entry("province", "Mã tỉnh (province)", "Để trống nếu là tỉnh, thành phố của hệ thống này"),
    Entry("min_rows", "Số dòng ít nhất (min_rows)", "", "count"),
    Entry("max_rows", "Số dòng nhiều nhất (max_rows)", "", "count"),
    Entry("drift_rows_percent", "Số dòng được thay đổi tối đa, % (drift)", "So với lần gửi trước", "number"),
    Entry("duplicate_keys", "Trùng những cột này là trùng nhau (duplicates)",
          "Mỗi nhóm một dòng, các cột cách nhau bằng dấu phẩy: ten, dia_chi", "keys"),
    Entry("id", "Mã hợp đồng (id)", "Để trống: lấy tên ngắn"),
    Entry("version", "Phiên bản (version)", "Ví dụ: 1.0.0"),
    Entry("status", "Tình trạng (status)", "", "choice", STATUSES),
)  # fmt: skip
COLUMN_ENTRIES = (
    Entry("name", "Tên cột (name)", "Không dấu: ma_truong", width=20, required=True),
    Entry("delivered", "Tiêu đề trong tệp gửi (delivered)", "Mỗi cách viết một dòng (Alt+Enter)", "lines", width=24),
    Entry("title", "Tên hiển thị (title)", "Mã trường", width=24),
    Entry("type", "Kiểu (type)", "Chọn", "choice", TYPES, required=True),
    Entry("kind", "Ý nghĩa (kind)", "Chọn, nếu có", "choice", KINDS, width=24),
    Entry("required", "Bắt buộc (required)", "x nếu không được để trống", "flag", width=12),
    Entry("unique", "Không trùng (unique)", "x nếu mỗi dòng một khác", "flag", width=12),
    Entry("primary_key", "Khóa chính (key)", "1, 2… theo thứ tự", "count", width=12),
    Entry("enum", "Giá trị hợp lệ (enum)", "Mỗi giá trị một dòng (Alt+Enter)", "lines", width=24),
    Entry("unit", "Đơn vị (unit)", "m2, ha, kg, VND", width=12),
    Entry("order", "Thứ tự ngày tháng (order)", "Chọn cho cột ngày", "choice", ORDERS, width=24),
    Entry("minimum", "Nhỏ nhất (minimum)", "Số hoặc ngày", "limit", width=14),
    Entry("maximum", "Lớn nhất (maximum)", "Số hoặc ngày", "limit", width=14),
    Entry("classification", "Mức độ bảo vệ (classification)", "Chọn", "choice", CLASSES, width=24),
    Entry("description", "Mô tả (description)", "", width=30),
    Entry("title_en", "Tên tiếng Anh (title_en)", "", width=24),
    Entry("pattern", "Mẫu (pattern)", "Biểu thức chính quy: ^TH[0-9]{5}$", width=22),
    Entry("format", "Dạng ngày bắt buộc (format)", "yyyy-MM-dd; để trống: mọi cách viết rõ ràng", width=22),
    Entry("exclusive_minimum", "Phải lớn hơn (exclusive_minimum)", "Số hoặc ngày", "limit", width=14),
    Entry("exclusive_maximum", "Phải nhỏ hơn (exclusive_maximum)", "Số hoặc ngày", "limit", width=14),
    Entry("multiple_of", "Bội số của (multiple_of)", "", "number", width=12),
    Entry("min_length", "Ít chữ nhất (min_length)", "", "count", width=12),
    Entry("max_length", "Nhiều chữ nhất (max_length)", "", "count", width=12),
    Entry("crs", "Hệ tọa độ (crs)", "VN-2000 hoặc EPSG:9214", width=14),
    Entry("severity", "Mức lỗi riêng (severity)", "Mỗi dòng: tên quy tắc = mức, ví dụ enum = Cảnh báo", "severities", width=24),
)  # fmt: skip
RULE_ENTRIES = (
    Entry("name", "Tên quy tắc (name)", "Ví dụ: ngay_hop_le", width=24, required=True),
    Entry("holds", "Điều phải đúng (holds)", "Ví dụ: ngay_het_han >= ngay_cap", width=50, required=True),
    Entry("description", "Giải thích (description)", "", width=40),
    Entry("severity", "Mức lỗi (severity)", "Chọn", "choice", SEVERITIES, width=28),
)
LINK_ENTRIES = (
    Entry("columns", "Cột ở bảng này (columns)", "Mỗi cột một dòng (Alt+Enter)", "lines", width=30, required=True),
    Entry("to_dataset", "Bộ dữ liệu kia (to_dataset)", "Tên ngắn: xa-phuong", width=30, required=True),
    Entry(
        "to_columns",
        "Cột ở bộ dữ liệu kia (to_columns)",
        "Mỗi cột một dòng (Alt+Enter)",
        "lines",
        width=30,
        required=True,
    ),
)
SHEETS = {COLUMNS: COLUMN_ENTRIES, RULES: RULE_ENTRIES, LINKS: LINK_ENTRIES}

GUIDE_LINES = (
    "Mẫu mô tả bộ dữ liệu",
    "Mẫu này nói cho hệ thống biết một bộ dữ liệu gồm những cột nào và thế nào là đúng. Anh/chị không cần biết lập trình.",
    "1. Trang “Bộ dữ liệu”: ghi tên, cơ quan chịu trách nhiệm, bao lâu cập nhật một lần.",
    "2. Trang “Các cột”: mỗi cột của tệp là một dòng. Chỉ ba ô đầu và “Kiểu” là cần; các ô khác để trống nếu không rõ.",
    "3. Trang “Quy tắc” (không bắt buộc): điều phải đúng giữa các cột trong một dòng, ví dụ ngay_het_han >= ngay_cap.",
    "4. Trang “Liên kết” (không bắt buộc): giá trị của cột phải có trong một bộ dữ liệu khác.",
    "Ô có nhiều giá trị: mỗi giá trị một dòng trong cùng ô, xuống dòng bằng Alt+Enter.",
    "Ô vàng là ô bắt buộc. Dòng chữ nghiêng dưới tiêu đề là gợi ý, đừng xóa hai dòng đầu và đừng đổi tên trang.",
    "Trang “Ví dụ” là một bảng đã điền. Xong thì lưu tệp và tải lên; nếu có chỗ sai, hệ thống sẽ chỉ đúng ô cần sửa.",
)
