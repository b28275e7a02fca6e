"""The one place that randomness comes from, so that tests can hold it still."""

from __future__ import annotations

import secrets


def token(size: int = 32) -> str:
    """A URL-safe secret of `size` random bytes."""
    return secrets.token_urlsafe(size)


def password(words: int = 4) -> str:
    """A password that can be read aloud: groups of five letters and digits without look-alikes."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(words))
