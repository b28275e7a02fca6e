"""The tree of RFC 6962 against the published vectors, against pymerkle, and against every wrong proof."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from nhip.ledger.proofs import (
    EMPTY_ROOT,
    Frontier,
    Range,
    consistency_ranges,
    extends,
    fold,
    includes,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    pieces,
    root_of,
)

# google/certificate-transparency, merkletree/merkle_tree_test.cc: leaves, roots of the trees of 1 to 8 of them
VECTOR = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
VECTOR.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {  # (seq, size): path, of the same source
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
GROWTHS = {  # (old, new): path, of the same source
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
SIZES = st.integers(1, 300)


def _leaves(size: int) -> list[bytes]:
    return [leaf_hash(str(n).encode()) for n in range(size)]


def _hashes(leaves: list[bytes], ranges: list[Range]) -> list[bytes]:
    def subtree(level: int, place: int) -> bytes:
        if level == 0:
            return leaves[place]
        return node_hash(subtree(level - 1, 2 * place), subtree(level - 1, 2 * place + 1))

    return [fold([subtree(*piece) for piece in pieces(part)]) for part in ranges]


def test_published_vectors() -> None:
    leaves = [leaf_hash(body) for body in VECTOR]
    assert sha256(b"").digest() == EMPTY_ROOT == root_of([])
    assert [root_of(leaves[:n]).hex() for n in range(1, 9)] == ROOTS
    for (seq, size), path in PATHS.items():
        assert [h.hex() for h in _hashes(leaves, inclusion_ranges(seq, size))] == path
    for (old, new), path in GROWTHS.items():
        assert [h.hex() for h in _hashes(leaves, consistency_ranges(old, new))] == path


@given(SIZES, st.data())
def test_proofs_hold_and_are_those_of_pymerkle(size: int, data: st.DataObject) -> None:
    seq, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    leaves = _leaves(size)
    oracle = InmemoryTree(algorithm="sha256")
    for n in range(size):
        oracle.append_entry(str(n).encode())
    root = root_of(leaves)
    assert root == oracle.get_root()
    path = _hashes(leaves, inclusion_ranges(seq, size))
    growth = _hashes(leaves, consistency_ranges(old, size))
    assert includes(root, size, seq, leaves[seq], path)
    assert extends(root_of(leaves[:old]), old, root, size, growth)
    theirs = [bytes.fromhex(h) for h in oracle.prove_inclusion(seq + 1, size).serialize()["path"]]
    assert theirs[1:] == path


@given(SIZES, st.data())
def test_a_proof_with_one_thing_changed_does_not_hold(size: int, data: st.DataObject) -> None:
    seq, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    leaves = _leaves(size)
    root, before = root_of(leaves), root_of(leaves[:old])
    path, growth = _hashes(leaves, inclusion_ranges(seq, size)), _hashes(leaves, consistency_ranges(old, size))
    other = leaf_hash(b"other")
    assert not includes(root, size, seq, other, path)
    assert not includes(other, size, seq, leaves[seq], path)
    assert not includes(root, size, seq, leaves[seq], [*path, other])
    assert not includes(root, size, seq, leaves[seq], [*path, b""])
    assert not extends(other, old, root, size, growth)
    assert not extends(before, old, other, size, growth)
    assert not extends(before, old, root, size, [*growth, other])
    wrong = data.draw(st.integers(0, 400))
    assert wrong == seq or not includes(root, size, wrong, leaves[seq], path)
    for at in range(len(path)):
        assert not includes(root, size, seq, leaves[seq], [*path[:at], other, *path[at + 1 :]])
        assert not includes(root, size, seq, leaves[seq], path[:at] + path[at + 1 :])
    for at in range(len(growth)):
        assert not extends(before, old, root, size, [*growth[:at], other, *growth[at + 1 :]])
        assert not extends(before, old, root, size, growth[:at] + growth[at + 1 :])


@pytest.mark.parametrize(("seq", "size"), [(0, 0), (-1, 3), (3, 3)])
def test_no_proof_of_what_is_not_there(seq: int, size: int) -> None:
    with pytest.raises(ValueError):
        inclusion_ranges(seq, size)
    assert not includes(EMPTY_ROOT, size, seq, EMPTY_ROOT, [])


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 1)])
def test_no_growth_backwards(old: int, new: int) -> None:
    with pytest.raises(ValueError):
        consistency_ranges(old, new)
    assert not extends(EMPTY_ROOT, old, EMPTY_ROOT, new, [])


@given(st.lists(st.integers(0, 40), max_size=12))
def test_a_frontier_fed_in_parts_has_the_same_root(parts: list[int]) -> None:
    tree, leaves = Frontier(), _leaves(sum(parts))
    for part in parts:
        tree.extend(leaves[tree.size : tree.size + part])
        assert tree.root() == root_of(leaves[: tree.size])


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_pieces_cover_their_range_once(first: int, second: int) -> None:
    start, end = sorted((first, second))
    covered = [leaf for s in pieces(Range(start, end)) for leaf in range(s.place << s.level, (s.place + 1) << s.level)]
    assert covered == list(range(start, end))
