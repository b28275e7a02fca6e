"""The second half of signing in, proving it again, new passwords, recovery, and the first administrator."""

from __future__ import annotations

import secrets

import msgspec

from nhip.db import Connection, Database
from nhip.kernel import random
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security import store as accounts
from nhip.security.model import Account, SignIn, Who
from nhip.security.parties.service import make_account, make_party
from nhip.security.passwords import hash_password, token_hash
from nhip.security.permissions.service import ADMINISTRATOR, give_role
from nhip.security.secrets import Vault
from nhip.security.service import begin_session, ends_at, set_password
from nhip.security.signin import attempts, invitations, passkeys, proofs, rules, steps, store, totp
from nhip.security.signin.errors import AccountNotFound, ProofRefused, ProofTooLate, TooManyFailures
from nhip.security.signin.model import Invitation, Purpose, Step
from nhip.security.signin.passkeys import Place
from nhip.security.store import NewSession
from nhip.settings import Settings


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """The browser that asks: its address, its own name for itself, the token of the step that it is in."""

    settings: Settings
    address: str
    agent: str = ""
    step: str = ""

    @property
    def vault(self) -> Vault:
        """What opens the shared secrets of one-time codes."""
        return Vault(self.settings)


async def finish_with_code(db: Database, visitor: Visitor, code: str) -> SignIn:
    """After the password: a one-time code or a recovery code. Ten wrong ones on an account, from anywhere, close the lock."""
    async with db.tx() as tx:
        account = await _half_way(tx, visitor)
        attempt = await attempts.begin(tx, "code", account.name, visitor.address) if account else None
    if account is None:
        return SignIn(late=True)
    if attempt is None:
        return SignIn(locked=True)
    method = await proofs.second_method(db, visitor.vault, account, code)
    async with db.tx() as tx:
        if not method:
            await attempts.failed(tx, attempt, account, "code")
            return SignIn()
        await attempts.succeeded(tx, attempt)
        return await _through(tx, visitor, account, f"password+{method}")


async def _half_way(tx: Connection, visitor: Visitor) -> Account | None:
    step = await steps.find(tx, "second", visitor.step)
    return await store.find_account(tx, step.account_id) if step and step.account_id else None


async def _through(tx: Connection, visitor: Visitor, account: Account, method: str) -> SignIn:
    """Begin the session that two proofs are good for."""
    await steps.end(tx, "second", visitor.step)
    ends = ends_at(visitor.settings.session_hours)
    new = NewSession(method=method, level=2, ends_at=ends, address=visitor.address, agent=visitor.agent)
    token = await begin_session(tx, account, new, visitor.settings.sessions_per_account)
    return SignIn(token=token, account=account)


async def ask_to_sign_in(db: Database, visitor: Visitor, place: Place) -> tuple[str, bytes]:
    """Options for signing in with a passkey alone, and the token of the step; nobody is named, so nobody is found out."""
    challenge = new_challenge()
    async with db.tx() as tx:
        await store.forget(tx)
        token = await steps.begin(tx, Step("passkey", None, None, challenge, ""))
    return token, passkeys.options_to_prove(place, [], challenge)


async def ask_second(db: Database, visitor: Visitor, place: Place) -> bytes:
    """Options for a passkey after the password. Raises ProofTooLate."""
    challenge = new_challenge()
    async with db.tx() as tx:
        account = await _half_way(tx, visitor)
        if account is None:
            raise ProofTooLate
        await steps.ask(tx, "second", visitor.step, challenge)
        return passkeys.options_to_prove(place, await store.list_passkeys(tx, account.id), challenge)


async def finish_with_passkey(db: Database, visitor: Visitor, place: Place, purpose: Purpose, answer: str) -> SignIn:
    """Sign in with a passkey, alone (`passkey`) or after the password (`second`). Raises ProofRefused, ProofTooLate,
    TooManyFailures."""
    async with db.tx() as tx:
        step = await steps.take(tx, purpose, visitor.step)
        known = await store.find_account(tx, step.account_id) if step and step.account_id else None
        name = known.name if known else ""
        attempt = await attempts.begin(tx, "passkey", name, visitor.address)
    if step is None or step.challenge is None:
        raise ProofTooLate
    if attempt is None:
        raise TooManyFailures(minutes=attempts.MINUTES)
    try:
        async with db.tx() as tx:
            account = await _of_passkey(tx, place, step.challenge, answer, known)
            await attempts.succeeded(tx, attempt)
            await steps.end(tx, purpose, visitor.step)
            return await _through(tx, visitor, account, "passkey" if known is None else "password+passkey")
    except ProofRefused:
        async with db.tx() as tx:
            await attempts.failed(tx, attempt, known, "passkey")
        raise


