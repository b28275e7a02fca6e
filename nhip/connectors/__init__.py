"""Ways to reach an agency's system: one folder a kind, each with a reader and captured samples."""
