"""Whoever changes anything afterwards is found, whatever they change and however much of the rest they make good again.

Only the signing key and the heads file are beyond the forger's reach, and in most tests one of the two is not.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from nhip.db import Database
from nhip.db.embedded import EmbeddedServer
from nhip.errors import DatabaseAway
from nhip.ledger import heads_file, slices
from nhip.ledger.errors import LedgerUnreadable
from nhip.ledger.heads import sign_head
from nhip.ledger.model import Event
from nhip.ledger.proofs import FIRST_CHAIN, chain_hash, leaf_hash
from nhip.ledger.service import note
from nhip.ledger.verify import Report, verify_tables
from nhip.settings import Settings

TABLES = {
    "event": ("seq", "body", "leaf", "chain"),
    "subject": ("subject", "seq"),
    "head": ("size", "at_us", "root", "signature", "key_id"),
    "node": ("level", "place", "hash"),
    "tip": ("one", "id", "size", "chain", "at_us"),
}
PARTS = (1, 6, 3, 250, 20)
SIZE = sum(PARTS)
State = dict[str, list[dict[str, Any]]]


def copied(state: State) -> State:
    return {name: [dict(row) for row in rows] for name, rows in state.items()}


class Forger:
    """A ledger of 280 events under five heads, that anybody with the database's password may rewrite."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.url = settings, settings.database_url
        self.file = heads_file.path_of(settings)
        asyncio.run(self._fill())
        self.connection = psycopg.connect(self.url, autocommit=True)
        self.was, self.lines = self.read(), self.file.read_bytes()
        self.now = copied(self.was)

    async def _fill(self) -> None:
        db = Database(self.url, size=2)
        await db.open()
        people = [bytes([n + 1]) * 32 for n in range(5)]
        for part in PARTS:
            async with db.tx() as tx:
                for n in range(part):
                    subjects = tuple(people[: n % 3])
                    await note(tx, Event(kind="personal.read", what=f"thing:{n}", data={"n": n}, subjects=subjects))
            await sign_head(db, self.settings)
        await db.close()

    def read(self) -> State:
        state: State = {}
        for table, columns in TABLES.items():
            rows = self.connection.execute(f"select {', '.join(columns)} from ledger.{table} order by 1, 2").fetchall()
            state[table] = [dict(zip(columns, row, strict=True)) for row in rows]
        return state

    def write(self, state: State) -> None:
        """Replace the tables that are to be other ones, past the triggers."""
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("set local session_replication_role = replica")
            for table, columns in TABLES.items():
                if state[table] != self.now[table]:
                    cursor.execute(f"delete from ledger.{table}")
                    with cursor.copy(f"copy ledger.{table} ({', '.join(columns)}) from stdin") as copy:
                        for row in state[table]:
                            copy.write_row([row[column] for column in columns])
        self.now = copied(state)

    def verify(self, heads: Path | None = None) -> Report:
        """In one pass and in slices; both must say the same."""
        whole = verify_tables(self.url, self.settings, heads)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(slices, "SLICE", 64)
            patch.setattr(slices, "parallel_from", 0)
            patch.setattr(slices, "ProcessPoolExecutor", lambda count, mp_context: ThreadPoolExecutor(count))
            sliced = verify_tables(self.url, self.settings, heads)
        assert (sliced.faults, sliced.root, sliced.events) == (whole.faults, whole.root, whole.events)
        return whole

    def forged(self, change: Callable[[State], Any]) -> Report:
        """What verification says after `change`; afterwards all is as it was."""
        state = copied(self.was)
        change(state)
        try:
            self.write(state)
            return self.verify()
        finally:
            self.write(self.was)
            self.file.write_bytes(self.lines)


@pytest.fixture(scope="module")
def forger(postgres: EmbeddedServer, template_database: str) -> Iterator[Forger]:
    folder, name = Path(tempfile.mkdtemp(prefix="nhip-test-")), f"{template_database}_forger"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template_database}" strategy file_copy')
        made = Forger(Settings(data_dir=folder, database_url=postgres.url(name)))
        yield made
        made.connection.close()
        connection.execute(f'drop database "{name}" with (force)')
    shutil.rmtree(folder)


