"""How a Vietnamese syllable may look: the yardstick that tells mended text from merely different text.

Onsets and rhymes are those of standard orthography; a rhyme that ends in c, ch, p or t takes only sắc or nặng. Names from
the languages of the highlands (Đắk Lắk, Krông Pa) break these rules, so a second, looser form is told apart from nonsense.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_RHYMES: Final = _words("""
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e ec em en eng eo ep et ê êch
    êm ên ênh êp êt êu êng êc i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu yêm yên yêng yêt yêu o oa oac
    oach oai oam oan oang oanh oao oap oat oay oc oăc oăm oăn oăng oăt oe oen oeo oet oi om on ong ooc oong op ot ô ôc ôi
    ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uc ui um un ung up ut uân uâng uât uây uê uêch uênh uơ uy uya uych uyên uyêt
    uyn uynh uyp uyt uyu uôc uôi uôm uôn uông uôt ư ưa ưc ưi ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu y
""")
_COMMON: Final = _words("""
    đường phường xã thị trấn thành phố quận huyện tỉnh thôn tổ dân khu vực số nhà ấp bản làng ngõ kiệt hẻm chợ cầu sông
    nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý văn thị hữu đức minh hùng dũng thanh hương
    lan hòa bình hải hà nội huế đà nẵng thừa thiên sài gòn cần thơ phú xuân đông tây nam bắc an vĩnh tân mỹ long thuận
    trường học viện bệnh y tế trạm công ty cổ phần trách nhiệm hữu hạn doanh nghiệp tư nhân nước ngoài việt và của các
    những một hai ba bốn năm sáu bảy tám chín mười được có không là đã đang sẽ trong ngoài trên dưới cho với từ đến tại
    về theo hoặc ngày tháng tên địa chỉ điện thoại mã loại đơn vị diện tích ghi chú trạng thái đất ở nông lâm sản thủy
    hoạt động cấp phép quản lý giáo dục mầm non tiểu trung cơ sở phổ thông đại cao đẳng nghề du lịch khách sạn quán ăn
    chùa đền miếu lăng di lịch sử văn hóa nghệ thuật người kinh doanh dịch vụ hộ gia đình chủ tịch ủy ban nhân hội đồng
    sở ngành phòng tuyến xe buýt bến điểm đầu cuối giờ giá vé đồng miễn phí tốt xấu hỏng mới cũ nhất bao gồm thực hiện
    nam nữ giới tính sinh quốc tịch quê quán thường trú tạm kết hôn mất bộ trưởng giám đốc phó nhân viên lương bảo hiểm
    trần quang lợi huệ ngọc bảo anh hưng đạo quốc khánh chí cường thắng thế kỷ vạn thọ phúc lộc tài kim sơn lâm giang
    biển đảo núi đồi rừng cây lúa hoa quả rau cá tôm gạo thịt trứng sữa máy điện nước rác thải môi trường
""")
"""Syllables so common that they tell two readings apart, both of which are possible."""
_ONSET: Final = re.compile(r"(ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnprstvx]?)(.+)")
_GLIDES: Final = ("ai", "ao", "au", "ay", "eo", "oi", "ui", "iu")
_FRONT: Final = tuple("eêiy")
_Y_ONSETS: Final = frozenset(["", "h", "k", "l", "m", "qu", "s", "t", "v", "n"])
_LOOSE: Final = re.compile(
    r"(?:[bcdđgkptcms][rlh]|ch?r|h[lmnr]|m[lnr]|[bcdđfghjklmnpqrstvwxyz]|ch|kh|nh|ng|ngh|th|ph|tr|gh)?"
    r"[aăâeêioôơuưy]{1,3}(?:[ckptmnlrsu]|ng|nh|ch)?"
)


def tone_of(word: str) -> tuple[str, str]:
    """A lower-case NFC word without its tone marks, and those marks."""
    marks = unicodedata.normalize("NFD", word)
    tones = "".join(mark for mark in marks if mark in _TONES)
    return unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in _TONES)), tones


@lru_cache(maxsize=50_000)
def rank(word: str) -> int:
    """1 for a Vietnamese syllable, 0 for what may be a name from a minority language, -1 for neither. Case is ignored."""
    plain, tones = tone_of(word.lower())
    if len(tones) > 1 or len(plain) > 7:
        return -1
    if tones and plain.endswith(("c", "ch", "p", "t", "k")) and tones not in "\u0301\u0323":
        return -1
    if _is_native(plain) and (not tones or _is_well_placed(word.lower(), plain)):
        return 1
    return 0 if _LOOSE.fullmatch(plain) else -1


def _is_well_placed(word: str, plain: str) -> bool:
    """Whether the tone stands on the vowel with a shape (ăâêôơư), the last of two, and not on a closing glide."""
    toned = next(place for place, letter in enumerate(word) if letter != plain[place])
    shaped = [place for place, letter in enumerate(plain) if letter in "ăâêôơư"]
    if shaped:
        return toned == shaped[-1]
    return not (toned == len(plain) - 1 and plain.endswith(_GLIDES) and not plain.startswith("qu"))


def _is_native(plain: str) -> bool:
    match = _ONSET.fullmatch(plain)
    onset, rhyme = match.groups() if match else ("", "")
    if onset == "qu" and rhyme.startswith("y") and f"u{rhyme}" in _RHYMES:
        return True  # Quỳnh, quýt: the u belongs to both
    if plain in ("gi", "gin") or rhyme not in _RHYMES or onset == "p":
        return plain in ("gi", "gin")
    front = rhyme.startswith(_FRONT)
    if onset in ("k", "gh", "ngh", "c", "ng", "g"):
        return front == onset.startswith(("k", "gh", "ngh"))
    if rhyme == "y":
        return onset in _Y_ONSETS
    return not (rhyme.startswith("yê") and onset not in ("", "qu"))


def is_common(word: str) -> bool:
    """Whether a syllable is among the few hundred that fill official tables."""
    return word.lower() in _COMMON


def is_capitalised_well(word: str) -> bool:
    """Whether the capitals of a word are as people write them: none, the first, or all."""
    return word.islower() or word.isupper() or word[1:].islower()


def all_syllables() -> frozenset[str]:
    """Every toned syllable that is native, lower case, with the tone where either school of spelling puts it."""
    onsets = _words("b c ch d đ g gh gi h k kh l m n ng ngh nh ph qu r s t th tr v x") | {""}
    words = {onset + rhyme for onset in onsets for rhyme in _RHYMES} | {f"q{r}" for r in _RHYMES if r.startswith("uy")}
    return frozenset(toned for word in words if _is_native(word) for toned in _toned(word))


def _toned(word: str) -> list[str]:
    tones = "\u0301\u0323" if word.endswith(("c", "ch", "p", "t")) else _TONES
    vowels = [place for place, letter in enumerate(word) if letter in "aăâeêioôơuưy"]
    marked = [word[: place + 1] + tone + word[place + 1 :] for place in vowels for tone in tones]
    forms = [unicodedata.normalize("NFC", form) for form in marked]
    return [word, *(form for form in forms if _is_well_placed(form, word))]
