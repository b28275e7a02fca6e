"""Publishing open data: proposing, deciding, withdrawing, recalling."""
