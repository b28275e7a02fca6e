"""Writes delivered tables in the formats that agencies use; each writer tells the row number under which a person sees each row."""