def relink(state: State) -> None:
    """Make places, leaves, chain and tip fit again; the heads' signatures cannot be made."""
    chain = FIRST_CHAIN
    for seq, row in enumerate(state["event"]):
        leaf = leaf_hash(row["body"].encode())
        chain = chain_hash(chain, leaf)
        row.update(seq=seq, leaf=leaf, chain=chain)
    state["tip"][0].update(size=len(state["event"]), chain=chain)


def renumber(state: State) -> None:
    for seq, row in enumerate(state["event"]):
        row["seq"] = seq


def change_body(row: dict[str, Any]) -> None:
    row["body"] = row["body"].replace('"data":{"n":', '"data":{"n":9')


def swap(state: State, first: int, second: int, *columns: str) -> None:
    rows = state["event"]
    for column in columns:
        rows[first][column], rows[second][column] = rows[second][column], rows[first][column]


SEQS = st.integers(0, SIZE - 1)
forging = given_settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def first(report: Report) -> tuple[str, int]:
    assert not report.ok and report.faults
    return report.faults[0].kind, report.faults[0].seq


def test_an_untouched_ledger_is_well(forger: Forger) -> None:
    report = forger.forged(lambda state: None)
    assert report.ok and report.faults == [] and (report.events, report.heads) == (SIZE, len(PARTS))


