"""CSV and TSV in the encodings that old and new programs leave behind."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from zlib import crc32

from nhip.datasets.decode import charsets
from nhip.modelcity.forms import canonical
from nhip.modelcity.model import DatasetSpec, Table


def write_delimited(path: Path, spec: DatasetSpec, headers: list[str], table: Table) -> list[int]:
    """Write the table; a CSV has a semicolon for every third dataset, as Vietnamese Excel does, and often a BOM."""
    mark = crc32(spec.slug.encode())
    separator = "\t" if spec.way.format == "tsv" else ";" if mark % 3 == 0 else ","
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, lineterminator="\r\n" if mark % 2 else "\n")
    writer.writerow(headers)
    columns = [[canonical(value) for value in values] for values in table.values()]
    writer.writerows(zip(*columns, strict=True))
    path.write_bytes(_encoded(buffer.getvalue(), spec, bom=mark % 5 < 2))
    return list(range(2, len(next(iter(columns))) + 2))


def _encoded(text: str, spec: DatasetSpec, bom: bool) -> bytes:
    if "*" in spec.dirt.encodings:
        data = charsets.raw(text)
        if data is None:
            raise ValueError(f"{spec.slug} holds letters that its font does not have")
        return data
    if spec.dirt.file_encoding == "cp1258":
        return charsets.encode(text, "cp1258")
    if spec.dirt.file_encoding == "utf-16":
        return text.encode("utf-16")
    return text.encode("utf-8-sig" if bom else "utf-8")
