"""A browser half-way through a proof, known by a cookie of its own; a session begins only when it is through."""

from __future__ import annotations

from datetime import timedelta

from nhip.db import Connection
from nhip.kernel import random
from nhip.kernel.time import now
from nhip.security.passwords import token_hash
from nhip.security.signin import store
from nhip.security.signin.model import Purpose, Step

LASTS = timedelta(minutes=10)


async def begin(tx: Connection, step: Step) -> str:
    """Note the step; gives the token for the browser's cookie."""
    token = random.token()
    await store.insert_step(tx, token_hash(token), step, now() + LASTS)
    return token


async def find(tx: Connection, purpose: Purpose, token: str) -> Step | None:
    """What the browser with this token is half-way through."""
    return await store.find_step(tx, token_hash(token), purpose) if token else None


async def ask(tx: Connection, purpose: Purpose, token: str, challenge: bytes) -> None:
    """Ask a passkey to sign `challenge` within a step that goes on."""
    await store.set_challenge(tx, token_hash(token), purpose, challenge)


async def take(tx: Connection, purpose: Purpose, token: str) -> Step | None:
    """The step with its challenge, which cannot be used a second time."""
    return await store.take_challenge(tx, token_hash(token), purpose) if token else None


async def end(tx: Connection, purpose: Purpose, token: str) -> None:
    """Through."""
    await store.end_step(tx, token_hash(token), purpose)
