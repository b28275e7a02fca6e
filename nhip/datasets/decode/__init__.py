"""From a delivered file to tables of Unicode text cells: formats, character sets, table structure."""

from nhip.datasets.decode.service import decode, sample_rows

__all__ = ["decode", "sample_rows"]
