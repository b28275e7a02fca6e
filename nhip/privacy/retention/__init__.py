"""Retention: how long personal data are kept, deleting what is due, and the proof that it was deleted."""
