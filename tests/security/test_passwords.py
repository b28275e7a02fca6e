"""What a new password must be: any characters, long, and not what others would try first."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.kernel import random
from nhip.security.signin.errors import PasswordRefused
from nhip.security.signin.rules import LEAST_GUESSES, guesses, require_good, shortest

OWN = ("Phạm Thị Mai", "mai.pham", "Thành phố Huế")
EASY = [
    "passwordpassword",
    "123456789012345",
    "aaaaaaaaaaaaaaaaaaaa",
    "abcabcabcabcabcabc",
    "qwertyuiopasdfgh",
    "1qaz2wsx3edc4rfv",
    "P@ssw0rd12345678",
    "Admin@123456789",
    "matkhaucuatoi123",
    "Mật khẩu của tôi",
    "quantrivien2026",
    "thanhphohue2026",
    "anhyeuem anhyeuem",
    "vietnamvodich2026",
    "phamthimai19901990",
    "mai.pham.mai.pham",
    "nguyenvanan12345",
    "iloveyouiloveyou",
    "letmeinletmein123",
]
GOOD = [
    "ghe xanh mua thu bay",
    "hôm nay trời đẹp quá",
    "toi di lam bang xe dap",
    "correct horse battery staple",
    "🚲 đi chợ 🍜 mua rau",
    "  blanks   are   characters  too  ",
    "k4m2p-xw9q3-abcde",
]


@pytest.mark.parametrize("password", EASY)
async def test_what_others_would_try_first_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefused, match="too easy to guess"):
        await require_good(password, 15, OWN)


@pytest.mark.parametrize("password", GOOD)
async def test_any_characters_will_do_and_no_mix_is_asked_for(password: str) -> None:
    await require_good(password, 15, OWN)


async def test_length_counts_first() -> None:
    assert (shortest("offered"), shortest("privileged"), shortest("everybody")) == (15, 15, 12)
    with pytest.raises(PasswordRefused, match=r"14 characters\. Use at least 15"):
        await require_good("k4m2p-xw9q3-ab", 15, OWN)
    await require_good("k4m2p-xw9q3-ab", 12, OWN)
    with pytest.raises(PasswordRefused, match="Use at most 200"):
        await require_good("k4m2p-xw9q3-" * 20, 15, OWN)


def test_passwords_that_we_make_are_good() -> None:
    assert all(guesses(random.password()) >= LEAST_GUESSES for _each in range(20))


@given(st.text(min_size=15, max_size=200))
@settings(max_examples=60, deadline=None)
def test_whatever_is_typed_is_judged_in_reasonable_time(password: str) -> None:
    began = time.process_time()
    assert guesses(password, OWN) >= 0
    assert time.process_time() - began < 5


def test_long_repeats_do_not_take_long() -> None:
    began = time.process_time()
    for password in ("ab1" * 66, "a" * 200, "qwerty" * 33, "1990" * 50):
        guesses(password, OWN)
    assert time.process_time() - began < 5
