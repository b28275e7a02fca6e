"""What a new password must be: long, and not easily guessed (NIST SP 800-63B-4, 3.1.1; ASVS 5.0, 6.2). Any characters, no mixes.

Guessing is counted by zxcvbn (MIT): 30,000 common passwords, English words, names, rows of keys, repeats, sequences, dates;
beside them the Vietnamese words of `words.tsv`, the locality's name and the person's own.
"""

from __future__ import annotations

import asyncio
import re
from functools import cache
from pathlib import Path

from zxcvbn import zxcvbn  # type: ignore[import-untyped]

from nhip.kernel.text import fold
from nhip.security.passwords import LONGEST
from nhip.security.signin.errors import PasswordEasy, PasswordLong, PasswordShort

SHORTEST, SHORTEST_WITH_FACTOR = 15, 12
"""15 where the password may be the only proof (NIST); 12 where nobody gets in without a second factor."""
LEAST_GUESSES = 1e10
"""zxcvbn's "very unguessable": holds against a slow hash that was stolen."""
LOOKED_AT = 64
"""Characters that are looked at; a password with so many is judged by them."""
_LEAST_OWN = 4


def shortest(second_factor: str) -> int:
    """The fewest characters under this policy of second factors."""
    return SHORTEST_WITH_FACTOR if second_factor == "everybody" else SHORTEST


async def require_good(password: str, fewest: int, own: tuple[str, ...]) -> None:
    """Raises PasswordShort, PasswordLong, PasswordEasy.

    `own`: names of the person, the account and the locality, which others would try first.
    """
    if len(password) < fewest:
        raise PasswordShort(n=len(password), least=fewest)
    if len(password) > LONGEST:
        raise PasswordLong(n=len(password), most=LONGEST)
    if await asyncio.to_thread(guesses, password, own) < LEAST_GUESSES:
        raise PasswordEasy


def guesses(password: str, own: tuple[str, ...] = ()) -> float:
    """How many tries somebody needs who knows what people take for passwords, and the names in `own`."""
    folded = fold(password)
    forms = {password, folded, re.sub(r"[\W_]", "", folded)}
    known = [*_own_words(own), *_words()]
    return min(float(zxcvbn(form[:LOOKED_AT], user_inputs=known)["guesses"]) for form in forms if form)


def _own_words(own: tuple[str, ...]) -> list[str]:
    """Names as a whole and in parts, without marks."""
    found: dict[str, None] = {}
    for name in own:
        parts = re.split(r"[\W_]+", fold(name))
        whole = "".join(parts)
        found.update(dict.fromkeys(word for word in (whole, *parts) if len(word) >= _LEAST_OWN))
    return list(found)


@cache
def _words() -> tuple[str, ...]:
    text = (Path(__file__).parent / "words.tsv").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
