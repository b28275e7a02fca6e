"""`nhip contract …` as a person and a script use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nhip.cli import main
from nhip.datasets.contract.yaml import load

ROWS = "Mã trường,Tên trường,Diện tích (m2),Ngày lập\n" + "".join(
    f'TH{i:03},Trường số {i},"{i}.234,5",{13 + i % 10}/0{1 + i % 9}/2001\n' for i in range(1, 40)
)


@pytest.fixture
def nhip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as caught:
            main(["--data-dir", str(tmp_path / "var"), "contract", *arguments])
        shown = capsys.readouterr()
        return int(caught.value.code or 0), shown.out + shown.err

    return run


def test_from_a_file_to_a_template_and_back(nhip: Any, tmp_path: Path) -> None:
    table, draft, book, back = (str(tmp_path / name) for name in ("truong-hoc.csv", "c.yaml", "c.xlsx", "d.yaml"))
    Path(table).write_text(ROWS, encoding="utf-8")
    code, shown = nhip("infer", table, "--out", draft)
    assert code == 0, shown
    contract = load(Path(draft).read_text(encoding="utf-8"))
    assert (contract.dataset, contract.key) == ("truong-hoc", ("ma_truong",))
    assert nhip("lint", draft)[0] == 0
    assert nhip("template", "--from", draft, book)[0] == 0
    assert nhip("import", book, "--out", back)[0] == 0
    assert load(Path(back).read_text(encoding="utf-8")) == contract
    assert nhip("diff", draft, back)[0] == 0


def test_infer_prints_json_for_scripts(nhip: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ROWS, encoding="utf-8")
    code, shown = nhip("infer", str(tmp_path / "a.csv"), "--json")
    answer = json.loads(shown)
    assert code == 0
    assert [(c["field"], c["type"], c["unit"]) for c in answer["columns"]][2] == ("dien_tich", "number", "m2")
    assert load(answer["contract"]).dataset == "a"


def test_infer_names_the_tables_when_the_wanted_one_is_missing(nhip: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ROWS, encoding="utf-8")
    code, shown = nhip("infer", str(tmp_path / "a.csv"), "--table", "khong-co")
    assert code == 2
    assert "khong-co" in shown
    assert "Traceback" not in shown


def test_lint_ends_with_1_where_something_is_wrong(nhip: Any, tmp_path: Path) -> None:
    broken = tmp_path / "c.yaml"
    broken.write_text(
        "apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: '1'\nschema: [{name: x, properties: [{name: _row}]}]\n"
    )
    code, shown = nhip("lint", str(broken), "--json")
    assert code == 1
    problem = json.loads(shown)[0]
    assert (problem["severity"], problem["line"]) == ("fatal", 5)
    assert "_row" in problem["text"]


def test_diff_ends_with_1_where_something_breaks(nhip: Any, tmp_path: Path) -> None:
    text = "apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: '1'\n"
    text += "schema: [{name: x, properties: [{name: a}, {name: b}]}]\n"
    (tmp_path / "old.yaml").write_text(text)
    (tmp_path / "new.yaml").write_text(text.replace(", {name: b}", ""))
    code, shown = nhip("diff", str(tmp_path / "old.yaml"), str(tmp_path / "new.yaml"), "--json")
    assert code == 1
    assert [(change["kind"], change["breaking"]) for change in json.loads(shown)] == [("column.removed", True)]
    code, shown = nhip("diff", str(tmp_path / "new.yaml"), str(tmp_path / "old.yaml"))
    assert code == 0
    assert "column.added" in shown


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a: [", b"", b"- 1"])
def test_a_broken_contract_is_told_without_a_traceback(nhip: Any, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(content)
    code, shown = nhip("diff", str(path), str(path))
    assert code == 2
    assert shown
    assert "Traceback" not in shown
