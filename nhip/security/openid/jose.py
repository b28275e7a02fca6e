"""Signed tokens of others (JWS, JWT; RFC 7515, 7519, 8725): which keys and algorithms count, and reading what was signed.

A token never chooses how it is checked: `jku`, `x5u`, `jwk` and `x5c` in its header are not looked at, `crit` is refused, and
the algorithm must be on the list and fit the type of the key that the issuer published for it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import msgspec
from joserfc import jwk, jws
from joserfc._rfc7515.model import JWSAlgModel
from joserfc.errors import JoseError
from joserfc.jwk import Key

from nhip.kernel.i18n import _

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""What tokens may be signed with: asymmetric only, so that a public key is never taken for a shared secret."""
_KEY_TYPES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}
_CURVES = {"ES256": "P-256", "EdDSA": "Ed25519", "Ed25519": "Ed25519"}
MOST_KEYS = 100
LONGEST_TOKEN = 64 << 10
_SMALLEST_RSA = 2048
_LARGEST_RSA = 8192
"""Bits. A huge key would make every check slow."""


class BadToken(Exception):
    """A token that is not accepted; the argument is a marked English reason."""

    @property
    def why(self) -> str:
        """The reason."""
        return str(self.args[0])


class UnknownKey(BadToken):
    """No published key fits; newer ones may have been published."""


class Header(msgspec.Struct, frozen=True):
    """What is read of a token's header."""

    alg: str
    kid: str = ""
    typ: str = ""


class PublicKey(msgspec.Struct, frozen=True):
    """A key that an issuer published for signatures."""

    kid: str
    alg: str
    """The only algorithm that it is for; empty when the issuer does not say."""
    key: Key

    def fits(self, alg: str) -> bool:
        """Whether it may check a signature of `alg`."""
        if self.alg not in ("", alg) or self.key.key_type != _KEY_TYPES[alg]:
            return False
        return alg not in _CURVES or self.key.get("crv") == _CURVES[alg]


class _Registry(jws.JWSRegistry):
    """`EdDSA` is checked as `Ed25519`, its only curve here (RFC 9864). Unknown header names are not our matter."""

    max_header_length = 8 << 10
    max_payload_length = LONGEST_TOKEN

    def get_alg(self, name: str) -> JWSAlgModel:
        return super().get_alg("Ed25519" if name == "EdDSA" else name)


_registry = _Registry(algorithms=ALGORITHMS, strict_check_header=False)


def public_keys(document: object) -> tuple[PublicKey, ...]:
    """The usable signature keys of a JWK set (RFC 7517); keys of other kinds are passed over. Raises BadToken."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise BadToken(_("the list of keys cannot be read"))
    return tuple(found for one in listed if (found := _public_key(one)) is not None)


def _public_key(one: object) -> PublicKey | None:
    if not isinstance(one, dict) or one.get("kty") not in ("RSA", "EC", "OKP") or one.get("use", "sig") != "sig":
        return None
    kid, alg = one.get("kid", ""), one.get("alg", "")
    if not isinstance(kid, str) or not isinstance(alg, str) or (alg and alg not in ALGORITHMS):
        return None
    bare = {name: one[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in one}
    try:
        size = int.from_bytes(_decoded(bare["n"])).bit_length() if bare["kty"] == "RSA" else _SMALLEST_RSA
        if not _SMALLEST_RSA <= size <= _LARGEST_RSA:
            return None
        return PublicKey(kid, alg, jwk.import_key(bare))
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def header_of(token: str) -> Header:
    """The header of a compact token whose algorithm is accepted; nothing in it is proven. Raises BadToken."""
    if len(token) > LONGEST_TOKEN or token.count(".") != 2 or not token.isascii():
        raise BadToken(_("it is not a signed token"))
    try:
        found = msgspec.json.decode(_decoded(token.partition(".")[0]))
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadToken(_("its header cannot be read")) from error
    if not isinstance(found, dict) or "crit" in found or "b64" in found:
        raise BadToken(_("its header cannot be read"))
    try:
        header = msgspec.convert(found, Header)
    except msgspec.ValidationError as error:
        raise BadToken(_("its header cannot be read")) from error
    if header.alg not in ALGORITHMS:
        raise BadToken(_("it is signed in a way that is not accepted"))
    return header


def unproven(token: str) -> dict[str, Any]:
    """The claims of a token before its signature is checked: only to find out whose key it should be checked by."""
    try:
        claims = msgspec.json.decode(_decoded(token.split(".")[1]))
    except (msgspec.MsgspecError, ValueError, IndexError) as error:
        raise BadToken(_("it cannot be read")) from error
    if not isinstance(claims, dict):
        raise BadToken(_("it cannot be read"))
    return claims


def key_for(header: Header, keys: Sequence[PublicKey]) -> PublicKey:
    """The key that `header` names among the published ones; without a name, the only one that fits. Raises UnknownKey."""
    fitting = [key for key in keys if key.fits(header.alg) and (not header.kid or key.kid == header.kid)]
    if len(fitting) != 1:
        raise UnknownKey(_("the key that it names is not one of the issuer's"))
    return fitting[0]


def signed(token: str, key: PublicKey) -> dict[str, Any]:
    """The claims of `token`, whose signature by `key` is good. Raises BadToken."""
    try:
        payload = jws.deserialize_compact(token, key.key, registry=_registry).payload
    except (JoseError, ValueError, TypeError) as error:
        raise BadToken(_("its signature is wrong")) from error
    try:
        claims = msgspec.json.decode(payload)
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadToken(_("it cannot be read")) from error
    if not isinstance(claims, dict):
        raise BadToken(_("it cannot be read"))
    return claims


def sign(claims: dict[str, Any], key: Key, alg: str, **header: str) -> str:
    """A compact token of `claims` signed with our own private key."""
    return jws.serialize_compact({"alg": alg, **header}, msgspec.json.encode(claims), key, registry=_registry)


def moment(claims: dict[str, Any], name: str) -> float | None:
    """A time claim (NumericDate) in seconds since 1970, None where it is absent. Raises BadToken for anything else."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise BadToken(_("a time in it cannot be read"))
    return float(value)


def audiences(claims: dict[str, Any]) -> tuple[str, ...]:
    """Whom a token is for."""
    value = claims.get("aud")
    many = value if isinstance(value, list) else [value]
    return tuple(one for one in many if isinstance(one, str))


def text(claims: dict[str, Any], name: str, longest: int = 255) -> str:
    """A text claim, empty where it is absent. Raises BadToken when it is no text, holds control characters or is too long."""
    value = claims.get(name, "")
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise BadToken(_("a text in it cannot be used"))
    return value


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise ValueError(part[:10]) from error