def test_processes_look_at_slices(forger: Forger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE", 64)
    monkeypatch.setattr(slices, "parallel_from", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    looked: list[bool] = []
    result = slices._result
    monkeypatch.setattr(slices, "_result", lambda future: looked.append(result(future) is not None) or result(future))
    assert verify_tables(forger.url, forger.settings).ok
    assert looked == [True] * 5


@forging
@given(seq=SEQS, column=st.sampled_from(["body", "leaf", "chain"]))
def test_one_value_of_an_event(forger: Forger, seq: int, column: str) -> None:
    def change(state: State) -> None:
        row = state["event"][seq]
        if column == "body":
            change_body(row)
        else:
            row[column] = bytes(32)

    report = forger.forged(change)
    assert first(report) == ("edited", seq) and len(report.faults) == 1


@forging
@given(seq=SEQS)
def test_an_event_with_its_leaf(forger: Forger, seq: int) -> None:
    def change(state: State) -> None:
        row = state["event"][seq]
        change_body(row)
        row["leaf"] = leaf_hash(row["body"].encode())

    assert first(forger.forged(change)) == ("edited", seq)


@forging
@given(seq=SEQS)
def test_an_event_with_everything_but_the_heads(forger: Forger, seq: int) -> None:
    def change(state: State) -> None:
        change_body(state["event"][seq])
        relink(state)

    report = forger.forged(change)
    (fault,) = report.faults
    assert fault.kind == "edited" and fault.seq <= seq <= fault.values["last"] < fault.seq + 256


@forging
@given(seq=st.integers(0, SIZE - 2), gone=st.integers(1, 5), how=st.sampled_from(["gap", "renumbered", "counted"]))
def test_removed_events(forger: Forger, seq: int, gone: int, how: str) -> None:
    gone = min(gone, SIZE - 1 - seq)

    def change(state: State) -> None:
        del state["event"][seq : seq + gone]
        if how != "gap":
            renumber(state)
        if how == "counted":
            state["tip"][0]["size"] = len(state["event"])

    assert first(forger.forged(change)) == ("removed", seq)


@forging
@given(gone=st.integers(1, SIZE), how=st.sampled_from(["plain", "counted", "heads", "file"]))
def test_events_cut_off_at_the_end(forger: Forger, gone: int, how: str) -> None:
    left = SIZE - gone

    def change(state: State) -> None:
        del state["event"][left:]
        state["subject"] = [row for row in state["subject"] if row["seq"] < left]
        if how != "plain":
            state["tip"][0].update(size=left, chain=state["event"][-1]["chain"] if left else FIRST_CHAIN)
        if how in ("heads", "file"):
            state["head"] = [row for row in state["head"] if row["size"] <= left]
            state["node"] = []
        if how == "file":  # the heads stay in the table instead
            state["head"] = [dict(row) for row in forger.was["head"]]
            forger.file.write_bytes(b"".join(forger.lines.splitlines(keepends=True)[: len(PARTS) - 1]))

    report = forger.forged(change)
    assert ("truncated", left) in [(fault.kind, fault.seq) for fault in report.faults]


@forging
@given(pair=st.lists(SEQS, min_size=2, max_size=2, unique=True), how=st.sampled_from(["rows", "contents", "bodies"]))
def test_swapped_events(forger: Forger, pair: list[int], how: str) -> None:
    columns = {"rows": ("body", "leaf", "chain"), "contents": ("body", "leaf"), "bodies": ("body",)}[how]
    report = forger.forged(lambda state: swap(state, *pair, *columns))
    assert first(report)[1] == min(pair) and "reordered" in {fault.kind for fault in report.faults}


@forging
@given(pair=st.lists(SEQS, min_size=2, max_size=2, unique=True))
def test_swapped_events_with_everything_but_the_heads(forger: Forger, pair: list[int]) -> None:
    def change(state: State) -> None:
        swap(state, *pair, "body")
        relink(state)

    assert first(forger.forged(change))[1] <= min(pair)


@forging
@given(seq=st.integers(0, SIZE), copied=SEQS, chain=st.sampled_from(["copied", "fitting", "counted", "all"]))
def test_inserted_events(forger: Forger, seq: int, copied: int, chain: str) -> None:
    def change(state: State) -> None:
        rows = state["event"]
        row = dict(rows[copied], body=rows[copied]["body"].replace('"salt":"', '"salt":"ff'))
        row["leaf"] = leaf_hash(row["body"].encode())
        if chain != "copied":
            row["chain"] = chain_hash(rows[seq - 1]["chain"] if seq else FIRST_CHAIN, row["leaf"])
        rows.insert(seq, row)
        renumber(state)
        if chain == "counted":
            state["tip"][0]["size"] = SIZE + 1
        if chain == "all":
            relink(state)

    report = forger.forged(change)
    if chain == "all" and seq < SIZE:
        assert first(report)[0] in ("edited", "removed") and first(report)[1] <= seq
    elif (
        chain == "all"
    ):  # a forger who may write may also append, before the next head; whose data it is about is missing
        assert report.ok or {fault.seq for fault in report.faults} == {seq}
    elif seq < SIZE:
        assert any((fault.kind, fault.seq) == ("inserted", seq) for fault in report.faults)
    else:
        assert not report.ok and report.faults[0].seq >= SIZE - 1


@forging
@given(seq=SEQS)
def test_an_event_that_is_older_than_the_one_before(forger: Forger, seq: int) -> None:
    def change(state: State) -> None:
        row = state["event"][seq]
        at = row["body"].split('"at":')[1].split(",")[0]
        row["body"] = row["body"].replace(at, "1")
        relink(state)

    assert not forger.forged(change).ok


@forging
@given(
    which=st.integers(0, SIZE - 4 * len(PARTS)),
    how=st.sampled_from(["gone", "other", "added"]),
    byte=st.binary(min_size=32, max_size=32),
)
def test_whose_data_it_was(forger: Forger, which: int, how: str, byte: bytes) -> None:
    def change(state: State) -> None:
        row = state["subject"][which]
        if how == "gone":
            state["subject"].remove(row)
        elif how == "other":
            row["subject"] = byte
        else:
            state["subject"].append({"subject": byte, "seq": row["seq"]})

    kind, seq = first(forger.forged(change))
    assert kind == ("inserted" if how == "added" else "removed") and seq == forger.was["subject"][which]["seq"]


HEADS = st.integers(0, len(PARTS) - 1)


@forging
@given(which=HEADS, column=st.sampled_from(["at_us", "root", "signature", "key_id", "size"]))
def test_one_value_of_a_head(forger: Forger, which: int, column: str) -> None:
    def change(state: State) -> None:
        row = state["head"][which]
        row[column] = row[column] + 1 if isinstance(row[column], int) else bytes(len(row[column]))

    report = forger.forged(change)
    assert "head_forged" in {f.kind for f in report.faults} or "head_missing" in {f.kind for f in report.faults}
    assert min(fault.seq for fault in report.faults) >= forger.was["head"][which]["size"]


@forging
@given(which=HEADS, table=st.booleans())
def test_a_removed_head(forger: Forger, which: int, table: bool) -> None:
    def change(state: State) -> None:
        if table:
            del state["head"][which]
        else:
            lines = forger.lines.splitlines(keepends=True)
            forger.file.write_bytes(b"".join(lines[:which] + lines[which + 1 :]))

    report = forger.forged(change)
    assert [(f.kind, f.seq) for f in report.faults] == [("head_missing", forger.was["head"][which]["size"])]


@forging
@given(which=HEADS, how=st.sampled_from(["damaged", "swapped", "other", "emptied", "all"]))
def test_the_heads_file(forger: Forger, which: int, how: str) -> None:
    def change(state: State) -> None:
        lines = forger.lines.splitlines(keepends=True)
        if how == "damaged":
            lines[which] = lines[which][:-9] + b"\n"
        elif how == "swapped":
            lines[which - 1], lines[which] = lines[which], lines[which - 1]
        elif how == "other":
            lines[which] = lines[which].replace(b'"at":1', b'"at":2')
        elif how == "emptied":
            lines = []
        else:
            forger.file.unlink()
            return
        forger.file.write_bytes(b"".join(lines))

    assert {fault.kind for fault in forger.forged(change).faults} & {"head_missing", "head_forged"}


def test_heads_signed_by_another_key(forger: Forger) -> None:
    """Everything made anew, signatures too, but not with the ledger's key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from nhip.ledger.checkpoint import key_id_of, text_of
    from nhip.ledger.proofs import root_of

    key = Ed25519PrivateKey.generate()

    def change(state: State) -> None:
        change_body(state["event"][3])
        relink(state)
        origin = f"nhip/ledger/{state['tip'][0]['id']}"
        lines = []
        for row in state["head"]:
            row["root"] = root_of([event["leaf"] for event in state["event"][: row["size"]]])
            text = text_of(origin, row["size"], row["root"], row["at_us"])
            row.update(signature=key.sign(text.encode()), key_id=key_id_of(origin, key.public_key()))
            lines.append(heads_file.line_of(origin, heads_file.Head(**row)))
        state["node"] = []
        forger.file.unlink()
        heads_file.append(forger.file, lines)

    report = forger.forged(change)
    assert {fault.kind for fault in report.faults} == {"head_forged"} and len(report.faults) == len(PARTS)


@pytest.mark.parametrize("copy", ["whole", "older"])
def test_an_auditors_copy_of_the_heads(forger: Forger, tmp_path: Path, copy: str) -> None:
    """All heads signed anew with the stolen key: only a copy elsewhere tells."""
    lines = forger.lines.splitlines(keepends=True)
    mine = tmp_path / "heads.jsonl"
    mine.write_bytes(b"".join(lines if copy == "whole" else lines[:3]))
    assert forger.verify(mine).ok

    def change(state: State) -> None:
        change_body(state["event"][3])
        relink(state)
        state["head"], state["node"] = [], []
        forger.file.unlink()

    state = copied(forger.was)
    change(state)
    forger.write(state)
    forger.now["head"] = []
    db = Database(forger.url, size=1)

    async def sign() -> None:
        await db.open()
        await sign_head(db, forger.settings)
        await db.close()

    asyncio.run(sign())
    assert forger.verify().ok
    report = forger.verify(mine)
    assert not report.ok and ("edited", 1) in [(fault.kind, fault.seq) for fault in report.faults]
    forger.write(forger.was)
    forger.file.write_bytes(forger.lines)


@forging
@given(change=st.sampled_from(["hash", "place", "extra", "level"]))
def test_kept_subtrees(forger: Forger, change: str) -> None:
    def edit(state: State) -> None:
        if change == "hash":
            state["node"][0]["hash"] = bytes(32)
        elif change == "place":
            state["node"][0]["place"] = 1
        else:
            state["node"].append({"level": 8 if change == "extra" else 16, "place": 1, "hash": bytes(32)})

    report = forger.forged(edit)
    assert {fault.kind for fault in report.faults} == {"edited"}


@forging
@given(column=st.sampled_from(["size", "chain", "at_us", "id"]))
def test_the_tip(forger: Forger, column: str) -> None:
    other = {"size": SIZE + 3, "chain": bytes(32), "at_us": 1 << 55, "id": "00000000-0000-4000-8000-000000000000"}
    assert not forger.forged(lambda state: state["tip"][0].update({column: other[column]})).ok
    assert not forger.forged(lambda state: state["tip"].clear()).ok


@pytest.mark.parametrize(
    ("column", "value"), [("at_us", 777), ("kind", "other"), ("what", "other"), ("actor", "other")]
)
def test_a_look_up_column(forger: Forger, column: str, value: str | int) -> None:
    """It cannot be set but by who turns it into a column of its own first."""
    with psycopg.connect(forger.url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.GeneratedAlways):
            connection.execute(f"insert into ledger.event (seq, {column}) values (999, %s)", (value,))
        name, words = connection.execute(
            "select format_type(atttypid, -1), pg_get_expr(adbin, adrelid) from pg_attribute "
            "join pg_attrdef on adrelid = attrelid and adnum = attnum where attrelid = 'ledger.event'::regclass and attname = %s",
            (column,),
        ).fetchone()  # type: ignore[misc]
        connection.execute("set session_replication_role = replica")
        connection.execute(f"alter table ledger.event alter column {column} drop expression")
        connection.execute(f"update ledger.event set {column} = %s where seq = 77", (value,))
        report = verify_tables(forger.url, forger.settings)
        connection.execute(f"alter table ledger.event drop column {column}")
        connection.execute(f"alter table ledger.event add column {column} {name} generated always as ({words}) stored")
    assert [(fault.kind, fault.seq) for fault in report.faults] == [("edited", 77)]
    assert verify_tables(forger.url, forger.settings).ok


@forging
@given(seed=st.integers(0, 1 << 30))
def test_anything_at_all(forger: Forger, seed: int) -> None:
    """Several random changes of any table: something is always found."""
    dice = random.Random(seed)

    def change(state: State) -> None:
        for _ in range(dice.randint(1, 3)):
            rows = state[dice.choice(["event", "head", "subject"])]
            row = rows[dice.randrange(len(rows) - 1)]
            if dice.random() < 0.5:
                rows.remove(row)
            else:
                column = dice.choice([name for name, value in row.items() if isinstance(value, bytes)])
                row[column] = dice.randbytes(len(row[column]))

    assert not forger.forged(change).ok


def test_tables_that_are_gone(settings: Settings) -> None:
    with psycopg.connect(settings.database_url) as connection:
        connection.execute("drop table ledger.event")
    with pytest.raises(LedgerUnreadable):
        verify_tables(settings.database_url, settings)
    with pytest.raises(DatabaseAway):
        verify_tables(psycopg.conninfo.make_conninfo(settings.database_url, dbname="nowhere"), settings)


def test_the_triggers_refuse_what_they_can(forger: Forger) -> None:
    for statement in (
        "update ledger.event set leaf = leaf",
        "delete from ledger.event",
        "truncate ledger.event",
        "update ledger.subject set seq = seq",
        "delete from ledger.subject",
        "truncate ledger.subject",
        "update ledger.head set root = root",
        "delete from ledger.head",
        "truncate ledger.head",
        "delete from ledger.tip",
        "truncate ledger.tip",
    ):
        with psycopg.connect(forger.url) as connection, pytest.raises(psycopg.errors.IntegrityError):
            connection.execute(statement)
