"""Words that good values are made of. Names of people are composed from common parts and belong to nobody."""

from __future__ import annotations

import numpy as np


def _split(names: str) -> list[str]:
    return names.split()


_FAMILY = _split("Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Tôn Đoàn Trương Cao")
_MIDDLE = _split("Văn Thị Hữu Đức Minh Ngọc Thanh Quang Xuân Thu Bảo Gia Hoài Kim Phương Quốc Tuấn Như Diệu Anh")
_GIVEN = _split(
    "An Bình Châu Dũng Dung Giang Hà Hải Hạnh Hiền Hiếu Hòa Hoa Hùng Hương Khánh Khoa Lan Linh Long Mai Minh Nam Nga "
    "Ngân Nhung Oanh Phong Phúc Quân Quyên Sơn Tâm Thảo Thắng Thủy Tiến Trang Trung Tú Tùng Tuyết Uyên "
    "Vân Việt Vinh Vy Yến Đạt Đào"
)

WORDS = {
    "quality": "Phú Thịnh|Hương Giang|Ngự Bình|Tràng An|Sông Hương|Thiên Mụ|Vĩ Dạ|Bạch Mã|Tam Giang|Cố Đô|Kim Long|An Cựu|"
    "Đông Ba|Thanh Bình|Hoàng Gia|Ánh Dương|Minh Tâm|Phúc Lộc|Thành Công|Hòa Bình|Tân Tiến|Đại Nội|Trường Tiền|Hoa Sen",
    "hero": "Nguyễn Trãi|Trần Quốc Toản|Lê Lợi|Hai Bà Trưng|Nguyễn Du|Phan Chu Trinh|Nguyễn Tri Phương|Hùng Vương|Chu Văn An|"
    "Đặng Dung|Duy Tân|Hàm Nghi|Lý Tự Trọng|Quang Trung|Tố Hữu|Võ Thị Sáu|Trần Cao Vân|Thống Nhất",
    "dish": "Bún bò Huế|Cơm hến|Bánh bèo|Bánh nậm|Bánh lọc|Bánh khoái|Nem lụi|Chè hẻm|Cơm chay|Bánh canh cá lóc|Bún thịt nướng|"
    "Vả trộn|Bánh ướt thịt nướng|Mè xửng|Tôm chua|Cháo bánh canh|Bún mắm nêm|Chè bột lọc heo quay|Cà phê muối|Bánh ép",
    "tree": "Bàng|Phượng vĩ|Long não|Muối|Xà cừ|Bằng lăng|Ngô đồng|Sao đen|Nhạc ngựa|Kiền kiền|Thông|Lim xẹt|Osaka|Mù u|Viết",
    "crop": "Lúa Khang Dân|Lúa HT1|Lúa J02|Lúa KH1|Lúa nếp|Lúa BT7|Lúa TH5|Lúa ĐT100|Lúa hữu cơ|Lúa Bắc Thịnh",
    "animal": "Trâu|Bò|Lợn|Gà|Vịt|Dê",
    "fish": "Lưới rê|Lưới vây|Câu|Chụp|Lưới kéo|Lồng bẫy|Hậu cần",
    "event": "Lễ hội Áo dài|Festival nghề truyền thống|Đêm Hoàng cung|Lễ hội Điện Hòn Chén|Giải chạy Marathon|Ngày hội Ẩm thực|"
    "Hội chợ Xuân|Đua ghe truyền thống|Triển lãm Mỹ thuật|Liên hoan Ca Huế|Tuần lễ Sách|Hội thảo Đô thị xanh",
    "monument": "Chùa|Đình làng|Lăng|Phủ thờ|Miếu|Nhà vườn|Cung|Đền|Am|Nhà thờ họ",
    "street_work": "Nâng cấp đường|Cải tạo hệ thống thoát nước|Xây dựng trường học tại|Chỉnh trang công viên|Kè chống sạt lở|"
    "Xây dựng cầu qua|Hạ tầng khu tái định cư|Mở rộng nghĩa trang|Xây dựng trạm y tế tại|Hệ thống chiếu sáng",
    "procedure": "Cấp giấy phép xây dựng nhà ở riêng lẻ|Đăng ký khai sinh|Đăng ký kết hôn|Cấp đổi giấy chứng nhận quyền sử "
    "dụng đất|Đăng ký thành lập hộ kinh doanh|Chứng thực bản sao|Cấp phiếu lý lịch tư pháp|Đăng ký tạm trú|"
    "Xác nhận tình trạng hôn nhân|"
    "Cấp giấy phép lái xe|Cấp thẻ hướng dẫn viên|Đăng ký biến động đất đai|Trợ cấp xã hội hàng tháng|Cấp phép vỉa hè",
    "remark": "Đã kiểm tra|Cần bảo dưỡng|Hoạt động tốt|Chờ duyệt kinh phí|Theo kế hoạch năm|Bàn giao tháng trước|Mới sửa chữa|"
    "Đề nghị kiểm tra lại|Người dân phản ánh|Đủ điều kiện",
    "trade": "Vật liệu xây dựng|Vận tải|Tạp hóa|Ăn uống|May mặc|Điện máy|Thủ công mỹ nghệ|Du lịch|Nông sản|Công nghệ thông tin",
    "drug": "Nhà thuốc|Quầy thuốc",
}


def pick(rng: np.random.Generator, options: tuple[str, ...] | list[str], rows: int) -> list[str]:
    """`rows` options drawn with replacement."""
    return [options[place] for place in rng.integers(0, len(options), rows).tolist()]


def words(name: str) -> list[str]:
    """The word list of that name."""
    return WORDS[name].split("|")


def people(rng: np.random.Generator, rows: int) -> list[str]:
    """Composed names, family first: `Tôn Hoài Ngân`."""
    parts = zip(pick(rng, _FAMILY, rows), pick(rng, _MIDDLE, rows), pick(rng, _GIVEN, rows), strict=True)
    return [" ".join(part) for part in parts]
