"""Whole releases as files: CSV, XLSX, JSON, Parquet, GeoJSON, streamed row by row."""
