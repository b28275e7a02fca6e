"""The Merkle tree of RFC 6962 (section 2.1; verification after RFC 9162): hashes, proofs, and their verification offline.

Pure functions over 32-byte SHA-256 hashes. A tree of `size` leaves has the leaves 0 to `size` - 1; an event's `seq` is its
leaf. Whoever proves only needs the hashes of complete subtrees (`pieces`); whoever verifies needs no database at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
FIRST_CHAIN = bytes(HASH_BYTES)
"""What the chain begins with."""


class Range(NamedTuple):
    """Leaves from `start` up to, not including, `end`."""

    start: int
    end: int


class Subtree(NamedTuple):
    """The complete subtree of 2^`level` leaves that begins with leaf `place` * 2^`level`."""

    level: int
    place: int


def leaf_hash(body: bytes) -> bytes:
    """The hash of one leaf."""
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side."""
    return sha256(b"\x01" + left + right).digest()


def chain_hash(before: bytes, leaf: bytes) -> bytes:
    """The next link of the chain of rows, which is not part of RFC 6962."""
    return sha256(before + leaf).digest()


class Frontier:
    """A growing tree: takes leaves in order, knows its root at any moment; holds one hash per bit of its size."""

    def __init__(self) -> None:
        self.size = 0
        self.complete: list[bytes] = []
        """Hashes of the complete subtrees, the largest first."""

    def add(self, leaf: bytes) -> None:
        """The next leaf."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """The next leaves."""
        complete, size, digest = self.complete, self.size, sha256
        for leaf in leaves:
            node, bits = leaf, size
            while bits & 1:
                node = digest(b"\x01" + complete.pop() + node).digest()
                bits >>= 1
            complete.append(node)
            size += 1
        self.size = size

    def root(self) -> bytes:
        """The root over all leaves so far."""
        return fold(self.complete)


def fold(complete: Sequence[bytes]) -> bytes:
    """The hash over neighbouring complete subtrees, the largest first (as `pieces` gives them)."""
    if not complete:
        return EMPTY_ROOT
    result = complete[-1]
    for left in reversed(complete[:-1]):
        result = node_hash(left, result)
    return result


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    tree = Frontier()
    tree.extend(leaves)
    return tree.root()


def pieces(leaves: Range) -> list[Subtree]:
    """The complete subtrees that make up a range of the tree, the largest first."""
    found, start = [], leaves.start
    while start < leaves.end:
        level = (leaves.end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        found.append(Subtree(level, start >> level))
        start += 1 << level
    return found


def inclusion_ranges(seq: int, size: int) -> list[Range]:
    """The ranges whose hashes are the inclusion path of leaf `seq` in the tree of `size` leaves (RFC 6962, 2.1.1)."""
    if not 0 <= seq < size:
        raise ValueError("no such leaf")
    start, end, found = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if seq < middle:
            found.append(Range(middle, end))
            end = middle
        else:
            found.append(Range(start, middle))
            start = middle
    return found[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The ranges whose hashes prove that the tree of `old` leaves is the beginning of that of `new` (RFC 6962, 2.1.2)."""
    if not 0 < old <= new:
        raise ValueError("no such trees")
    start, end, found = 0, new, []
    while old < end:
        middle = start + _split(end - start)
        if old <= middle:
            found.append(Range(middle, end))
            end = middle
        else:
            found.append(Range(start, middle))
            start = middle
    if start:
        found.append(Range(start, end))
    return found[::-1]


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def includes(root: bytes, size: int, seq: int, leaf: bytes, path: Sequence[bytes]) -> bool:
    """Whether `path` proves that `leaf` is leaf `seq` of the tree with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= seq < size or any(len(part) != HASH_BYTES for part in path):
        return False
    place, last, result = seq, size - 1, leaf
    for part in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            result = node_hash(part, result)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            result = node_hash(result, part)
        place, last = place >> 1, last >> 1
    return last == 0 and compare_digest(result, root)


def extends(old_root: bytes, old: int, new_root: bytes, new: int, path: Sequence[bytes]) -> bool:
    """Whether `path` proves that the tree of `old` leaves is the beginning of that of `new` (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new or any(len(part) != HASH_BYTES for part in path):
        return False
    if old == new:
        return not path and compare_digest(old_root, new_root)
    parts = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not parts:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = parts[0]
    for part in parts[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(part, before), node_hash(part, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, part)
        place, last = place >> 1, last >> 1
    return last == 0 and compare_digest(before, old_root) and compare_digest(after, new_root)
