"""Rows of datasets as things of the live graph: which rows, of which type, told by a mapping; kept up to date by a job."""
