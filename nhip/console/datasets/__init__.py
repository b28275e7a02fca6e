"""One dataset: its virtues with evidence, rows, findings, versions."""
