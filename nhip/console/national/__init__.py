"""How our catalogue stands with the national portal."""
