"""The rows of open releases for programs: filters, order, pages by cursor, groups — DuckDB over immutable Parquet."""
