"""Fixtures of the suite; the shared ones are in `nhip.testing.plugin`."""
