"""Administration: people, organisations, roles, sessions, keys, jobs, storage, backups, settings, the ledger."""
