"""The operators' pages: data health, deliveries, findings, contracts, sources."""
