"""Holding rows against their contract: one filter per rule, complete findings."""
