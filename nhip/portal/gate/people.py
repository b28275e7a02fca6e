"""Whether the rows of a table are people, and by which columns somebody could be found among them: inferred from what columns are
called and mean. Whoever proposes can say otherwise; whoever decides sees that."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from nhip.datasets.contract.headers import read_header
from nhip.datasets.contract.model import Field
from nhip.kernel.text import fold
from nhip.portal.model import OpenColumn, Role

_ATTRIBUTES = (
    r"(?:độ|nhóm) tuổi|\btuổi\b|\bage\b",
    r"giới tính|\bphái\b|\b(?:gender|sex)\b",
    r"dân tộc|\bethnic",
    r"tôn giáo|\breligion\b",
    r"nghề nghiệp|nơi làm việc|nơi công tác|\boccupation\b|\bjob\b",
    r"trình độ|học vấn|\beducation\b",
    r"hôn nhân|\bmarital\b",
    r"quốc tịch|\bnationality\b",
)
_BIRTH = r"ngày sinh|năm sinh|sinh ngày|sinh năm|\bbirth"
_RESIDENCE = r"thường trú|tạm trú|nơi ở|chỗ ở|nơi cư trú|quê quán|hộ khẩu|\bresidence\b"
_SENSITIVE = (
    r"khuyết tật|dạng tật|\bbệnh\b(?! viện| xá)|chẩn đoán|\bhiv\b|sức khỏe|sức khoẻ|nhóm máu|\b(?:diagnosis|disease|disabilit)"
    r"|thu nhập|trợ cấp|mức hưởng|hoàn cảnh|(?:diện|đối tượng) (?:chính sách|bảo trợ|trợ giúp)|\bincome\b|\bbenefit"
    r"|tiền án|vi phạm|xử phạt|nghiện (?:ma túy|ma tuý|rượu)"
)
_COUNTS = (
    r"tổng số|số lượng|số người|dân số|số ca|số trường hợp|số hộ(?! khẩu| chiếu| sơ)|số (?:trẻ|học sinh|lao động)"
    r"|\b(?:count|population|total)\b"
)
_ESTABLISHMENT = r"^tên (?!người|chủ|đường|phố)|^(?:cơ sở|đơn vị|trường|công ty|doanh nghiệp)\b"
_PLACE_KINDS = frozenset({"commune", "district", "province", "latitude", "longitude", "x", "y", "geometry", "address"})
_PEOPLE_KINDS = frozenset({"citizen_id", "health_insurance"})
_BARE_AGE = r"^tuoi$|(?:do|nhom) tuoi"
"""Without its marks the word is also fresh and irrigated, so alone it has to be the whole name."""


class _Pattern:
    """Titles with Vietnamese marks are compared with them, plain names without, as headers are."""

    def __init__(self, *patterns: str) -> None:
        exact = "|".join(patterns)
        self._exact = re.compile(exact)
        self._bare = re.compile(fold(exact.replace(r"\btuổi\b|", "").replace("(?:độ|nhóm) tuổi", _BARE_AGE)))

    def __call__(self, title: str) -> bool:
        return (self._bare if title.isascii() else self._exact).search(title) is not None


_attributes, _birth, _residence = [_Pattern(p) for p in _ATTRIBUTES], _Pattern(_BIRTH), _Pattern(_RESIDENCE)
_sensitive, _counts, _establishment = _Pattern(_SENSITIVE), _Pattern(_COUNTS), _Pattern(_ESTABLISHMENT)


class About(msgspec.Struct, frozen=True):
    """What a table is about. `people`: its rows are people. `roles`: what each open column says of them, as Nhịp infers it."""

    people: bool
    roles: dict[str, Role]


def title_of(field: Field | OpenColumn) -> str:
    """What a column is called, in small letters: its title where somebody wrote one, else its name as words."""
    text = field.title or field.title_en or field.name
    return " ".join(re.sub(r"[\W_]+", " ", text.lower()).split())


def about(source: Iterable[Field], private: Collection[str], columns: Sequence[OpenColumn]) -> About:
    """What a table is about. `source`: the columns of the version, also those that are not open; `private`: the personal ones."""
    people = _is_about_people(list(source), private)
    return About(people, {c.name: _role_of(c) for c in columns if people and _role_of(c)})


def _is_about_people(source: Sequence[Field], private: Collection[str]) -> bool:
    titles = [title_of(field) for field in source]
    named = any(
        f.kind == "person_name" or "person_name" in read_header(t).hints for f, t in zip(source, titles, strict=True)
    )
    named = named and bool(private)
    sure = any(f.kind in _PEOPLE_KINDS for f in source) or any(map(_birth, titles)) or any(map(_residence, titles))
    attributes = sum(any(map(pattern, titles)) for pattern in _attributes)
    counted = any(_counts(t) and f.type in ("integer", "number") for f, t in zip(source, titles, strict=True))
    if counted and not named and not any(f.kind in _PEOPLE_KINDS for f in source):
        return False  # numbers of people, not people
    return sure or attributes + named > 1


def _role_of(column: OpenColumn) -> Role:
    """What a column says of people where the rows are people."""
    if column.act in ("mask", "unit"):
        return ""
    title = title_of(column)
    if _sensitive(title):
        return "sensitive"
    found = column.kind in _PLACE_KINDS or column.type in ("date", "timestamp") or "__unit" in column.name
    found = found or _birth(title) or _residence(title) or any(pattern(title) for pattern in _attributes)
    return "quasi" if found or column.act in ("year", "month", "band") or _is_place(title) else ""


def _is_place(title: str) -> bool:
    return bool({"commune", "district", "province", "address", "coordinate"} & read_header(title).hints)


def roles_with(found: About, said: Mapping[str, Role], columns: Sequence[OpenColumn]) -> dict[str, Role]:
    """The roles that hold: what somebody said, else what Nhịp infers."""
    names = [column.name for column in columns if column.act not in ("mask", "unit")]
    return {name: role for name in names if (role := said.get(name, found.roles.get(name, "")))}


def overruled(found: About, said: Mapping[str, Role]) -> list[str]:
    """Columns of which somebody says less than Nhịp infers."""
    return sorted(
        name for name, role in found.roles.items() if name in said and said[name] != role and said[name] != "quasi"
    )


def is_birth(column: OpenColumn) -> bool:
    """Whether a column holds dates or years of birth."""
    return _birth(title_of(column))


def is_residence(column: OpenColumn) -> bool:
    """Whether a column says where people live."""
    return _residence(title_of(column))


def is_establishment(column: OpenColumn) -> bool:
    """Whether a column names institutions, so that an address in the same row is theirs."""
    return column.kind != "person_name" and _establishment(title_of(column))
