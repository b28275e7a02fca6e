"""Which of point and comma is the decimal mark, and the canonical text of a number."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

_GROUPED = {
    ".": re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+").fullmatch,
    ",": re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+").fullmatch,
}
_NOISE = re.compile(r"(0{5,}|9{5,})[0-9]{1,2}$").search
_OTHER = {".": ",", ",": "."}
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


class Ambiguous(Exception):
    """The same digits are two numbers; `args` are the reading with a thousands mark and the one with a decimal mark."""


def read_marks(body: str, decimal: str = "", grouped: bool = False) -> str | None:
    """Digits with points and commas as `digits` or `digits.digits`; None if they make no number.

    `decimal` is the decimal mark of the column if it is known; `grouped` says that the number has no decimals by its nature
    (whole numbers, đồng), so that `1.234` is 1234. Raises Ambiguous where neither decides.
    """
    point, comma = body.count("."), body.count(",")
    if not point and not comma:
        return body
    if point and comma:
        mark = "." if body.rfind(".") > body.rfind(",") else ","
        head, _, tail = body.rpartition(mark)
        other = _OTHER[mark]
        return f"{head.replace(other, '')}.{tail}" if _GROUPED[other](head) and tail else None
    mark = "." if point else ","
    if point + comma > 1:
        return body.replace(mark, "") if _GROUPED[mark](body) else None
    head, _, tail = body.partition(mark)
    if len(tail) != 3 or not 1 <= len(head) <= 3 or head[0] == "0" or decimal == mark:
        return f"{head or '0'}.{tail}" if tail else head
    if grouped or decimal:
        return head + tail
    raise Ambiguous(head + tail, f"{head}.{tail}")


def number_text(number: str) -> tuple[str, str]:
    """The canonical text of `-digits.digits` and what had to be done: ``, `leadingZero`, `float` or `range`.

    Exactly three decimals after one to three digits get a 0 behind them, so that they cannot be taken for thousands.
    """
    sign, digits = ("-", number[1:]) if number[0] == "-" else ("", number)
    whole, _, fraction = digits.partition(".")
    done = ""
    if len(fraction) > 8 and (len(fraction) > 30 or _noisy(whole, fraction)):
        whole, _, fraction = plain(_rounded(whole, fraction)).partition(".")
        done = "float"
    short = whole.lstrip("0") or "0"
    if len(short) > 18:
        return "", "range"
    if len(short) < len(whole):
        done = done or "leadingZero"
    if len(fraction) == 3 and len(short) <= 3 and short != "0":
        fraction += "0"
    return sign + (f"{short}.{fraction}" if fraction else short), done


def _noisy(whole: str, fraction: str) -> bool:
    """Whether the end is what binary floating point leaves behind; a number that is tiny as a whole is meant so."""
    if not whole.strip("0") and not fraction[:-2].strip("0"):
        return False
    return any(end[:5] in ("00000", "99999") for end in (fraction[-7:], fraction[-6:]))


def _rounded(whole: str, fraction: str) -> Decimal:
    run = _NOISE(fraction, max(len(fraction) - 30, 0))
    places = min(run.start() if run else 15, 15)
    return Decimal(f"{whole}.{fraction}").quantize(Decimal(1).scaleb(-places), context=_EXACT)


def plain(value: Decimal) -> str:
    """Without exponent and without zeros at the end."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
