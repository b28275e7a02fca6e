"""Hashing what people type: argon2id with the parameters of RFC 9106's second recommendation (64 MiB, 3 passes, 4 lanes).

Hashing is slow by design and takes memory: it runs in a thread, two at a time, so that a flood of attempts cannot
starve the server.
"""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import hash_secret_raw

LONGEST = 200
_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(2, "password")
_hash_code = partial(hash_secret_raw, time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, type=Type.ID)
"""For codes that we made (50 random bits), not people: OWASP's least parameters are plenty, and ten are made at once."""


async def hash_password(password: str) -> str:
    """The PHC string to store."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the one behind `stored`. Takes as long when there is no such account (`stored` None)."""
    run = asyncio.get_running_loop().run_in_executor
    nobody = await run(_threads, _nobody)  # for everybody: the first name that there is not must not take longer
    return await run(_threads, _verified, stored or nobody, password) and stored is not None


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


def _verified(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Whether `stored` was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


async def hash_code(code: str, salt: bytes) -> bytes:
    """What is stored of a recovery code: 32 bytes."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hash_code, code.encode(), salt)


def token_hash(token: str) -> bytes:
    """What is stored of a session's token: SHA-256, as the token itself is 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
