"""The keys that sign tree heads: `<data_dir>/keys/ledger.key` (private, the one in use) and `<data_dir>/ledger/keys.txt` (public,
every one that was ever in use, the newest last). Auditors keep a copy of the latter.
"""

from __future__ import annotations

import base64
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nhip.ledger.checkpoint import PublicKeys, key_id_of, read_keys, text_of, write_key
from nhip.ledger.errors import LedgerKeyBroken, LedgerKeyOpen
from nhip.ledger.model import Head
from nhip.settings import Settings


class Keys:
    """Signs for the ledger `origin`; the key is made at first use."""

    def __init__(self, settings: Settings, origin: str) -> None:
        self.origin = origin
        self.path = settings.data_dir / "keys" / "ledger.key"
        self.public_path = settings.data_dir / "ledger" / "keys.txt"

    def sign(self, size: int, root: bytes, at_us: int) -> Head:
        """A signed tree head. Raises LedgerKeyOpen and LedgerKeyBroken."""
        key = self._private()
        key_id = key_id_of(self.origin, key.public_key())
        if key_id not in self.public():
            self._publish(key)
        return Head(size, at_us, root, key.sign(text_of(self.origin, size, root, at_us).encode()), key_id)

    def public(self) -> PublicKeys:
        """Every public key of this ledger by its id. Raises LedgerKeyBroken."""
        try:
            return read_keys(self.origin, self.lines())
        except ValueError as error:
            raise LedgerKeyBroken(path=self.public_path) from error

    def lines(self) -> list[str]:
        """The public keys as auditors get them, the newest last."""
        if not self.public_path.is_file():
            return []
        return self.public_path.read_text(encoding="utf-8").splitlines()

    def replace(self, key: Ed25519PrivateKey) -> None:
        """Put another key in use; heads signed before stay good by the old public key."""
        self._publish(key)
        self._draft(key).replace(self.path)

    def _private(self) -> Ed25519PrivateKey:
        with suppress(FileExistsError):
            if not self.path.exists():
                self._create()
        if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
            raise LedgerKeyOpen(path=self.path)
        try:
            return Ed25519PrivateKey.from_private_bytes(base64.b64decode(self.path.read_bytes().strip(), validate=True))
        except ValueError:
            raise LedgerKeyBroken(path=self.path) from None

    def _create(self) -> None:
        """Make the first key. A hard link decides between two processes that start at once: the first one wins."""
        draft = self._draft(Ed25519PrivateKey.generate())
        try:
            os.link(draft, self.path)
        finally:
            draft.unlink()

    def _draft(self, key: Ed25519PrivateKey) -> Path:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path.with_name(f"ledger.{secrets.token_hex(8)}.part")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(key.private_bytes_raw()) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return draft

    def _publish(self, key: Ed25519PrivateKey) -> None:
        self.public_path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with self.public_path.open("a", encoding="utf-8") as file:
            file.write(write_key(self.origin, key.public_key()) + "\n")
            file.flush()
            os.fsync(file.fileno())
