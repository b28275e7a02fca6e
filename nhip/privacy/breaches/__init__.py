"""The breach desk: what happened, whom it touches, the 72 hours until the authority must know."""
