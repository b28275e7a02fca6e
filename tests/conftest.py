"""Fixtures of the suite; the database and the installation are in `nhip.testing.plugin`.

The browser's stand here, once: imported into two folders' conftests they would be two browsers in one thread.
"""

from nhip.testing.browser import browsing, chromium, pytest_pyfunc_call

__all__ = ["browsing", "chromium", "pytest_pyfunc_call"]
