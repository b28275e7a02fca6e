"""Contracts (ODCS 3.1): reading, writing, drafting, linting, comparing, Excel templates."""
