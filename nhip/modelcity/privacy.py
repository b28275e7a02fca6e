"""What the model city does with personal data: its register of processing, made through the same service as a real city's.

One dataset with personal data (`bai-bien-thuan-an`) is in no processing, so that the register has a gap to show.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from nhip.datasets.store import get_dataset
from nhip.db import Connection
from nhip.kernel.time import today
from nhip.modelcity.agencies import AGENCIES
from nhip.privacy.processing import Entry, LegalBasis
from nhip.privacy.processing.service import register
from nhip.privacy.processing.store import find_processing
from nhip.privacy.retention.service import set_rule


class ProcessingPlan(msgspec.Struct, frozen=True):
    """A processing to register: `who` is the agency's slug, `law` the provision, `data` the kinds of data."""

    name: str
    title: str
    title_en: str
    who: str
    purpose: str
    law: str
    datasets: tuple[str, ...]
    people: tuple[str, ...]
    data: tuple[str, ...]
    recipients: tuple[str, ...] = ()
    basis: str = "public_task"
    assessed_days_ago: int | None = 60


_NAMES: Final = ("Họ và tên",)
GAP: Final = "bai-bien-thuan-an"
HELPED: Final = "chinh-sach-phu-bai"
PLANS: Final = (
    ProcessingPlan(
        "hanh-nghe-y", "Quản lý người hành nghề khám bệnh, chữa bệnh", "Registering medical practitioners", "so-yt",
        "Cấp, thu hồi giấy phép hành nghề và công khai người hành nghề", "Luật Khám bệnh, chữa bệnh 15/2023/QH15",
        ("hanh-nghe-y", "phong-kham", "nha-thuoc"), ("Người hành nghề", "Chủ cơ sở"),
        ("Họ và tên", "Số định danh cá nhân", "Số điện thoại"), ("Bộ Y tế", "Bảo hiểm xã hội thành phố"),
    ),
    ProcessingPlan(
        "nhac-han-chung-chi", "Nhắn tin nhắc hạn chứng chỉ", "Reminding practitioners of their certificates", "so-yt",
        "Nhắn tin cho người hành nghề trước khi chứng chỉ hết hạn", "Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15, Điều 9",
        ("hanh-nghe-y",), ("Người hành nghề",), ("Số điện thoại", "Họ và tên"), ("Doanh nghiệp viễn thông",), "consent",
    ),
    ProcessingPlan(
        "bo-tro-tu-phap", "Quản lý luật sư và công chứng viên", "Registering lawyers and notaries", "so-tp",
        "Quản lý nhà nước về bổ trợ tư pháp", "Luật Luật sư 65/2006/QH11; Luật Công chứng 46/2024/QH15",
        ("luat-su", "cong-chung"), ("Luật sư", "Trưởng văn phòng công chứng"), ("Họ và tên", "Số điện thoại"),
        ("Liên đoàn Luật sư",), assessed_days_ago=200,
    ),
    ProcessingPlan(
        "dang-ky-kinh-doanh", "Đăng ký kinh doanh", "Registering businesses", "so-tc",
        "Cấp đăng ký doanh nghiệp, hộ kinh doanh", "Luật Doanh nghiệp 59/2020/QH14",
        ("doanh-nghiep", "ho-kinh-doanh"), ("Người đại diện theo pháp luật", "Chủ hộ kinh doanh"), _NAMES,
        ("Thuế thành phố",),
    ),
    ProcessingPlan(
        "nong-nghiep-thuy-san", "Quản lý trang trại và tàu cá", "Registering farms and fishing boats", "so-nnmt",
        "Đăng ký, kiểm tra trang trại và tàu cá", "Luật Chăn nuôi 32/2018/QH14; Luật Thủy sản 18/2017/QH14",
        ("trang-trai", "tau-ca"), ("Chủ trang trại", "Chủ tàu"), _NAMES,
    ),
    ProcessingPlan(
        "huong-dan-vien", "Quản lý hướng dẫn viên du lịch", "Registering tour guides", "so-dl",
        "Cấp thẻ và công khai hướng dẫn viên", "Luật Du lịch 09/2017/QH14",
        ("huong-dan-vien",), ("Hướng dẫn viên",), _NAMES, ("Cục Du lịch Quốc gia Việt Nam",),
    ),
    ProcessingPlan(
        "bao-tro-xa-hoi", "Chi trả trợ giúp xã hội", "Paying social assistance", "p-phu-bai",
        "Xét duyệt và chi trả trợ cấp hằng tháng", "Nghị định 20/2021/NĐ-CP",
        (HELPED,), ("Đối tượng bảo trợ xã hội",), ("Họ và tên", "Số định danh cá nhân", "Mức hưởng"), ("Kho bạc Nhà nước",),
    ),
    ProcessingPlan(
        "via-he", "Cấp phép sử dụng vỉa hè", "Permits to use pavements", "p-thuan-hoa",
        "Cấp phép, thu phí sử dụng tạm thời vỉa hè", "Luật Đường bộ 35/2024/QH15",
        ("via-he",), ("Người xin phép",), _NAMES,
    ),
    ProcessingPlan(
        "nha-vuon", "Bảo tồn nhà vườn", "Preserving garden houses", "p-phu-xuan",
        "Hỗ trợ chủ nhà vườn tu bổ", "Luật Di sản văn hóa 45/2024/QH15",
        ("nha-vuon",), ("Chủ nhà vườn",), _NAMES, assessed_days_ago=None,
    ),
    ProcessingPlan(
        "ho-tieu-bieu", "Hỗ trợ hộ sản xuất tiêu biểu", "Supporting model farming households", "x-a-luoi-2",
        "Hỗ trợ vốn, kỹ thuật cho hộ sản xuất", "Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15, Điều 19",
        ("che-a-luoi",), ("Chủ hộ",), _NAMES,
    ),
)  # fmt: skip


async def make_processings(tx: Connection) -> int:
    """Register what is not in the register yet, and how long the list of the helped is kept; gives how many were registered."""
    codes = {agency.slug: agency.code for agency in AGENCIES}
    made = 0
    for plan in PLANS:
        if await find_processing(tx, plan.name) is None:
            await register(tx, plan.name, _entry(plan, codes[plan.who]))
            made += 1
    if made:
        await set_rule(tx, await get_dataset(tx, HELPED), 24, "Quy chế lưu giữ của Ủy ban nhân dân phường (mẫu)")
    return made


def _entry(plan: ProcessingPlan, controller: str) -> Entry:
    ago = plan.assessed_days_ago
    return Entry(
        title=plan.title,
        title_en=plan.title_en,
        purpose=plan.purpose,
        legal_basis=(LegalBasis(plan.basis, plan.law),),
        controller=controller,
        processors=("Trung tâm Giám sát, điều hành đô thị thông minh",),
        subject_categories=plan.people,
        data_categories=plan.data,
        datasets=plan.datasets,
        recipients=plan.recipients,
        retention_months=24,
        security="Phân quyền theo đơn vị; mỗi lượt xem ghi vào sổ cái; dữ liệu cá nhân che mặc định",
        assessed_on=None if ago is None else today() - timedelta(days=ago),
        responsible="Người phụ trách bảo vệ dữ liệu cá nhân",
    )
