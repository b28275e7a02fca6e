"""The DuckDB session: what it may reach, and what its limits say to people."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from nhip.datasets.check.pattern import translate
from nhip.datasets.engine import MemoryShort, ident, literal, one_thread, session
from nhip.errors import StorageFull
from nhip.settings import Settings


def test_only_its_own_files_are_reached(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("given.csv", "other.csv", "data/own.csv"):
        (tmp_path / name).write_text("a\n1\n", "utf-8")
    with session(Settings(data_dir=tmp_path / "data"), reach=[tmp_path / "given.csv"]) as con:
        for name in ("given.csv", "data/own.csv"):
            assert con.execute(f"SELECT * FROM read_csv({literal(str(tmp_path / name))})").fetchall() == [(1,)]
        for refused in (
            f"SELECT * FROM read_csv({literal(str(tmp_path / 'other.csv'))})",
            "SELECT * FROM read_text('/etc/passwd')",
            f"COPY (SELECT 1) TO {literal(str(tmp_path / 'out.csv'))}",
            f"ATTACH {literal(str(tmp_path / 'x.db'))}",
            "INSTALL spatial",
            "SET enable_external_access = true",
            "SET allowed_directories = ['/']",
        ):
            with pytest.raises(duckdb.Error):
                con.execute(refused)


def test_pandas_is_not_loaded_for_nothing_and_stays_at_hand(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    program = (
        "import sys; from pathlib import Path; from nhip.datasets.engine import session; from nhip.settings import Settings\n"
        "with session(Settings(data_dir=Path(sys.argv[1]))) as con:\n"
        "    assert con.execute('SELECT ?', ['a']).fetchall() == [('a',)] and not sys.modules['pandas']\n"
        "import pandas; assert pandas.DataFrame"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)


def test_memory_is_bounded_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(MemoryShort, match="30 MB"), session(Settings(data_dir=tmp_path), memory_mb=30) as con:
        con.execute("SELECT list(hash(range)) FROM range(20000000)").fetchall()
    assert not list((tmp_path / "work").glob("spill-*"))


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageFull), session(Settings(data_dir=tmp_path), memory_mb=30) as con:
        con.execute("SET max_temp_directory_size = '1MB'")
        con.execute("CREATE TABLE t AS SELECT hash(range)::VARCHAR || hash(range + 1)::VARCHAR FROM range(3000000)")


def test_spills_of_dead_processes_are_removed(tmp_path: Path) -> None:
    left = tmp_path / "work" / "spill-4194399-x"
    left.mkdir(parents=True)
    with session(Settings(data_dir=tmp_path)) as con:
        assert con.execute("SELECT 1").fetchone() == (1,)
    assert not left.exists()


@pytest.mark.parametrize("name", ["a", 'a"b', "", "Tên người", "select", "';--"])
def test_names_and_texts_are_quoted(name: str) -> None:
    made = duckdb.sql(f"SELECT {literal(name)} AS {ident(name or 'x')}")
    assert (made.columns, made.fetchall()) == ([name or "x"], [(name,)])


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"\w+", "Huế", True),
        (r"[\w ]+", "Thừa Thiên", True),
        (r"[^\w]+", "Huế", False),
        (r"\W", "ế", False),
        (r"\d{2}", "12", True),
        (r"[]a]+", "]a", True),
        (r"[^]a]+", "bc", True),
        (r"\u1ebf", "ế", True),
        (r"\\w", r"\w", True),
        (r"a\.b", "a.b", True),
    ],
)
def test_patterns_mean_what_they_mean_in_python(pattern: str, text: str, matches: bool) -> None:
    assert duckdb.execute("SELECT regexp_full_match(?, ?)", [text, translate(pattern)]).fetchone() == (matches,)


def test_one_thread_gives_the_threads_back_also_after_a_fault(tmp_path: Path) -> None:
    with session(Settings(data_dir=tmp_path), threads=3) as con:
        asked = "SELECT current_setting('threads')"
        with pytest.raises(ZeroDivisionError), one_thread(con):
            assert con.execute(asked).fetchone() == (1,)
            raise ZeroDivisionError
        assert con.execute(asked).fetchone() == (3,)
