"""Signed tree heads: in the table and the file, with proofs from the database that hold offline, and keys that change."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from nhip.db.installation import Installation
from nhip.ledger import heads_file, store
from nhip.ledger.checkpoint import is_signed, note_of, read_keys, read_note
from nhip.ledger.errors import LedgerBroken, LedgerKeyBroken, LedgerKeyOpen
from nhip.ledger.heads import change_key, sign_head
from nhip.ledger.keys import Keys
from nhip.ledger.model import Event, Head
from nhip.ledger.proofs import extends, includes, root_of
from nhip.ledger.service import note, record
from nhip.ledger.tree import prove_consistency, prove_inclusion, root_at


async def grow(installation: Installation, count: int) -> None:
    async with installation.db.tx() as tx:
        for n in range(count):
            await note(tx, Event(kind="personal.read", what=f"thing:{n}"))


async def signed(installation: Installation, count: int) -> Head:
    await grow(installation, count)
    head = await sign_head(installation.db, installation.settings)
    assert head is not None
    return head


async def _keys(installation: Installation) -> tuple[str, Keys]:
    async with installation.db.read() as tx:
        origin = (await store.get_tip(tx)).origin
    return origin, Keys(installation.settings, origin)


async def test_a_head_is_made_when_the_ledger_grew(installation: Installation) -> None:
    assert await sign_head(installation.db, installation.settings) is None
    head = await signed(installation, 3)
    assert await sign_head(installation.db, installation.settings) is None
    origin, keys = await _keys(installation)
    assert head.size == 3 and is_signed(origin, head, keys.public())
    (line,) = (line for _, line in heads_file.iter_lines(heads_file.path_of(installation.settings)))
    assert line is not None and heads_file.head_of(line) == head and line.origin == origin
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600


async def test_proofs_from_the_database_hold(installation: Installation) -> None:
    heads = [await signed(installation, count) for count in (1, 254, 1, 1, 300, 1200)]
    last = heads[-1]
    async with installation.db.read() as tx:
        leaves = [h for _, h in sorted((await store.list_leaves(tx, [store.Range(0, last.size)])).items())]
        assert root_of(leaves) == last.root
        assert await store.count_nodes(tx, 8) == last.size >> 8
        for seq in (0, 1, 254, 255, 256, 511, 512, last.size - 1):
            for head in heads:
                if seq < head.size:
                    path = await prove_inclusion(tx, seq, head.size)
                    assert includes(head.root, head.size, seq, leaves[seq], path)
        for old in heads:
            path = await prove_consistency(tx, old.size, last.size)
            assert extends(old.root, old.size, last.root, last.size, path)


async def test_two_levels_of_kept_subtrees(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nhip.ledger.tree.STEP", 2)
    async with installation.db.tx() as tx:  # the table only takes levels of the real step
        await tx.execute("alter table ledger.node drop constraint node_level_check")
    heads = [await signed(installation, count) for count in (5, 60, 200, 19)]
    async with installation.db.read() as tx:
        assert await store.count_nodes(tx, 8) == 1
        leaves = [h for _, h in sorted((await store.list_leaves(tx, [store.Range(0, 284)])).items())]
        assert [await root_at(tx, head.size) for head in heads] == [root_of(leaves[: h.size]) for h in heads]


async def test_nothing_is_signed_over_a_changed_past(installation: Installation) -> None:
    await signed(installation, 20)
    async with installation.db.tx() as tx:
        await tx.execute("set local session_replication_role = replica")
        await tx.execute("update ledger.event set leaf = sha256('forged') where seq = 7")
    await grow(installation, 1)
    with pytest.raises(LedgerBroken):
        await sign_head(installation.db, installation.settings)


async def test_a_head_that_the_file_lacks_is_added(installation: Installation) -> None:
    heads = [await signed(installation, 2) for _ in range(3)]
    path = heads_file.path_of(installation.settings)
    text = path.read_bytes()
    path.write_bytes(text[: text.index(b"\n") + 20])  # cut off in the middle of the second line
    assert await sign_head(installation.db, installation.settings) is None
    lines = [line for _, line in heads_file.iter_lines(path)]
    assert lines[1] is None and [heads_file.head_of(line) for line in lines if line] == heads


async def test_two_workers_make_one_head(installation: Installation) -> None:
    await grow(installation, 9)
    made = await asyncio.gather(*(sign_head(installation.db, installation.settings) for _ in range(3)))
    assert [head is not None for head in made].count(True) == 1


async def test_a_new_key_and_the_old_heads(installation: Installation) -> None:
    before = await signed(installation, 2)
    line = await change_key(installation.db, installation.settings)
    origin, keys = await _keys(installation)
    async with installation.db.read() as tx:
        handed_over, (row, *_) = await store.find_head(tx), await store.list_rows(tx)
    assert row.body.kind == "ledger.key_changed" and row.body.data == {"key": line}
    after = await signed(installation, 1)
    assert handed_over is not None and before.key_id == handed_over.key_id != after.key_id
    assert handed_over.size == 3
    for head in (before, handed_over, after):
        assert is_signed(origin, head, keys.public())
    assert not is_signed(origin, after, read_keys(origin, keys.lines()[:1]))
    await record(installation.db, Event(kind="personal.read"))


async def test_the_text_of_a_head_can_be_read_back(installation: Installation) -> None:
    head = await signed(installation, 2)
    origin, keys = await _keys(installation)
    written = note_of(origin, head)
    assert read_note(written) == (origin, head)
    for wrong in (written + "\n", written.replace("\nat ", "\nto "), written.replace("— ", "- "), "", written[:-20]):
        with pytest.raises(ValueError):
            read_note(wrong)
    assert not is_signed("nhip/ledger/another", head, keys.public())


async def test_a_key_file_that_others_can_read_is_refused(installation: Installation) -> None:
    _, keys = await _keys(installation)
    keys.sign(1, bytes(32), 0)
    keys.path.chmod(0o644)
    with pytest.raises(LedgerKeyOpen):
        keys.sign(1, bytes(32), 0)
    keys.path.chmod(0o600)
    keys.path.write_text("nonsense")
    with pytest.raises(LedgerKeyBroken):
        keys.sign(1, bytes(32), 0)
    keys.public_path.write_text("nonsense\n")
    with pytest.raises(LedgerKeyBroken):
        keys.public()


def test_lines_of_a_heads_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger" / "heads.jsonl"
    assert heads_file.last_size(path) == 0 and list(heads_file.iter_lines(path)) == []
    lines = [heads_file.HeadLine("o", n, n, "00", "01", "02") for n in (1, 2, 5)]
    heads_file.append(path, lines[:2])
    heads_file.append(path, lines)
    assert [line for _, line in heads_file.iter_lines(path)] == lines and heads_file.last_size(path) == 5


async def test_the_heads_that_belong_to_a_copy(installation: Installation) -> None:
    """A backup's dump is older than the file beside it: later heads would look like events that were cut off."""
    first, second = await signed(installation, 2), await signed(installation, 3)
    path = heads_file.path_of(installation.settings)
    lines = path.read_bytes().splitlines(keepends=True)
    assert [heads_file.up_to(path, size) for size in (first.size - 1, second.size - 1, second.size)] == [
        b"",
        lines[0],
        b"".join(lines),
    ]
