"""Sharing by replication: read-only tenants that follow a peer by subscription and by comparing (docs/decisions/0016)."""
