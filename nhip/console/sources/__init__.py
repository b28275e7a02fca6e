"""How agencies' systems are reached, and how the last run ended."""
