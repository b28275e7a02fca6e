"""The publication gate: nothing personal is open."""
