"""Fixtures of the suite; the database and the installation are in `nhip.testing.plugin`.

The browser's stand here, once: imported into two folders' conftests they would be two browsers in one thread.
"""

from hypothesis import HealthCheck, settings

from nhip.testing.browser import browsing, chromium, pytest_pyfunc_call

__all__ = ["browsing", "chromium", "pytest_pyfunc_call"]

# how long one example takes says how busy the machine is; whether too much is rejected stays judged
settings.register_profile("nhip", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("nhip")
