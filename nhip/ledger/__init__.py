"""Append-only events, hash chain, tree heads, proofs."""
