"""Backup and restore: PostgreSQL and the object store as one consistent point, keys under a passphrase."""
