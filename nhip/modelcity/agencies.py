"""The 32 agencies of the model city: departments, communes, companies and national bodies."""

from __future__ import annotations

from nhip.modelcity.model import AgencySpec

_AGENCIES = """
vp-ubnd | Văn phòng Ủy ban nhân dân thành phố | Office of the City People's Committee | department
so-nv | Sở Nội vụ | Department of Home Affairs | department
so-tc | Sở Tài chính | Department of Finance | department
so-xd | Sở Xây dựng | Department of Construction | department
so-nnmt | Sở Nông nghiệp và Môi trường | Department of Agriculture and Environment | department
so-ct | Sở Công Thương | Department of Industry and Trade | department
so-gddt | Sở Giáo dục và Đào tạo | Department of Education and Training | department
so-yt | Sở Y tế | Department of Health | department
so-vhtt | Sở Văn hóa và Thể thao | Department of Culture and Sports | department
so-dl | Sở Du lịch | Department of Tourism | department
so-khcn | Sở Khoa học và Công nghệ | Department of Science and Technology | department
so-tp | Sở Tư pháp | Department of Justice | department
so-ngv | Sở Ngoại vụ | Department of Foreign Affairs | department
so-dttg | Sở Dân tộc và Tôn giáo | Department of Ethnic and Religious Affairs | department
ca-tp | Công an thành phố | City Police | national
bql-kkt | Ban Quản lý Khu kinh tế, công nghiệp | Economic and Industrial Zones Authority | department
tt-btdt | Trung tâm Bảo tồn Di tích Cố đô | Monuments Conservation Centre | department
tt-ioc | Trung tâm Giám sát, điều hành đô thị thông minh | Smart City Operations Centre | department
dai-kttv | Đài Khí tượng Thủy văn thành phố | City Hydro-Meteorological Station | national
tk-tp | Thống kê thành phố | City Statistics Office | national
thue-tp | Thuế thành phố | City Tax Office | national
p-thuan-hoa | Ủy ban nhân dân phường Thuận Hóa | Thuận Hóa Ward People's Committee | commune
p-phu-xuan | Ủy ban nhân dân phường Phú Xuân | Phú Xuân Ward People's Committee | commune
p-kim-long | Ủy ban nhân dân phường Kim Long | Kim Long Ward People's Committee | commune
p-phu-bai | Ủy ban nhân dân phường Phú Bài | Phú Bài Ward People's Committee | commune
p-thuan-an | Ủy ban nhân dân phường Thuận An | Thuận An Ward People's Committee | commune
x-a-luoi-2 | Ủy ban nhân dân xã A Lưới 2 | A Lưới 2 Commune People's Committee | commune
ct-cap-nuoc | Công ty Cổ phần Cấp nước | Water Supply Company | company
ct-dien-luc | Công ty Điện lực | Power Company | company
ct-moi-truong | Công ty Môi trường và Công trình đô thị | Environment and Public Works Company | company
ct-xe-buyt | Công ty Vận tải hành khách công cộng | Public Transport Company | company
tt-cay-xanh | Trung tâm Công viên Cây xanh | Parks and Trees Centre | company
"""


def _agency(number: int, line: str) -> AgencySpec:
    slug, title, title_en, kind = (part.strip() for part in line.split("|"))
    return AgencySpec(
        slug=slug,
        code=f"000.00.{number:02d}.H57",
        title=title,
        title_en=title_en,
        kind=kind,
        email=f"{slug}@thanhphomau.example",
    )


AGENCIES: tuple[AgencySpec, ...] = tuple(
    _agency(number, line) for number, line in enumerate(_AGENCIES.strip().splitlines(), start=1)
)