async def _of_passkey(tx: Connection, place: Place, challenge: bytes, answer: str, known: Account | None) -> Account:
    proven = await passkeys.prove(tx, place, challenge, answer)
    account = await store.find_account(tx, proven.account_id)
    if account is None or (known is not None and known.id != account.id):
        raise ProofRefused
    return account


async def ask_again(db: Database, who: Who, place: Place) -> tuple[str, bytes]:
    """Options for confirming with a passkey who one is, and the token of the step."""
    challenge = new_challenge()
    async with db.tx() as tx:
        account = await get_account(tx, who)
        token = await steps.begin(tx, Step("confirm", account.id, who.session, challenge, ""))
        return token, passkeys.options_to_prove(place, await store.list_passkeys(tx, account.id), challenge)


async def confirm_with_passkey(db: Database, visitor: Visitor, place: Place, who: Who, answer: str) -> str:
    """Confirm with a passkey; gives the session's new token. Raises ProofRefused, ProofTooLate, TooManyFailures."""
    async with db.tx() as tx:
        account = await get_account(tx, who)
        step = await steps.take(tx, "confirm", visitor.step)
        attempt = await attempts.begin(tx, "confirm", account.name, visitor.address)
    if step is None or step.challenge is None or step.session_id != who.session:
        raise ProofTooLate
    if attempt is None:
        raise TooManyFailures(minutes=attempts.MINUTES)
    try:
        async with db.tx() as tx:
            await _of_passkey(tx, place, step.challenge, answer, account)
            await attempts.succeeded(tx, attempt)
            await steps.end(tx, "confirm", visitor.step)
            return await renew(tx, who, "passkey", 2)
    except ProofRefused:
        async with db.tx() as tx:
            await attempts.failed(tx, attempt, account, "passkey")
        raise


async def confirm_with_words(db: Database, visitor: Visitor, who: Who, password: str, code: str) -> str:
    """Confirm with everything that the account signs in with; gives the session's new token, empty when something is wrong.

    Raises TooManyFailures.
    """
    async with db.tx() as tx:
        account = await get_account(tx, who)
        factors = await store.get_factors(tx, account.id)
        attempt = await attempts.begin(tx, "confirm", account.name, visitor.address)
    if attempt is None:
        raise TooManyFailures(minutes=attempts.MINUTES)
    methods = []
    if factors.password:
        methods.append("password" if await proofs.good_password(account, password) else "")
    if factors.second and all(methods):
        methods.append(await proofs.second_method(db, visitor.vault, account, code))
    async with db.tx() as tx:
        if not methods or not all(methods):
            await attempts.failed(tx, attempt, account, "confirm")
            return ""
        await attempts.succeeded(tx, attempt)
        return await renew(tx, who, "+".join(methods), 2 if factors.second else 1)


async def renew(tx: Connection, who: Who, method: str, level: int) -> str:
    """The session goes on under a new token, confirmed now and at `level` at least. Raises ProofTooLate when it has ended."""
    token = random.token()
    if who.session is None or not await accounts.confirm_session(tx, who.session, level, token_hash(token)):
        raise ProofTooLate
    data = {"session": str(who.session), "method": method, "level": level}
    await note(tx, Event(kind="session.confirmed", what=f"party:{who.id}", data=data))
    return token


async def get_account(tx: Connection, who: Who) -> Account:
    """The account of whoever is signed in. Raises AccountNotFound."""
    found = await accounts.find_account(tx, who.account)
    if found is None or found.party_id != who.id:
        raise AccountNotFound(name=who.account)
    return found


