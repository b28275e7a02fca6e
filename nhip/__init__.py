"""Nhịp: the platform that a Vietnamese locality runs its digital transformation on."""

__version__ = "0.1.0"
