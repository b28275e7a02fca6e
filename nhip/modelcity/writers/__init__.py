"""Writes delivered tables in the formats that agencies use; each writer tells under which number a person sees each row."""
