"""The keys of an installation in a backup: AES-256-GCM under a key from the passphrase (Argon2id, RFC 9106).

`NBK1`, 16 bytes of salt, 12 of nonce, ciphertext. The bundle is JSON: file name -> base64.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

import msgspec
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nhip.backup.errors import WrongPassphrase
from nhip.db.keyfile import replace

PASSPHRASE = "NHIP_BACKUP_PASSPHRASE"
"""The variable that holds the passphrase: no setting, as settings are written down beside the keys."""
_MAGIC = b"NBK1"
_SALT, _NONCE = 16, 12


def passphrase_of() -> str:
    """The passphrase of the environment; empty: keys are left out."""
    return os.environ.get(PASSPHRASE, "")


def sealed_keys(data_dir: Path, passphrase: str) -> bytes:
    """The files of `<data_dir>/keys` and `nhip.toml`, sealed."""
    wanted = [*sorted((data_dir / "keys").glob("*")), data_dir / "nhip.toml"]
    names = {str(p.relative_to(data_dir)): base64.b64encode(p.read_bytes()).decode() for p in wanted if p.is_file()}
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    text = msgspec.json.encode({name: text for name, text in names.items() if not name.endswith(".part")})
    return _MAGIC + salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, text, _MAGIC)


def unseal_keys(sealed: bytes, passphrase: str) -> dict[str, bytes]:
    """Content by file name. Raises WrongPassphrase, for changed bytes too."""
    salt, rest = sealed[len(_MAGIC) : len(_MAGIC) + _SALT], sealed[len(_MAGIC) + _SALT :]
    try:
        text = AESGCM(_key(passphrase, salt)).decrypt(rest[:_NONCE], rest[_NONCE:], sealed[: len(_MAGIC)])
    except (InvalidTag, ValueError):
        raise WrongPassphrase from None
    found = msgspec.json.decode(text, type=dict[str, str])
    return {name: base64.b64decode(value) for name, value in found.items()}


def write_keys(data_dir: Path, keys: dict[str, bytes]) -> None:
    """Put the files back, readable by nobody else."""
    for name, content in keys.items():
        path = data_dir / name
        if path.resolve().parent not in (data_dir.resolve(), (data_dir / "keys").resolve()):
            raise WrongPassphrase
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace(path, content)


def _key(passphrase: str, salt: bytes) -> bytes:
    return hash_secret_raw(
        passphrase.encode(), salt, time_cost=3, memory_cost=65_536, parallelism=4, hash_len=32, type=Type.ID
    )
