"""Numbers, amounts of money and quantities with units, as agencies write them."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from nhip.kernel.measure import Unit, UnitMismatch, convert, find_unit, get_unit, is_land_measure
from nhip.kernel.text import fold
from nhip.kernel.values.cleaning import LONGEST, blank, clean
from nhip.kernel.values.digits import Ambiguous, number_text, plain, read_marks
from nhip.kernel.values.fastpath import INTEGER, NUMBER, NUMBER_POINT
from nhip.kernel.values.model import Parsed

_CANONICAL = {
    "": re.compile(NUMBER).fullmatch,
    ",": re.compile(NUMBER).fullmatch,
    ".": re.compile(NUMBER_POINT).fullmatch,
}
_WHOLE = re.compile(INTEGER).fullmatch
_MARKS_ONLY = re.compile(r"-?[0-9][0-9.,]*[0-9]").fullmatch
_DONG = re.compile(r"(-?[0-9][0-9.,]*[0-9]) ?(?:VND|VNĐ|vnđ|đồng|đ|₫)").fullmatch
_SHAPE = re.compile(
    r"(?P<sign>[-+]?) ?(?P<front>₫|vnd|vnđ|us\$|\$|usd|€|eur)? ?(?P<sign2>-?)"
    r"(?P<body>[0-9](?:[0-9.,]|[ '](?=[0-9]))*|[.,][0-9]+)(?P<exponent>e[+-]?[0-9]{1,3}(?![0-9a-z]))?(?P<tail>.*)"
).fullmatch
_SPACED = re.compile(r"[0-9]{1,3}(?:[ '][0-9]{3})+(?:[.,][0-9]+)?").fullmatch
_MULTIPLIER = re.compile(r"(nghin|ngan|k|trieu|tr|ty|ti)(?![a-z])\.? ?").match
_MULTIPLIERS = {"nghin": 3, "ngan": 3, "k": 3, "trieu": 6, "tr": 6, "ty": 9, "ti": 9}
_COMPOUND = re.compile(
    r"(?:[0-9]+(?:[.,][0-9]+)? ?(?:nghin|ngan|k|trieu|tr|ty|ti)\b,? ?){2,4}(?P<tail>[^0-9]*)"
).fullmatch
_COMPOUND_PART = re.compile(r"([0-9]+(?:[.,][0-9]+)?) ?(nghin|ngan|k|trieu|tr|ty|ti)\b")
_APPROXIMATE = re.compile(
    r"(?:~|≈|<=?|>=?|≤|≥|±|khoang|tren|duoi|hon|gan|tren duoi|toi da|toi thieu|uoc|tu) ?(?=[0-9])"
).match
_SEVERAL = re.compile(r"[0-9.,' ]+ ?(?:-|/|;|\+|den|toi|x|hoac|va) ?[0-9].*").fullmatch
_FREE = frozenset(("mien phi", "mien", "free", "khong thu phi", "khong thu", "khong mat phi", "khong tinh phi"))
_ENDINGS = (",-", ".-", "/-", " chan")
_ARITHMETIC = Context(prec=60)


class Want(NamedTuple):
    """What the column holds. `decimal` is its decimal mark if known."""

    unit: Unit | None = None
    integer: bool = False
    decimal: str = ""

    @property
    def grouped(self) -> bool:
        """Numbers without decimals by nature, where Vietnamese thousands marks decide."""
        return self.integer or self.dong

    @property
    def dong(self) -> bool:
        """Whether the column holds đồng."""
        return self.unit is not None and self.unit.symbol == "VND"


class _Trouble(Exception):
    """`args`: rule and suggestion of a value that cannot be read."""


@lru_cache(maxsize=256)
def wanted(unit: str, integer: bool, decimal: str) -> Want:
    """The wish as units; raises UnknownUnit for a unit that is not in the table."""
    return Want(get_unit(unit) if unit else None, integer, decimal)


def parse_number(text: str, *, unit: str = "", integer: bool = False, decimal: str = "") -> Parsed:
    """Read a number; canonical has a decimal point and nothing else, whole numbers at most 18 digits.

    `unit` is what the stored number counts (`m2`, `VND`): other units are converted, a bare number is taken as it is.
    `decimal` is the decimal mark when the column or the file format makes it known; without it `1.234` is ambiguous,
    except for whole numbers and đồng. Raises UnknownUnit for a `unit` that is not in the table.
    """
    if (_WHOLE if integer else _CANONICAL[decimal])(text):
        return Parsed(text)
    want = wanted(unit, integer, decimal)
    try:
        if _MARKS_ONLY(text) and len(text) <= LONGEST:
            return _finish(_signed(text, decimal, want.grouped), want)
        if want.dong and len(text) <= LONGEST and (match := _DONG(text)):
            return _finish(_signed(match[1], decimal, True), want)
        return _slow(text, want)
    except _Trouble as trouble:
        return Parsed(None, trouble.args[0], "error", trouble.args[1])
    except Ambiguous as ambiguous:
        likely, _ = number_text(ambiguous.args[0] if "." in text else ambiguous.args[1])
        return Parsed(None, "number.ambiguous", "error", likely)


def _signed(body: str, decimal: str, grouped: bool) -> str:
    sign, digits = ("-", body[1:]) if body[0] == "-" else ("", body)
    number = read_marks(digits, decimal, grouped)
    if number is None:
        raise _Trouble("number.unreadable", "")
    return sign + number


def _finish(number: str, want: Want, rule: str = "number.form") -> Parsed:
    """The canonical value of `-digits.digits`; its rule is what was done last or weighs most."""
    value, done = number_text(number)
    if done == "range":
        raise _Trouble("number.range", "")
    if want.integer:
        whole, _, fraction = value.partition(".")
        if fraction.strip("0"):
            raise _Trouble("number.notInteger", "")
        value = whole
    if rule == "number.form" and done:
        rule = f"number.{done}"
    warned = rule in ("number.leadingZero", "number.scientific", "number.perUnit")
    return Parsed(value, rule, "warning" if warned else "mended")


def _slow(text: str, want: Want) -> Parsed:
    cleaned = clean(text)
    if empty := blank(cleaned):
        return empty
    if len(cleaned) > LONGEST:
        raise _Trouble("number.unreadable", "")
    folded = fold(cleaned)
    if folded in _FREE and want.unit is not None and want.unit.dimension.startswith("money"):
        return Parsed("0", "number.word")
    for ending in _ENDINGS:
        folded = folded.removesuffix(ending)
    if match := _APPROXIMATE(folded):
        raise _Trouble("number.approximate", _suggest(folded[match.end() :], want))
    if _COMPOUND(folded):
        return _compound(folded, want)
    if _SEVERAL(folded) and not _SPACED(folded):
        raise _Trouble("number.several", "")
    return _shaped(folded, want)


def _suggest(folded: str, want: Want) -> str:
    try:
        return _shaped(folded, want).value or ""
    except (_Trouble, Ambiguous):
        return ""


def _shaped(folded: str, want: Want) -> Parsed:
    negative = folded.startswith("(") and folded.endswith(")")
    match = _SHAPE(folded[1:-1].strip() if negative else folded)
    if match is None:
        raise _Trouble("number.unreadable", "")
    body, decimal = _without_blanks(match["body"], want.decimal)
    tail = match["tail"].strip()
    if tail == "-" and not match["sign"]:
        negative, tail = True, ""
    if find_unit(tail, want.unit) is None:
        power, tail = _multipliers(tail)
    else:
        power = 0
    tail = tail or (match["front"] or "")
    source, per_unit = _unit_of(tail, want)
    currency = source is not None and source.symbol == "VND"
    grouped = not power and (
        want.integer or (want.grouped and (source is None or currency)) or (currency and not want.unit)
    )
    try:
        number = _signed(body.rstrip(".,"), decimal, grouped)
    except Ambiguous:
        if power or (source and source != want.unit):
            raise _Trouble("number.ambiguous", "") from None  # a suggestion would have to be converted too
        raise
    minus = negative or "-" in (match["sign"], match["sign2"])
    exponent = int(match["exponent"][1:]) if match["exponent"] else 0
    if not (power or exponent or source):
        return _finish(("-" if minus else "") + number, want)
    amount = Decimal(number).scaleb(power + exponent, _ARITHMETIC) * (-1 if minus else 1)
    rule = "number.perUnit" if per_unit else "number.scientific" if exponent else "number.form"
    return _converted(amount, source, want, rule)


def _without_blanks(body: str, decimal: str) -> tuple[str, str]:
    """Digits without blanks or apostrophes between thousands; where there were any, the other mark is the decimal one."""
    if " " not in body and "'" not in body:
        return body, decimal
    if not _SPACED(body):
        raise _Trouble("number.several", "")
    return body.replace(" ", "").replace("'", ""), decimal or ("," if "," in body else ".")


def _multipliers(tail: str) -> tuple[int, str]:
    """The power of ten of leading words like `triệu` and `nghìn tỷ`, and what follows them."""
    power = 0
    while match := _MULTIPLIER(tail):
        power += _MULTIPLIERS[match[1]]
        tail = tail[match.end() :]
    return power, tail


def _unit_of(tail: str, want: Want) -> tuple[Unit | None, bool]:
    """The unit that stands behind a number, and whether it was a price per something."""
    if not tail:
        return None, False
    unit = find_unit(tail, want.unit)
    if unit is not None:
        return unit, False
    head, slash, _ = tail.partition("/")
    unit = find_unit(head) if slash else None
    if unit is not None and unit.dimension.startswith("money"):
        return unit, True
    if is_land_measure(tail):
        raise _Trouble("number.unitAmbiguous", "")
    raise _Trouble("number.unitUnknown" if tail[0].isalpha() or tail[0] in "%‰°" else "number.unreadable", "")


_PLAIN_COUNTS = ("money", "people", "households", "pieces")


def _converted(amount: Decimal, source: Unit | None, want: Want, rule: str) -> Parsed:
    """The amount in the wanted unit. Without one, only counts and đồng can be stored: what 5 ha means is not known."""
    if source is None:
        return _finish(_bounded(amount), want, rule)
    if want.unit is None:
        if source.dimension not in _PLAIN_COUNTS:
            raise _Trouble("number.unitMissing", number_text(_bounded(amount))[0])
        return _finish(_bounded(amount * source.factor), want, rule)
    try:
        value = convert(amount, source, want.unit)
    except UnitMismatch:
        raise _Trouble("number.unitMismatch", "") from None
    if source != want.unit and not want.dong and rule == "number.form":
        rule = "number.unit"
    return _finish(_bounded(value), want, rule)


def _bounded(value: Decimal) -> str:
    """At most 18 digits before the point and 15 behind it."""
    if value.adjusted() > 18:
        raise _Trouble("number.range", "")
    return plain(value.quantize(Decimal("1e-15"), context=_ARITHMETIC))


def _compound(folded: str, want: Want) -> Parsed:
    """`2 tỷ 500 triệu`: parts of falling size."""
    parts = [(Decimal(n.replace(",", ".")), _MULTIPLIERS[word]) for n, word in _COMPOUND_PART.findall(folded)]
    powers = [power for _, power in parts]
    match = _COMPOUND(folded)
    if powers != sorted(set(powers), reverse=True) or match is None:
        raise _Trouble("number.several", "")
    source, _ = _unit_of(match["tail"].strip(), want)
    return _converted(sum((n.scaleb(power) for n, power in parts), Decimal(0)), source, want, "number.form")
