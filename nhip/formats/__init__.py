"""Readers of file formats: from raw bytes to tables of text cells."""