async def change_password(db: Database, visitor: Visitor, who: Who, present: str, new: str) -> str:
    """Give oneself a new password; all other sessions end. Gives the session's new token, empty when `present` is wrong.

    Raises PasswordRefused, TooManyFailures.
    """
    async with db.tx() as tx:
        account = await get_account(tx, who)
        attempt = await attempts.begin(tx, "confirm", account.name, visitor.address)
    if attempt is None:
        raise TooManyFailures(minutes=attempts.MINUTES)
    if account.password_hash is not None and not await proofs.good_password(account, present):
        async with db.tx() as tx:
            await attempts.failed(tx, attempt, account, "password")
        return ""
    own = (who.name, who.account, visitor.settings.city)
    async with db.tx() as tx:
        await attempts.succeeded(tx, attempt)
    await rules.require_good(new, rules.shortest(visitor.settings.second_factor), own)
    async with db.tx() as tx:
        await set_password(tx, account, new, but=who.session)
        return await renew(tx, who, "password", 1)


async def find_invited(db: Database, visitor: Visitor, code: str) -> tuple[Invitation, Account | None] | None:
    """What a one-time code is for, and whose password it sets; None when it is wrong, used or too old. Raises TooManyFailures."""
    async with db.tx() as tx:
        attempt = await attempts.begin(tx, "invitation", "", visitor.address)
        found = await invitations.find(tx, code)
        account = await store.find_account(tx, found.account_id) if found and found.account_id else None
        fine = found is not None and (found.account_id is None or account is not None)
        if attempt is not None and fine:
            await attempts.succeeded(tx, attempt)
        elif attempt is not None:
            await attempts.failed(tx, attempt, None, "invitation")
    if attempt is None:
        raise TooManyFailures(minutes=attempts.MINUTES)
    return (found, account) if found is not None and fine else None


async def recover(db: Database, visitor: Visitor, account: Account, code: str, password: str) -> None:
    """Set the password that the one-time code allows; sessions end, locks open, lost factors go. Raises PasswordRefused,
    ProofTooLate."""
    own = (account.name, visitor.settings.city)
    await rules.require_good(password, rules.shortest(visitor.settings.second_factor), own)
    async with db.tx() as tx:
        invitation = await invitations.take(tx, code)
        if invitation is None or invitation.account_id != account.id:
            raise ProofTooLate
        await set_password(tx, account, password)
        if invitation.drops_factors:
            await drop_factors(tx, account)
        await attempts.unlock(tx, account)
        data = {"factors": invitation.drops_factors}
        await note(tx, Event(kind="invitation.used", what=f"party:{account.party_id}", data=data))
    if account.password_hash is None:  # a new person: what was done so far is no news to them
        async with db.tx() as tx:  # of its own, as the events above have their places when their transaction ends
            await store.set_told(tx, account.id)


async def drop_factors(tx: Connection, account: Account) -> None:
    """Take away one-time codes, passkeys and recovery codes."""
    await totp.remove(tx, account)
    for passkey in await store.list_passkeys(tx, account.id):
        await passkeys.remove(tx, account, passkey.id)
    await store.delete_recovery_codes(tx, account.id)


async def set_up(db: Database, visitor: Visitor, code: str, name: str, account_name: str, password: str) -> str:
    """Make the first administrator and sign them in; gives the token. Raises PasswordRefused, NameTaken, ProofTooLate."""
    own = (name, account_name, visitor.settings.city)
    await rules.require_good(password, rules.shortest(visitor.settings.second_factor), own)
    hashed = await hash_password(password)
    async with db.tx() as tx:
        invitation = await invitations.take(tx, code)
        if invitation is None or invitation.account_id is not None or await accounts.find_administrator(tx):
            raise ProofTooLate
        party = await make_party(tx, "person", name)
        account = await make_account(tx, party, account_name, hashed)
        await give_role(tx, party.id, ADMINISTRATOR)
        ends = ends_at(visitor.settings.session_hours)
        new = NewSession(method="password", level=1, ends_at=ends, address=visitor.address, agent=visitor.agent)
        return await begin_session(tx, account, new, visitor.settings.sessions_per_account)


def new_challenge() -> bytes:
    """64 random bytes for a passkey to sign."""
    return secrets.token_bytes(64)
