"""Governed tables: contracts, deliveries, decode, conform, check, versions, virtues."""
