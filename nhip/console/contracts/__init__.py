"""Editing a contract with a live preview of its findings."""
