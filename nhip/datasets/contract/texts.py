"""Text that means something: names of people, addresses, units of administration."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nhip.kernel.text import canonical, fold

SURNAMES = frozenset(
    """nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý lí đinh đoàn trịnh mai trương lương lâm tạ cao hà
    đào lưu la châu tô quách thái văn phùng giang kiều mạc nghiêm thân tống triệu tôn vương chu hứa khúc lục nông phí thạch
    tiêu ung uông bạch cù đàm âu lại lò lỗ giáp trà viên thẩm ninh kim bế hán khổng doãn chử đường từ""".split()  # noqa: SIM905
)
"""Vietnamese family names in small letters."""
_BARE_SURNAMES = frozenset(map(fold, SURNAMES))

PROVINCES = frozenset(
    """an giang,ba ria vung tau,bac lieu,bac giang,bac kan,bac ninh,ben tre,binh duong,binh dinh,binh phuoc,binh thuan,ca mau,
    cao bang,can tho,da nang,dak lak,dak nong,dien bien,dong nai,dong thap,gia lai,ha giang,ha nam,ha noi,ha tinh,hai duong,
    hai phong,hau giang,hoa binh,ho chi minh,hung yen,khanh hoa,kien giang,kon tum,lai chau,lang son,lao cai,lam dong,long an,
    nam dinh,nghe an,ninh binh,ninh thuan,phu tho,phu yen,quang binh,quang nam,quang ngai,quang ninh,quang tri,soc trang,son la,
    tay ninh,thai binh,thai nguyen,thanh hoa,thua thien hue,hue,tien giang,tra vinh,tuyen quang,vinh long,vinh phuc,yen bai,
    hcm,hn,tphcm,sai gon""".replace("\n", "").replace("    ", "").split(",")
)  # fmt: skip
"""The 63 provinces and cities before July 2025 (the 34 of today are among them), folded, without the word tỉnh."""

_PROVINCE_WORD = re.compile(r"^(?:tinh|thanh pho|tp\.?|t\.p\.?) *")
_COMMUNE = r"(?:phường|xã|thị trấn|đặc khu|p\.|x\.|tt\.|p |tt ) *\S.*"
_DISTRICT = r"(?:quận|huyện|thị xã|thành phố|q\.|h\.|tx\.?|tp\.?|t\.x\.?|t\.p\.?) *\S.*"
_UNITS = {words: (re.compile(words), re.compile(fold(words).replace("\\s", "\\S"))) for words in (_COMMUNE, _DISTRICT)}
_NAME_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)?\.?")
_TITLE = re.compile(r"^(?:ong|ba|anh|chi|bs|ths|ts|pgs|gs|cn|ks|thay|co|bsck[i1]+)[.: ]+(?:ts|bs)?[.: ]*")
_PLACE = re.compile(
    r"\b(?:duong|pho|phuong|xa|quan|huyen|thon|ap|to dan pho|tdp|khu pho|khu vuc|kp|kiet|ngo|hem|ngach|thi tran|tp|thanh pho"
    r"|tinh|quoc lo|ql|khom|kcn|tinh lo)\b"
)


def is_person(text: str) -> bool:
    """Whether it has the form of a person's name: two to six words of letters, each with a capital first."""
    words = text.split()
    return 2 <= len(words) <= 6 and all(_NAME_WORD.fullmatch(word) and word[0].isupper() for word in words)


def has_surname(text: str) -> bool:
    """Whether it starts with a Vietnamese family name (after ông, bà, BS. and the like)."""
    bare = text.isascii()
    words = _TITLE.sub("", fold(text)).split()
    if not 2 <= len(words) <= 6:
        return False
    exact = canonical(text).lower().split()[-len(words)]
    return words[0] in _BARE_SURNAMES if bare else exact in SURNAMES


def is_province(text: str) -> bool:
    """Whether it names a province, with or without the word for it."""
    plain = re.sub(r"\s*\([^()]*\)$", "", fold(text))
    return _PROVINCE_WORD.sub("", " ".join(plain.replace("-", " ").split())) in PROVINCES


def is_commune(text: str) -> bool:
    """Whether it starts with the word for a commune, ward or township and names one unit only."""
    return len(text) <= 40 and "," not in text and _starts(text, _COMMUNE)


def is_district(text: str) -> bool:
    """Whether it starts with the word for a district, town or city and names one unit only."""
    return len(text) <= 40 and "," not in text and _starts(text, _DISTRICT)


def _starts(text: str, words: str) -> bool:
    """Marks decide where there are any: `Quán Hòa Bình` is no `Quận`."""
    exact, bare = _UNITS[words]
    plain = canonical(text).lower()
    return (bare if plain.isascii() else exact).fullmatch(plain) is not None


def is_address(text: str) -> bool:
    """Whether two of these hold: a comma, a number, words for streets and places."""
    folded = fold(text)
    signs = ("," in text or " - " in text, any(c.isdigit() for c in text), len(_PLACE.findall(folded)) >= 1)
    return len(text) >= 8 and sum(signs) >= 2


def share(values: Sequence[str], test: object) -> float:
    """Which part of `values` passes `test`."""
    return sum(map(test, values)) / len(values) if values and callable(test) else 0.0
